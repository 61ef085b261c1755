"""Compares two runs of an experiment: ``armdbt bench compare OLD.json NEW.json``.

Takes results of ``bench chaining``, ``interception`` and ``callbacks``, in pairs, or two
directories of them (files of the same name are pairs).

A *figure* is a slow-down, ns per event, or these as a share of what Unicorn takes for an event in
the same round. It differs when both hold:

- its medians differ by more than the tolerance, by default 5 % of the older one: what changes more
  slowly than one run (heat, neighbours on the host) is not in the spread of its rounds;
- the 99 % bootstrap interval of the difference of the medians (rounds drawn with a fixed seed)
  does not contain 0. With five rounds that means that the two runs hardly overlap.

Otherwise it is within noise; fewer than three rounds are too few to decide. What an event costs
must also differ by more than the tolerance of the program's own time, because 5 % of the cost of a
hook that costs next to nothing is next to nothing.

*Counts* (events found, missed, invented; dispatches by reason; instructions; output) are exact.
Each count that differs is listed, and one is enough for exit status 1.
"""

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from dbt.experiments.harness.measure import quartiles
from dbt.experiments.harness.presentation import Results, Table, print_tables
from dbt.experiments.reproduce.results import PRICE, SHARE, SLOWDOWN, Figure, Result, read
from dbt.stops import UsageError

WITHIN, DIFFERS, FEW = "within noise", "differs", "too few rounds"
FEWEST = 3
"""Rounds that are needed for a verdict."""
TOLERANCE = 5.0
"""In percent of the older median."""
CONFIDENCE = 99.0
DRAWS = 2000
SEED = 1

EXAMPLES = (("armdbt bench compare OLD.json NEW.json", "two results of one kind"),)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--tolerance", type=float, default=TOLERANCE, metavar="PERCENT", help="noise (5)")
    add("--markdown", metavar="FILE", help="write the tables there")
    add("paths", nargs="+", metavar="OLD NEW", help="JSON files in pairs, or two directories")


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Compare, write, print; 0 when no exact count differs, else 1."""
    if not 0 <= arguments.tolerance < 100:
        raise UsageError("--tolerance takes a percentage from 0 to 99")
    found = [
        compare(read(old), read(new), arguments.tolerance) for old, new in pairs(arguments.paths)
    ]
    shown = [summary(found), *(table for one in found for table in tables(one))]
    words = ["armdbt", "bench", "compare", *arguments.paths]
    if arguments.tolerance != TOLERANCE:
        words[3:3] = ["--tolerance", f"{arguments.tolerance:g}"]
    results.write_markdown(shown, " ".join(words))
    print_tables(shown)
    inexact = sum(len(one.inexact) for one in found)
    print(f"{inexact} exact counts differ" if inexact else "no exact count differs")
    return 1 if inexact else 0


def pairs(paths: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of an older and a newer file. Raises UsageError when the paths are no pairs."""
    if len(paths) % 2:
        raise UsageError("compare takes pairs: OLD.json NEW.json, or two directories")
    if len(paths) > 2 or not all(Path(path).is_dir() for path in paths):
        return list(zip(paths[::2], paths[1::2], strict=True))
    old, new = map(Path, paths)
    names = sorted(path.name for path in old.glob("*.json") if (new / path.name).exists())
    if not names:
        raise UsageError(f"{old} and {new} have no *.json in common")
    return [(str(old / name), str(new / name)) for name in names]


# -- Comparing -------------------------------------------------------------------------------------


@attrs.frozen
class Change:
    """One figure of one configuration in both runs."""

    configuration: str
    figure: str
    old: Figure
    new: Figure
    verdict: str
    """WITHIN, DIFFERS or FEW."""

    @property
    def ratio(self) -> float | None:
        """The newer median divided by the older; None where the older is next to nothing."""
        old = statistics.median(self.old.values)
        if old <= self.old.own * TOLERANCE / 100:
            return None
        return statistics.median(self.new.values) / old


@attrs.frozen
class Comparison:
    """The result of comparing two runs of one experiment."""

    old: Result
    new: Result
    changes: tuple[Change, ...]
    counts: int
    """Number of counts compared."""
    inexact: tuple[Mapping[str, Any], ...]
    """Counts that differ, as rows of a table."""
    alone: tuple[str, ...]
    """Configurations that only one run has."""


def compare(old: Result, new: Result, tolerance: float = TOLERANCE) -> Comparison:
    """Compare the configurations that both runs have. Raises UsageError when they are not runs of
    the same experiment with the same program."""
    if (old.experiment, old.subject) != (new.experiment, new.subject):
        raise UsageError(f"{old.path} and {new.path} are not the same experiment")
    shared = [name for name in old.configurations if name in new.configurations]
    changes: list[Change] = []
    inexact: list[Mapping[str, Any]] = []
    counts = 0
    for name in shared:
        before, after = old.configurations[name], new.configurations[name]
        for figure in before.figures:
            if figure in after.figures:
                pair = before.figures[figure], after.figures[figure]
                changes.append(Change(name, figure, *pair, verdict(*pair, tolerance)))
        keys = list(dict.fromkeys([*before.counts, *after.counts]))
        counts += len(keys)
        inexact += [
            {"configuration": name, "count": key, "first": first, "second": second}
            for key in keys
            if (first := before.counts.get(key)) != (second := after.counts.get(key))
        ]
    alone = sorted(set(old.configurations) ^ set(new.configurations))
    return Comparison(old, new, tuple(changes), counts, tuple(inexact), tuple(alone))


def verdict(old: Figure, new: Figure, tolerance: float = TOLERANCE) -> str:
    """WITHIN, DIFFERS or FEW, by the rule in the module's docstring."""
    if min(len(old.values), len(new.values)) < FEWEST:
        return FEW
    before, after = statistics.median(old.values), statistics.median(new.values)
    least = max(abs(before), old.own, new.own) * tolerance / 100
    if abs(after - before) <= least:
        return WITHIN
    low, high = interval(old.values, new.values)
    return WITHIN if low <= 0 <= high else DIFFERS


def interval(old: Sequence[float], new: Sequence[float]) -> tuple[float, float]:
    """The bootstrap interval, with CONFIDENCE, of the newer median minus the older."""
    import numpy as np

    generator = np.random.default_rng(SEED)
    before, after = (
        np.median(generator.choice(np.asarray(values), (DRAWS, len(values))), axis=1)
        for values in (old, new)
    )
    edge = (100 - CONFIDENCE) / 2
    low, high = np.percentile(after - before, [edge, 100 - edge])
    return float(low), float(high)


# -- Showing ---------------------------------------------------------------------------------------

KINDS = (SLOWDOWN, PRICE, SHARE)
SUMMARY = (
    "experiment", "first", "second", *KINDS, "median change", "largest", "counts", "differ",
)  # fmt: skip
FIGURES = (
    "configuration", "figure", "first", "its quartiles", "second", "the second's", "ratio",
    "verdict",
)  # fmt: skip
COUNTS = ("configuration", "count", "first", "second")
MOVING = ("date", "load")
"""Facts of a machine that are never the same."""


def summary(found: Sequence[Comparison]) -> Table:
    """One row an experiment: how many figures of each kind are within noise, and by how much
    slow-downs have changed."""
    return Table("A first run and a second: figures within noise", SUMMARY, [*map(_sum, found)])


def _sum(one: Comparison) -> dict[str, Any]:
    moved = sorted(
        abs(ratio - 1)
        for change in one.changes
        if change.figure == SLOWDOWN and (ratio := change.ratio) is not None
    )
    return {
        "experiment": Path(one.old.path).stem,
        "first": one.old.machine["date"][:16],
        "second": one.new.machine["date"][:16],
        **{kind: _agreeing(one, kind) for kind in KINDS},
        "median change": f"{statistics.median(moved):.1%}" if moved else None,
        "largest": f"{moved[-1]:.1%}" if moved else None,
        "counts": one.counts,
        "differ": len(one.inexact),
    }


def _agreeing(one: Comparison, kind: str) -> str | None:
    verdicts = [change.verdict for change in one.changes if change.figure == kind]
    return f"{verdicts.count(WITHIN)} of {len(verdicts)}" if verdicts else None


def tables(one: Comparison) -> Iterator[Table]:
    """Tables of every figure, of facts and counts that differ, and of configurations that only one
    run has."""
    title = f"{Path(one.old.path).stem}, both runs"
    if one.changes:
        yield Table(title, FIGURES, [figure_cells(change) for change in one.changes])
    first, second = one.old.machine, one.new.machine
    changed = [
        {"fact": fact, "first": first[fact], "second": second[fact]}
        for fact in first
        if fact not in MOVING and fact in second and first[fact] != second[fact]
    ]
    if changed:
        yield Table(f"{title}: not the same machine", ("fact", "first", "second"), changed)
    if one.inexact:
        yield Table(f"{title}: exact counts that differ", COUNTS, one.inexact)
    if one.alone:
        rows = [
            {"configuration": name, "in": "first" if name in one.old.configurations else "second"}
            for name in one.alone
        ]
        yield Table(f"{title}: in one of them only", ("configuration", "in"), rows)


def figure_cells(change: Change) -> dict[str, Any]:
    """A row of FIGURES."""
    return {
        "configuration": change.configuration,
        "figure": change.figure,
        "first": statistics.median(change.old.values),
        "its quartiles": _spread(change.old),
        "second": statistics.median(change.new.values),
        "the second's": _spread(change.new),
        "ratio": change.ratio,
        "verdict": change.verdict,
    }


def _spread(figure: Figure) -> str:
    low, high = quartiles(figure.values)
    return f"{low:.3g}-{high:.3g}"

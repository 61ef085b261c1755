"""Measures whether time and memory grow as a straight line: ``armdbt bench growth``.

A guest of ours (``dbt/data/growth.c``) writes code and runs it, twice; what grows is its code, the
number of its functions that are denied or hooked, or how often it rewrites a function. Each amount
is measured in a process of its own, and rounds are interleaved. Times are processor time, memory is
what is resident beyond the amount before: guest code and data are there already by then.

The guest's output, its end and the number of its instructions must be the same for the same guest,
and there must be as many entries of denied targets and as many calls of hooks as were asked for. A
difference ends the experiment.

Figures are medians of the rounds; ``fits.py`` says what is computed of them.
"""

import argparse
import shlex
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from dbt.experiments.growth import plots, tables
from dbt.experiments.growth.fits import fit
from dbt.experiments.growth.point import Reading, measure
from dbt.experiments.growth.series import NAMES, Point, Series, chosen, points, program
from dbt.experiments.harness.guest_run import Disagreement
from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.isolation import in_fresh_interpreter
from dbt.experiments.harness.options import (
    cluster_options,
    listed,
    plot_options,
    positive,
    result_options,
)
from dbt.experiments.harness.plots import need_matplotlib
from dbt.experiments.harness.presentation import Results, print_tables
from dbt.experiments.harness.rounds import rounds, status

EXAMPLES = (
    ("armdbt bench growth", "all series"),
    ("armdbt bench growth --short --json FILE", "small amounts, one round"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--repeats", type=positive, metavar="N", help="rounds (3; short: 1)")
    add("--short", action="store_true", help="small amounts, one round")
    add("--seed", type=int, default=1, metavar="N", help="of the code that the guest writes (1)")
    add("--only", metavar="S,...", help=f"some of {', '.join(NAMES)} (all)")
    result_options(parser)
    cluster_options(parser)
    plot_options(parser)


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Measure, write, print; the exit status."""
    only = NAMES if arguments.only is None else listed(arguments.only, NAMES, "--only")
    wanted = chosen(only, short=arguments.short)
    if arguments.plot:
        need_matplotlib()
        results.open_plots(arguments.plot, plots.names(wanted, arguments.plot_format))
    repeats = arguments.repeats or (1 if arguments.short else 3)
    result = experiment(wanted, repeats, arguments.seed, short=arguments.short)
    result["command"] = _reproduce(arguments, repeats)
    results.write_json(result)
    shown = tables.tables(result)
    results.write_markdown(shown, result["command"])
    drawn: list[str] = []
    if arguments.plot:
        drawn = plots.draw_all(result, results, arguments.plot_format)
    print_tables(shown)
    for path in drawn:
        print(f"drew {path}")
    print(f"to reproduce: {result['command']}")
    return status(result)


def _reproduce(arguments: argparse.Namespace, repeats: int) -> str:
    """The command that measures the same again."""
    words = ["armdbt", "bench", "growth", "--repeats", str(repeats), "--seed", str(arguments.seed)]
    words += ["--short"] * arguments.short
    for option in ("only", "cluster", "json", "markdown", "plot"):
        if getattr(arguments, option):
            words += [f"--{option}", getattr(arguments, option)]
    if arguments.plot and arguments.plot_format != "svg":
        words += ["--plot-format", arguments.plot_format]
    return shlex.join(words)


# -- Measuring -------------------------------------------------------------------------------------


def experiment(
    wanted: Sequence[Series], repeats: int, seed: int, *, short: bool = False
) -> dict[str, Any]:
    """Measure all points in rounds; returns the result for JSON.

    Raises UsageError when runs of the same guest differ.
    """
    by_name = {series.name: series for series in wanted}
    judge = _Judge(by_name, seed)
    before = machine_facts()
    tasks = {
        point: partial(_afresh, partial(measure, by_name[point.series], point, seed))
        for point in points(wanted)
    }
    taken = rounds(tasks, repeats, judge.check, _here)
    rows = [_row(point, taken[point]) for point in tasks]
    return {
        "experiment": "growth",
        "args": ["short"] if short else [],
        "short": short,
        "seed": seed,
        **taken.facts,
        "machine": before,
        "load_after": machine_facts()["load"],
        "series": [_described(series) for series in wanted],
        "rows": rows,
        "fits": [found for series in wanted for found in _fits(series.name, rows)],
    }


def _here(calls: Any) -> Any:
    """Calls a round in this process: each point has a process of its own."""
    return calls()


def _afresh(work: Callable[[], Reading]) -> Reading:
    """Call work in an interpreter started for it. Raises Died."""
    return in_fresh_interpreter(work)


class _Judge:
    """Checks that runs of the same guest show the same."""

    def __init__(self, series: Mapping[str, Series], seed: int) -> None:
        self._series, self._seed = series, seed
        self._expected: dict[tuple[str, ...], tuple[Point, Reading]] = {}

    def check(self, point: Point, reading: Reading) -> None:
        """Compare a run with the first of its guest. Raises Disagreement."""
        args = program(self._series[point.series], point.amount, self._seed).args
        first, expected = self._expected.setdefault(args, (point, reading))
        if reading.visible != expected.visible:
            raise Disagreement(
                f"{point} ended with {reading.visible}, {first} with {expected.visible}"
            )


def _described(series: Series) -> dict[str, Any]:
    about = attrs.asdict(series, filter=lambda field, _: field.name not in ("add", "setting"))
    return {**about, "tier": series.setting.tier}


def _row(point: Point, readings: Sequence[Reading]) -> dict[str, Any]:
    names = readings[0].figures
    every = {name: [reading.figures[name] for reading in readings] for name in names}
    return {
        "series": point.series,
        "amount": point.amount,
        "all": every,
        "medians": {name: statistics.median(found) for name, found in every.items()},
        "samples": [list(reading.samples) for reading in readings],
    }


def _fits(name: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The fit of each figure of a series that grows."""
    own = [row for row in rows if row["series"] == name]
    found = []
    for figure in tables.GROWING:
        if figure in own[0]["medians"]:
            amounts = [row["amount"] for row in own]
            line = fit(amounts, [row["medians"][figure] for row in own])
            if line is not None:
                found.append({"series": name, "figure": figure, **attrs.asdict(line)})
    return found

"""The tables of the speed laboratory, from its JSON."""

import statistics
from typing import Any

from dbt.experiments.harness.presentation import Table
from dbt.experiments.speed import small, summary
from dbt.experiments.speed.contenders import BASE
from dbt.experiments.speed.summary import Result

TITLES = {
    small.GROUP: "Small programs",
    small.FLOAT: "Small programs of floating point",
    small.THUMB: "Small programs in T32 code",
    "whole": "Whole programs of Debian",
}


def tables(result: Result) -> list[Table]:
    """All tables: what falls short, each group as a whole and by program, first runs."""
    found = [aims(result)]
    for group in summary.groups(result):
        found += [contenders(result, group), ratios(result, group), processor(result, group)]
        if group not in small.GROUPS:
            found.append(seconds(result, group))
    if summary.thumb(result):
        found.append(thumb(result))
    if result["first"]:
        found.append(first(result))
    return found


def aims(result: Result) -> Table:
    """What is wanted, what was measured; what falls short comes first."""
    rows = [
        {
            "aim": aim.what,
            "wanted": f"{'at most' if aim.at_most else 'at least'} {aim.bound:g}",
            "measured": value,
            "reached": aim.reached(value),
        }
        for aim, value in summary.aims(result)
    ]
    title = f"Aims and figures ({_sizes(result)}); what falls short comes first"
    return Table(title, ("aim", "wanted", "measured", "reached"), rows)


def contenders(result: Result, group: str) -> Table:
    """Each contender over the programs of a group."""
    rows = [
        {
            "contender": one.contender,
            "programs": one.programs,
            "mean": one.mean,
            "worst": one.worst,
            "worst program": one.worst_program,
            "mean by processor time": one.cpu_mean,
            "median spread": f"{one.spread:.0%}",
        }
        for one in summary.contenders(result, group)
    ]
    title = f"{TITLES[group]}: qemu-arm's time over theirs, geometric means, {_sizes(result)}"
    columns = ("contender", "programs", "mean", "worst", "worst program",
               "mean by processor time", "median spread")  # fmt: skip
    return Table(title, columns, rows)


def ratios(result: Result, group: str) -> Table:
    """qemu-arm's wall time over each contender's, by program."""
    return _by_program(result, group, "ratio", "wall time", "median_s")


def processor(result: Result, group: str) -> Table:
    """qemu-arm's processor time over each contender's, by program."""
    return _by_program(result, group, "cpu_ratio", "processor time", "median_cpu_s")


def _by_program(result: Result, group: str, figure: str, clock: str, of_base: str) -> Table:
    rows: dict[str, dict[str, Any]] = {}
    names = _names(result, group)
    for row in _rows(result, group):
        cells = rows.setdefault(row["program"], {"program": row["program"]})
        cells["qemu s" if row["contender"] == BASE else row["contender"]] = (
            row[of_base] if row["contender"] == BASE else row[figure]
        )
    shown = list(rows.values())
    for what, take in (("geometric mean", statistics.geometric_mean), ("worst", min)):
        columns = {
            name: [cells[name] for cells in rows.values() if name in cells] for name in names
        }
        shown.append({"program": what, **{name: take(found) for name, found in columns.items()}})
    title = f"{TITLES[group]}: qemu-arm's {clock} over theirs"
    return Table(title, ("program", "qemu s", *names), shown)


def thumb(result: Result) -> Table:
    """The processor time of A32 code over that of T32 code of the same source."""
    rows: dict[str, dict[str, Any]] = {}
    found = summary.thumb(result)
    for (program, contender), ratio in found.items():
        rows.setdefault(program, {"program": program})[contender] = ratio
    names = tuple(dict.fromkeys(contender for _, contender in found))
    means = {
        name: statistics.geometric_mean(row[name] for row in rows.values() if name in row)
        for name in names
    }
    shown = [*rows.values(), {"program": "geometric mean", **means}]
    title = "A32 code's processor time over that of T32 code"
    return Table(title, ("program", *names), shown)


def seconds(result: Result, group: str) -> Table:
    """Seconds of wall time, by program."""
    rows: dict[str, dict[str, Any]] = {}
    for row in _rows(result, group):
        cells = rows.setdefault(row["program"], {"program": row["program"]})
        cells[row["contender"]] = row["median_s"]
    names = (BASE, *_names(result, group))
    return Table(f"{TITLES[group]}: seconds of wall time", ("program", *names), list(rows.values()))


def first(result: Result) -> Table:
    """The first run ever, with an empty library on disk, beside later ones."""
    rows = [
        {
            "program": row["program"],
            "first run, s": row["first_s"],
            "later, s": row["median_s"],
            "longer, s": row["first_s"] - row["median_s"],
        }
        for row in result["first"]
    ]
    title = f"The first run ever ({result['first'][0]['contender']}), with an empty library on disk"
    return Table(title, ("program", "first run, s", "later, s", "longer, s"), rows)


def _rows(result: Result, group: str) -> list[summary.Row]:
    return [row for row in result["rows"] if row["group"] == group]


def _names(result: Result, group: str) -> list[str]:
    names = dict.fromkeys(row["contender"] for row in _rows(result, group))
    return [name for name in names if name != BASE]


def _sizes(result: Result) -> str:
    return f"{'short' if result['short'] else 'whole'} sizes, {result['repeats']} rounds"

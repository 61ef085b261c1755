"""Draws the plots of the growth laboratory from its JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbt.experiments.growth.series import Series
from dbt.experiments.harness.plots import Curve, draw
from dbt.experiments.harness.presentation import Results

FIGURES = {
    "code": (("first run, s", "time"), ("memory, B", "memory")),
    "targets": (("adding, s", "adding"), ("first run, s", "time"), ("memory, B", "memory")),
}
LABELS = {
    "adding, s": "s to add them",
    "first run, s": "s of the first run",
    "memory, B": "MB more resident",
}
TITLES = {
    "adding, s": "Time to add them",
    "first run, s": "Time of the first run",
    "memory, B": "Memory",
}


def name_of(kind: str, what: str, suffix: str) -> str:
    """The file name of a plot."""
    return f"growth-{kind}-{what}.{suffix}"


def names(wanted: Iterable[Series], suffix: str) -> list[str]:
    """The file names of all plots of these series."""
    kinds = dict.fromkeys(series.kind for series in wanted)
    found = [
        name_of(kind, what, suffix) for kind in kinds if kind in FIGURES
        for _, what in FIGURES[kind]
    ]  # fmt: skip
    return found + [name_of("rewrites", "memory", suffix)] * ("rewrites" in kinds)


def draw_all(result: Mapping[str, Any], results: Results, suffix: str) -> list[str]:
    """Draw all figures into the results ``names``; returns the paths written."""
    drawn = []
    for kind in dict.fromkeys(one["kind"] for one in result["series"]):
        series = [one for one in result["series"] if one["kind"] == kind]
        if kind == "rewrites":
            drawn.append(_draw_samples(result, series, results, suffix))
        else:
            drawn += [
                _draw(result, series, figure, results, name_of(kind, what, suffix))
                for figure, what in FIGURES[kind]
            ]
    return drawn


def _draw(
    result: Mapping[str, Any],
    series: Sequence[Mapping[str, Any]],
    figure: str,
    results: Results,
    name: str,
) -> str:
    """One line a series: the medians, and bars from the least to the most."""
    scale = 1e6 if figure.endswith(", B") else 1
    curves = {}
    for one in series:
        rows = [row for row in result["rows"] if row["series"] == one["name"]]
        rows = [row for row in rows if figure in row["medians"]]
        if rows:
            every = [[value / scale for value in row["all"][figure]] for row in rows]
            medians = [row["medians"][figure] / scale for row in rows]
            places = [row["amount"] / 1000 for row in rows]
            curves[one["name"]] = Curve(places, medians, [*map(min, every)], [*map(max, every)])
    units = " or ".join(dict.fromkeys(f"{one['unit']}s" for one in series))
    return draw(
        results, name, f"{TITLES[figure]}, by the number of {units}", result, curves,
        x_label=f"1,000 {units}", y_label=f"{LABELS[figure]}, log scale",
        x_scale="symlog", y_scale="symlog", base=None,
    )  # fmt: skip


def _draw_samples(
    result: Mapping[str, Any], series: Sequence[Mapping[str, Any]], results: Results, suffix: str
) -> str:
    """Memory while code is rewritten, in the last round."""
    curves = {}
    for one in series:
        row = next(row for row in result["rows"] if row["series"] == one["name"])
        done, bytes_ = zip(*row["samples"][-1], strict=True)
        curves[one["name"]] = Curve([n / 1000 for n in done], [n / 1e6 for n in bytes_])
    return draw(
        results, name_of("rewrites", "memory", suffix), "Code that is rewritten", result, curves,
        x_label="1,000 rewrites", y_label="MB resident", base=None,
    )  # fmt: skip

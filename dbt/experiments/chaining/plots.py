"""Draws the plots of the chaining laboratory from its JSON."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbt.experiments.harness.guest_run import KINDS
from dbt.experiments.harness.plots import Curve, draw
from dbt.experiments.harness.presentation import Results

Row = Mapping[str, Any]

AXES: dict[str, dict[str, Any]] = {
    "kinds": {
        "x_label": "kinds of edges chained",
        "y_label": "ns per guest instruction",
        "categories": tuple(KINDS),
    },
    "denied": {
        "x_label": "denied targets",
        "y_label": "slow-down",
        "x_scale": "symlog",
    },
    "frequency": {
        "x_label": "calls of the denied function per 1,000 instructions",
        "y_label": "slow-down",
        "x_scale": "log",
    },
    "length": {
        "x_label": "instructions in a block, at most",
        "y_label": "slow-down, nothing chained",
        "x_scale": "log2",
    },
}

TITLES = {
    "kinds": "what chaining is worth",
    "denied": "what denied targets cost",
    "frequency": "how often a denied function is called",
    "length": "how long blocks are",
}
"""What each series shows."""


def names(program: str, suffix: str) -> dict[str, str]:
    """The file name of each series."""
    stem = f"chaining-{program.removesuffix('.elf')}"
    return {series: f"{stem}-{series}.{suffix}" for series in AXES}


def draw_all(result: Mapping[str, Any], results: Results, suffix: str) -> list[str]:
    """Draw one figure a series into the results ``names``; returns the paths written."""
    written = []
    for series, axes in AXES.items():
        rows = [row for row in result["rows"] if row["series"] == series]
        curves = {name: curve_of(group) for name, group in _grouped(rows).items()}
        if series == "kinds":
            curves = {name: _kinds(group) for name, group in _grouped(rows).items()}
        if not curves:
            continue
        name = names(result["program"], suffix)[series]
        title = f"{result['program']}: {TITLES[series]}"
        base = None if series == "kinds" else 1.0
        written.append(draw(results, name, title, result, curves, base=base, **axes))
    return written


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    units = {row["unit"] for row in rows}
    for row in rows:
        name = f"tier {row['tier']}" + f", {row['unit']}" * (len(units) > 1)
        if row["series"] == "denied":
            name += f", {row['label']}"
        groups[name].append(row)
    return groups


def curve_of(rows: Iterable[Row]) -> Curve:
    """Slow-down over x, with quartiles. Rows at the same x become one point: the median, with the
    lowest and the highest of their quartiles."""
    at: dict[float, list[Row]] = defaultdict(list)
    for row in rows:
        if row["slowdown"] is not None:
            at[row["x"]].append(row)
    x = sorted(at)
    return Curve(
        x,
        [statistics.median(row["slowdown"] for row in at[place]) for place in x],
        [min(row["slowdown_quartiles"][0] for row in at[place]) for place in x],
        [max(row["slowdown_quartiles"][1] for row in at[place]) for place in x],
    )


def _kinds(rows: Sequence[Row]) -> Curve:
    return Curve([row["x"] for row in rows], [row["ns_per_insn"] for row in rows])

"""Draws the plot of the interception laboratory from its JSON."""

from collections.abc import Mapping
from typing import Any

from dbt.experiments.harness.plots import entitle, need_matplotlib, save
from dbt.experiments.harness.presentation import Results


def name_of(program: str, suffix: str) -> str:
    """The file name of the plot."""
    return f"interception-{program.removesuffix('.elf')}.{suffix}"


def draw_all(result: Mapping[str, Any], results: Results, suffix: str) -> list[str]:
    """Draw nanoseconds an event, one bar a contender, into the result ``name_of``; returns the
    paths written."""
    rows = [row for row in result["rows"] if row["ns_per_event"] is not None]
    if not rows:
        return []
    plt = need_matplotlib()
    figure, axes = plt.subplots(figsize=(6.4, 1.1 + 0.28 * len(rows)), layout="constrained")
    groups = list(dict.fromkeys(row["group"] for row in rows))
    colors = [f"C{groups.index(row['group'])}" for row in rows]
    names = [f"{row['group']}: {row['name']}" for row in rows]
    bars = axes.barh(names, [row["ns_per_event"] for row in rows], color=colors)
    axes.bar_label(bars, fmt="%.0f", padding=3, fontsize="small")
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("ns per event, log scale")
    entitle(figure, f"{result['program']}, {len(result['functions'])} functions watched", result)
    axes.spines[["top", "right"]].set_visible(False)
    return [save(figure, results, name_of(result["program"], suffix))]

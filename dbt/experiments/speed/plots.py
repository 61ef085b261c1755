"""Draws the plots of the speed laboratory from its JSON."""

from collections.abc import Mapping
from typing import Any

from dbt.experiments.harness.plots import entitle, need_matplotlib, save
from dbt.experiments.harness.presentation import Results
from dbt.experiments.speed import small, summary, whole
from dbt.experiments.speed.contenders import BASE
from dbt.experiments.speed.tables import TITLES

GROUPS = (*small.GROUPS, whole.GROUP)
MARKS = "os^vDPX*<>"


def name_of(group: str, suffix: str) -> str:
    """The file name of a group's plot."""
    return f"speed-{group}.{suffix}"


def draw_all(result: Mapping[str, Any], results: Results, suffix: str) -> list[str]:
    """Draw one figure a group into the results ``name_of``; returns the paths written."""
    return [
        _draw(result, group, results, name_of(group, suffix)) for group in summary.groups(result)
    ]


def _draw(result: Mapping[str, Any], group: str, results: Results, name: str) -> str:
    """One line a program, one mark a contender, and a line where qemu-arm is."""
    plt = need_matplotlib()
    rows = [row for row in result["rows"] if row["group"] == group]
    programs = list(dict.fromkeys(row["program"] for row in rows))
    contenders = [one.contender for one in summary.contenders(result, group)]
    figure, axes = plt.subplots(figsize=(8, 1.9 + 0.26 * len(programs)), layout="constrained")
    for mark, contender in zip(MARKS, contenders, strict=False):
        own = [row for row in rows if row["contender"] == contender]
        places = [programs.index(row["program"]) for row in own]
        axes.plot([row["ratio"] for row in own], places, mark, markersize=5, label=contender)
    axes.axvline(1, color="black", linewidth=0.8, label=BASE)
    axes.set_yticks(range(len(programs)), programs, fontsize="small")
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", linewidth=0.3)
    axes.set(xlabel="speed, qemu-arm = 1, wall time, log scale")
    entitle(figure, TITLES[group], result)
    figure.legend(loc="outside lower center", ncols=5, fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return save(figure, results, name)

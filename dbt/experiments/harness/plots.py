"""Draws lines with error bars with matplotlib (extra ``plot``). The same figures give the same
bytes."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from dbt.experiments.harness.presentation import Results
from dbt.stops import UsageError


@attrs.frozen
class Curve:
    """One line: x, y, and the lower and upper end of each error bar."""

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def need_matplotlib() -> Any:
    """``matplotlib.pyplot`` without a display. Raises UsageError, one line, when it is missing."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError("--plot needs matplotlib: pip install 'armdbt[plot]'") from None
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "armdbt"
    from matplotlib import pyplot

    return pyplot


def draw(
    results: Results,
    name: str,
    title: str,
    curves: Mapping[str, Curve],
    *,
    x_label: str,
    y_label: str,
    x_scale: str = "linear",
    y_scale: str = "linear",
    x_ticks: Sequence[str] = (),
    base: float | None = 1.0,
) -> str:
    """Draw the curves into the result ``name``; returns the path. ``base`` draws a horizontal line
    to compare with; ``x_ticks`` are the names of x = 0, 1, 2, ..."""
    plt = need_matplotlib()
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for label, curve in curves.items():
        bars = None
        if curve.low:
            bars = [
                [max(y - low, 0) for y, low in zip(curve.y, curve.low, strict=True)],
                [max(high - y, 0) for y, high in zip(curve.y, curve.high, strict=True)],
            ]
        axes.errorbar(curve.x, curve.y, yerr=bars, marker="o", markersize=4, capsize=2, label=label)
    if base is not None:
        axes.axhline(base, color="black", linewidth=0.8)
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    _scale(axes, x_scale, y_scale)
    if x_ticks:
        axes.set_xticks(range(len(x_ticks)), x_ticks)
    axes.legend(fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return save(figure, results, name)


def _scale(axes: Any, x_scale: str, y_scale: str) -> None:
    if x_scale == "symlog":
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(left=-0.3)
        axes.xaxis.set_major_formatter("{x:g}")
    elif x_scale == "log2":
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.set_xscale(x_scale)
    axes.set_yscale(y_scale)


def save(figure: Any, results: Results, name: str) -> str:
    """Write a figure as the result ``name``, whose suffix says SVG or PNG; returns the path.

    Raises UsageError when that fails.
    """
    plt = need_matplotlib()
    suffix = name.rpartition(".")[2]
    metadata = {"Date": None} if suffix == "svg" else None
    try:
        return results.write(name, partial(figure.savefig, format=suffix, metadata=metadata))
    finally:
        plt.close(figure)

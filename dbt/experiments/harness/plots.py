"""Draws with matplotlib (extra ``plot``): lines over numbers, bars over names, with error bars. The
same figures give the same bytes."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from textwrap import fill
from typing import Any

import attrs

from dbt.experiments.harness.presentation import Results
from dbt.stops import UsageError


@attrs.frozen
class Curve:
    """One line, or the bars of one colour: x, y, and the lower and upper end of each error bar."""

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


def origin(result: Mapping[str, Any]) -> str:
    """What the figures of a result come from, for the title of a plot: rounds and machine."""
    rounds, machine = result["repeats"], result["machine"]
    packages = ", ".join(f"{name} {machine[name]}" for name in ("python", "armdbt"))
    return (
        f"{rounds} round{'s' * (rounds != 1)}; {machine['cpu']}, {machine['cores']} cores,"
        f" {machine['system']}, {packages}"
    )


def entitle(figure: Any, title: str, result: Mapping[str, Any]) -> None:
    """Give a figure its title: what it shows, and below where the figures come from."""
    figure.suptitle(title, fontsize="large")
    axes = figure.axes[0]
    axes.set_title(fill(origin(result), _LETTERS), fontsize="x-small", color="dimgray")


_LETTERS = 90
"""Letters of a line below the title."""


def draw(
    results: Results,
    name: str,
    title: str,
    result: Mapping[str, Any],
    curves: Mapping[str, Curve],
    *,
    x_label: str,
    y_label: str,
    x_scale: str = "linear",
    y_scale: str = "linear",
    categories: Sequence[str] = (),
    base: float | None = 1.0,
) -> str:
    """Draw the curves into the result ``name``; returns the path. ``base`` draws a horizontal line
    to compare with. ``categories`` are the names of x = 0, 1, 2, ..., which get bars."""
    plt = need_matplotlib()
    figure, axes = plt.subplots(figsize=(6.4, 3.9), layout="constrained")
    axes.set(xlabel=x_label, ylabel=y_label)
    if categories:
        _bars(axes, curves, categories)
    else:
        _scale(axes, x_scale, y_scale)
        _lines(axes, curves)
        _limit(axes, curves, x_scale, y_scale)
        _tick(axes, curves)
    if base is not None:
        axes.axhline(base, color="black", linewidth=0.8)
    entitle(figure, title, result)
    axes.legend(fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    _turn_labels(figure, axes)
    return save(figure, results, name)


def _lines(axes: Any, curves: Mapping[str, Curve]) -> None:
    for label, curve in curves.items():
        bars = _error_bars(curve)
        marker = "o" if len(curve.x) <= MOST_TICKS else ""
        axes.errorbar(
            curve.x, curve.y, yerr=bars, marker=marker, markersize=4, capsize=2, label=label
        )


def _bars(axes: Any, curves: Mapping[str, Curve], names: Sequence[str]) -> None:
    """A group of bars for each name, one bar a curve."""
    width = 0.8 / max(1, len(curves))
    for n, (label, curve) in enumerate(curves.items()):
        places = [x + (n - (len(curves) - 1) / 2) * width for x in curve.x]
        axes.bar(places, curve.y, width, yerr=_error_bars(curve), capsize=2, label=label)
    axes.set_xticks(range(len(names)), names)


def _error_bars(curve: Curve) -> list[list[float]] | None:
    if not curve.low:
        return None
    return [
        [max(y - low, 0) for y, low in zip(curve.y, curve.low, strict=True)],
        [max(high - y, 0) for y, high in zip(curve.y, curve.high, strict=True)],
    ]


MOST_TICKS = 16
"""Points of a line that are marked, each over a tick with its number; a line of more is sampled."""


def _tick(axes: Any, curves: Mapping[str, Curve]) -> None:
    """A tick with its number below every point that is marked."""
    marked = sorted({x for curve in curves.values() if len(curve.x) <= MOST_TICKS for x in curve.x})
    if marked:
        axes.set_xticks(marked, [f"{x:,.0f}" if x >= 100 else f"{x:.3g}" for x in marked])
        axes.set_xticks([], minor=True)


def _turn_labels(figure: Any, axes: Any) -> None:
    """Turn the numbers below the ticks if one would cover another."""
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    if any(one.x1 + 2 > next_.x0 for one, next_ in pairwise(boxes)):
        axes.tick_params(axis="x", labelrotation=90, labelsize="small")


def _scale(axes: Any, x_scale: str, y_scale: str) -> None:
    if x_scale == "symlog":
        axes.set_xscale("symlog", linthresh=1)
    elif x_scale == "log2":
        axes.set_xscale("log", base=2)
    else:
        axes.set_xscale(x_scale)
    if y_scale == "symlog":
        axes.set_yscale("symlog", linthresh=0.1)
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_yscale(y_scale)


def _limit(axes: Any, curves: Mapping[str, Curve], x_scale: str, y_scale: str) -> None:
    """Have a scale with a linear part begin at 0, if nothing is below."""
    if x_scale == "symlog":
        least = min(x for curve in curves.values() for x in curve.x)
        axes.set_xlim(left=-0.3 if least == 0 else 0.8 * least)
    if y_scale == "symlog" and all(y >= 0 for curve in curves.values() for y in curve.y):
        axes.set_ylim(bottom=0)


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

"""Plots say where their figures come from; points stand over ticks, categories are bars."""

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dbt.experiments.chaining import plots as chaining
from dbt.experiments.harness import plots
from dbt.experiments.harness.plots import Curve, draw
from dbt.experiments.harness.presentation import Results

pyplot = pytest.importorskip("matplotlib.pyplot", reason="plots need matplotlib (extra plot)")
MACHINE = {"cpu": "Model <1>", "cores": "2", "system": "Linux 6", "python": "3.11", "armdbt": "0.1"}
RESULT = {"repeats": 5, "machine": MACHINE, "program": "p.elf"}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are saved."""
    figures: list[Any] = []

    def save(figure: Any, results: Results, name: str) -> str:
        figure.savefig(io.BytesIO(), format="svg")
        figures.append(figure)
        return name

    monkeypatch.setattr(plots, "save", save)
    return figures


def ticks(axes: Any) -> dict[float, str]:
    return {label.get_position()[0]: label.get_text() for label in axes.get_xticklabels()}


@pytest.mark.parametrize("scale", ["linear", "log", "symlog", "log2"])
def test_every_point_is_over_a_tick_with_its_number(scale: str, drawn: list[Any]) -> None:
    curves = {
        "one": Curve([1, 10, 85], [1, 2, 3]),
        "other": Curve([1, 3000], [2, 2], [1, 1], [3, 3]),
    }
    how: dict[str, Any] = {"x_label": "targets", "y_label": "s", "x_scale": scale}
    draw(Results(), "x.svg", "What it costs", RESULT, curves, **how)
    axes = drawn[0].axes[0]
    assert ticks(axes) == {1: "1", 10: "10", 85: "85", 3000: "3,000"}
    low, high = axes.get_xlim()
    assert low < 1 < 3000 < high
    assert drawn[0].get_suptitle() == "What it costs"
    told = axes.get_title().replace("\n", " ")
    assert told == "5 rounds; Model <1>, 2 cores, Linux 6, python 3.11, armdbt 0.1"


def test_labels_do_not_cover_each_other(drawn: list[Any]) -> None:
    near = Curve([1000 + 10 * n for n in range(12)], [1] * 12)
    draw(Results(), "x.svg", "t", RESULT, {"a": near}, x_label="x", y_label="y")
    boxes = [label.get_window_extent() for label in drawn[0].axes[0].get_xticklabels()]
    assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))


def test_a_sampled_line_has_no_marks(drawn: list[Any]) -> None:
    draw(
        Results(), "x.svg", "t", RESULT, {"a": Curve([*range(50)], [*range(50)])},
        x_label="x", y_label="y",
    )  # fmt: skip
    assert {line.get_marker() for line in drawn[0].axes[0].get_lines()} <= {"", "None"}
    assert len(ticks(drawn[0].axes[0])) < 12


def test_kinds_of_edges_are_bars(drawn: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"series": "kinds", "tier": tier, "unit": "block", "x": x, "ns_per_insn": 2.0 + x, "slowdown": None}
        for tier in ("0", "2") for x in range(4)
    ]  # fmt: skip
    monkeypatch.setattr(chaining, "draw", draw)
    chaining.draw_all({**RESULT, "rows": rows}, Results(), "svg")
    axes = drawn[0].axes[0]
    assert len(axes.patches) == 8
    assert [line for line in axes.get_lines() if len(line.get_xdata()) > 2] == []
    assert [*ticks(axes).values()] == ["off", "direct", "+returns", "+indirect"]
    assert drawn[0].get_suptitle() == "p.elf: what chaining is worth"


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        with Results() as results:
            results.open_plots(str(tmp_path / name), ["x.svg"])
            path = draw(
                results,
                "x.svg",
                "t",
                RESULT,
                {"a": Curve([1, 2], [1, 2])},
                x_label="x",
                y_label="y",
            )
        texts.append(Path(path).read_bytes())
    assert texts[0] == texts[1]

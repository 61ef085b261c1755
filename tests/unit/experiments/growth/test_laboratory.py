"""``armdbt bench growth``: what it runs, what it refuses, and what it writes."""

import json
import shlex
from pathlib import Path
from typing import Any

import attrs
import pytest

from dbt.cli import main
from dbt.experiments.growth import laboratory, plots, series, tables
from dbt.experiments.growth.point import Reading, measure
from dbt.experiments.growth.series import NAMES, Point, Series, chosen, points
from dbt.experiments.harness.guest_run import Disagreement, Setting
from dbt.stops import UsageError

BY_NAME = {one.name: one for one in series.ALL}


def bench(*words: str) -> int:
    try:
        return main(["bench", "growth", *words])
    except SystemExit as error:
        return int(error.code or 0)


def reading(name: str, amount: int, **changes: Any) -> Reading:
    """One point, of a series whose largest amount it is."""
    one = attrs.evolve(BY_NAME[name], amounts=(0, amount), **changes)
    return measure(one, Point(name, amount), 1)


@pytest.mark.parametrize("tier", ["0", "auto"])
def test_code_is_translated_once(tier: str) -> None:
    found = reading("code", 3_000, setting=Setting(tier)).figures
    assert 3_000 <= found["instructions"] < 3_300
    assert found["copied code, B"] > 10 * found["instructions"]
    assert found["blocks"] > 300


def test_compiled_code_is_translated_once() -> None:
    found = reading("code-compiled", 200).figures
    assert 200 <= found["instructions"] < 600
    assert found["copied code, B"] == 0


@pytest.mark.parametrize("name", ["denied", "denied-live", "hooks", "hooks-live", "watched-live"])
def test_targets_are_there_to_the_last(name: str) -> None:
    """``measure`` compares the events with the number of targets."""
    found = reading(name, 40)
    assert {"adding, s", "first run, s", "removing, s", "memory, B"} <= {*found.figures}
    assert found.visible == reading("denied", 40).visible


def test_a_target_that_is_missed_ends_the_experiment() -> None:
    with pytest.raises(UsageError, match="denied: 0 events of 40 functions, not 40"):
        reading("denied", 40, add=_nothing)


def _nothing(*_: object) -> Any:
    return lambda: None


def test_more_functions_than_the_guest_has_are_refused() -> None:
    one = attrs.evolve(BY_NAME["denied"], amounts=(0, 40))
    with pytest.raises(UsageError, match="has less than 4000 functions"):
        measure(one, Point("denied", 4_000), 1)


@pytest.mark.parametrize("name", ["rewrites", "rewrites-pages", "rewrites-sizes"])
def test_code_is_rewritten_and_dropped(name: str) -> None:
    found = reading(name, 200)
    assert [done for done, _ in found.samples] == [*range(4, 201, 4)]
    assert 200 - BY_NAME[name].pages <= found.figures["invalidations"] <= 210


def test_the_guest_is_the_same_for_the_same_seed() -> None:
    one = BY_NAME["code"]
    runs = [measure(one, Point("code", 1_000), seed).visible for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_guests_that_show_something_else_are_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = iter(
        [Reading({}, ("ended", count, "a")) for count in (0, 1, 0, 2)]
    )  # first uncounted
    monkeypatch.setattr(laboratory, "_afresh", lambda _: next(readings))
    with pytest.raises(Disagreement, match=r"amount=7.*ended with \('ended', 2, 'a'\)"):
        laboratory.experiment([attrs.evolve(BY_NAME["code"], amounts=(7,))], 2, 1)


def test_all_series_have_what_tables_and_plots_need() -> None:
    assert {*tables.TITLES} == {*NAMES}
    for short in (False, True):
        for one in chosen(NAMES, short=short):
            assert list(one.amounts) == sorted({*one.amounts}), one.name
            assert max(one.amounts) > 0
    most = {one.name: max(one.amounts) for one in series.ALL}
    assert most["code"] == 5_000_000
    assert {most[name] for name in ("denied", "denied-live", "hooks")} == {200_000}
    assert most["rewrites"] == 100_000
    assert len(points(chosen(NAMES, short=True))) <= len(points(series.ALL))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves amounts that take no time."""
    amounts = {"code": (100, 200, 300), "targets": (0, 10, 20, 30), "rewrites": (100,)}
    few: list[Series] = [
        attrs.evolve(one, amounts=amounts[one.kind])
        for one in series.ALL
        if one.name in ("code", "denied-live", "rewrites-sizes")
    ]
    monkeypatch.setattr(series, "ALL", few)


@pytest.mark.usefixtures("tiny")
def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    out, page = tmp_path / "out.json", tmp_path / "page.md"
    words = ["--repeats", "2", "--seed", "3", "--only", "code,denied-live,rewrites-sizes"]
    words += ["--json", str(out), "--markdown", str(page), "--plot", str(tmp_path / "plots")]
    assert bench(*words) == 0
    result = json.loads(out.read_text())
    assert result["command"] == shlex.join(["armdbt", "bench", "growth", *words])
    assert result["machine"]["cpu"]
    assert f"to reproduce: {result['command']}" in capsys.readouterr().out
    assert [(row["series"], row["amount"]) for row in result["rows"]] == [
        ("code", 100), ("code", 200), ("code", 300), ("denied-live", 0), ("denied-live", 10),
        ("denied-live", 20), ("denied-live", 30), ("rewrites-sizes", 100),
    ]  # fmt: skip
    for row in result["rows"]:
        assert {len(found) for found in row["all"].values()} == {2}
    fits = {(one["series"], one["figure"]): one for one in result["fits"]}
    assert fits["code", "blocks"]["slope"] > 0.05
    text = page.read_text()
    assert text.startswith(f"```sh\n{result['command']}\n```\n")
    for title in ("Lines through the medians", *(tables.TITLES[name] for name in ("code",))):
        assert f"**{title}" in text
    drawn = {path.name for path in (tmp_path / "plots").iterdir()}
    assert drawn == {*plots.names(series.ALL, "svg")}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--only", "code,speed"], "--only takes some of code,code-counted,"),
        (["--json", "no/such/x"], "no/such/x: No such file or directory"),
        (["--plot", "/dev/null/such"], "/dev/null/such: Not a directory"),
        (["--repeats", "0"], "'0' is no positive number"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(
    words: list[str],
    why: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(laboratory, "experiment", None)
    assert bench(*words) == 2
    assert why in capsys.readouterr().err


def test_what_is_least_straight_comes_first() -> None:
    fits = [
        {"series": "code", "figure": "blocks", "slope": 2.0, "exponent": 1.0, "residual": 0.0},
        {"series": "hooks", "figure": "adding, s", "slope": 1e-5, "exponent": 1.9, "residual": 0.1},
        {"series": "denied", "figure": "memory, B", "slope": 64.4, "exponent": None,
         "residual": 0.5},
    ]  # fmt: skip
    table = tables.lines({"fits": fits, "short": True, "repeats": 1})
    assert [(row["for each one"], row["straight"]) for row in table.rows] == [
        ("10 µs", False), ("2", True), ("64 bytes", None),
    ]  # fmt: skip

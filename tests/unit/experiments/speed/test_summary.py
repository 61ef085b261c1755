"""What the speed laboratory says of its rows."""

import re
from pathlib import Path
from typing import Any

import pytest

from dbt.experiments.speed import history, summary, tables


def row(group: str, program: str, contender: str, own: float, base: float) -> dict[str, Any]:
    return {
        "group": group,
        "program": program,
        "contender": contender,
        "median_s": own,
        "median_cpu_s": own,
        "base_seconds": [base],
        "ratio": base / own,
        "cpu_ratio": 2 * base / own,
        "spread": 0.1,
    }


def result(*rows: dict[str, Any], first: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"rows": list(rows), "first": list(first), "short": False, "repeats": 1}


SMALL = [
    row("small", program, contender, own, 2.0)
    for program, times in {"a": (2.0, 1.0, 4.0), "b": (2.0, 4.0, 8.0)}.items()
    for contender, own in zip(("qemu", "auto", "auto-unchained"), times, strict=True)
]


def test_means_are_geometric_and_the_worst_has_a_name() -> None:
    auto, unchained = summary.contenders(result(*SMALL), "small")
    assert (auto.contender, auto.programs) == ("auto", 2)
    assert auto.mean == pytest.approx(1.0)
    assert auto.cpu_mean == pytest.approx(2.0)
    assert (auto.worst, auto.worst_program) == (0.5, "b")
    assert unchained.mean == pytest.approx(0.125**0.5)


def test_what_falls_short_comes_first() -> None:
    found = summary.aims(result(*SMALL))
    assert [aim.reached(value) for aim, value in found] == [False, False, False]
    values = {aim.what: value for aim, value in found}
    assert values["small programs, auto: mean"] == pytest.approx(1.0)
    assert values["auto without chaining: times slower, worst"] == 4.0
    found = summary.aims(result(*SMALL, row("whole", "busybox true", "auto", 0.1, 0.05)))
    assert [aim.reached(value) for aim, value in found] == [False, False, False, True, True]


def test_code_of_one_source_in_two_states_is_compared() -> None:
    both = result(*SMALL, row("thumb", "thumb_a", "auto", 2.0, 1.0))
    assert summary.thumb(both) == {("a", "auto"): 0.5}
    assert summary.thumb(result(*SMALL)) == {}
    values = {aim.what: value for aim, value in summary.aims(both)}
    assert values["T32 code, auto: A32's processor time over its, mean"] == 0.5
    table = tables.thumb(both)
    assert table.rows == [{"program": "a", "auto": 0.5}, {"program": "geometric mean", "auto": 0.5}]


def test_short_sizes_say_nothing_of_hot_code() -> None:
    found = result(*SMALL, row("whole", "busybox true", "auto", 0.1, 0.05)) | {"short": True}
    assert {aim.what.partition(",")[0] for aim, _ in summary.aims(found)} == {
        "busybox true",
        "the other whole programs",
    }


def test_whole_programs_are_judged_by_ratio_or_by_seconds() -> None:
    whole = [
        row("whole", "busybox true", "auto", 0.2, 0.1),
        row("whole", "perl", "auto", 0.6, 0.25),
        row("whole", "lua", "auto", 2.0, 1.0),
        row("whole", "cc1", "auto", 4.0, 8.0),
    ]
    first = ({"program": "lua", "contender": "auto", "first_s": 12.0, "median_s": 2.0},)
    values = {aim.what: value for aim, value in summary.aims(result(*whole, first=first))}
    assert values["whole programs over 0.3 s, auto: mean"] == pytest.approx(1.0)
    others = "the other whole programs, auto: seconds longer than qemu-arm, worst"
    assert values[others] == pytest.approx(0.35)
    assert values["busybox true, auto: seconds"] == 0.2
    assert values["first run ever: seconds longer than the second, worst"] == 10.0


def test_tables_hold_the_rows() -> None:
    found = result(*SMALL, row("whole", "lua", "qemu", 1.0, 1.0), row("whole", "lua", "auto", 2, 1))
    by_title = {table.title.partition(",")[0]: table for table in tables.tables(found)}
    ratios = by_title["Small programs: qemu-arm's wall time over theirs"]
    assert ratios.rows[0] == {"program": "a", "qemu s": 2.0, "auto": 2.0, "auto-unchained": 0.5}
    assert ratios.rows[-1] == {"program": "worst", "auto": 0.5, "auto-unchained": 0.25}
    seconds = by_title["Whole programs of Debian: seconds of wall time"]
    assert seconds.rows == [{"program": "lua", "qemu": 1.0, "auto": 2}]


def test_the_history_names_the_commit_of_these_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (history.TREE / ".git").exists():
        assert re.fullmatch(r"(v?[\w.]+-\d+-g)?[0-9a-f]{7,40}(-dirty)?", history.revision())
    monkeypatch.setattr(history, "TREE", tmp_path)
    assert history.revision() == "unknown"

"""The chaining laboratory from its command line: what it writes, and that its counts are exact."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from dbt.cli import main
from dbt.data import DEMO

ROUNDS = 500
FEW = "--short --tiers 0,2 --draws 1 --denied 0,10"
SERIES = {"kinds", "denied", "frequency", "length"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("bench") / "chaining.json"
    command = f"bench chaining {FEW} --json {path} {DEMO} {ROUNDS}"
    assert main(shlex.split(command)) == 0
    loaded = json.loads(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def rows(result: dict[str, Any], **wanted: object) -> list[dict[str, Any]]:
    return [row for row in result["rows"] if all(row[k] == v for k, v in wanted.items())]


def test_schema(result: dict[str, Any]) -> None:
    assert result["experiment"] == "chaining"
    assert result["machine"]["cpu"]
    assert result["profile"]["instructions"] > 1000
    assert {row["series"] for row in result["rows"]} == SERIES
    for row in result["rows"]:
        assert len(row["seconds"]) == len(row["base_seconds"]) == result["repeats"] == 1
        assert row["seconds"][0] > 0
        assert row["tier"] in ("0", "2")
        assert all(count > 0 for count in row["dispatches"].values())


def test_command_reproduces_the_plan(
    result: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stored command, run, makes the same rows (but for the times)."""
    words = shlex.split(result["command"])
    words[words.index("--json") + 1] = str(tmp_path / "again.json")
    assert words[0] == "armdbt"
    assert main(words[1:]) == 0
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["plan"] == result["plan"]
    what = ("series", "label", "x", "tier", "denied_pcs", "max_insns", "instructions")
    assert [[row[k] for k in what] for row in again["rows"]] == [
        [row[k] for k in what] for row in result["rows"]
    ]


def test_the_guest_sees_no_difference(result: dict[str, Any]) -> None:
    expected = (result["profile"]["instructions"], result["profile"]["output_sha256"])
    assert {(row["instructions"], row["output_sha256"]) for row in result["rows"]} == {expected}


def test_denied_entries_are_counted_exactly(result: dict[str, Any]) -> None:
    """Every call of the function but the one that found no translation (tier 0: the first one;
    tier 2 had it translated ahead) is a denied entry."""
    calls = {function["name"]: function["calls"] for function in result["profile"]["functions"]}
    assert calls["helper"] == ROUNDS
    checked = 0
    for row in rows(result, series="frequency"):
        if row["function"] == "_start":  # where the guest starts, no edge leads
            assert "denied" not in row["dispatches"]
            continue
        untranslated = 1 if row["tier"] == "0" else 0
        assert row["dispatches"].get("denied", 0) == calls[row["function"]] - untranslated
        checked += 1
    assert checked >= 4


def test_kinds_are_what_they_say(result: dict[str, Any]) -> None:
    for tier in ("0", "2"):
        seen = {row["kinds"]: row["dispatches"] for row in rows(result, series="kinds", tier=tier)}
        assert "return_miss" in seen["direct"]
        assert "return_miss" not in seen["+returns"]
        assert "indirect_miss" in seen["+returns"]
        assert "indirect_miss" not in seen["+indirect"]
        assert seen["off"]["unlinked"] > seen["direct"]["unlinked"]


def test_a_region_denies_what_blocks_deny(result: dict[str, Any], tmp_path: Path) -> None:
    """A denied pc within a loop's unit costs its executions too; copied code has no regions."""
    path = tmp_path / "units.json"
    command = f"bench chaining {FEW} --units function --json {path} {DEMO} {ROUNDS}"
    assert main(shlex.split(command)) == 0
    regions = json.loads(path.read_text())
    assert {row["tier"] for row in regions["rows"]} == {"2"}
    counts = {
        unit: [
            row["dispatches"].get("denied", 0)
            for row in rows(found, tier="2", unit=unit)
            if row["series"] in ("denied", "frequency")
        ]
        for unit, found in (("block", result), ("function", regions))
    }
    assert counts["block"] == counts["function"]
    assert sum(counts["block"]) > 1000


def test_plots_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    command = f"bench chaining --short --tiers 0 --plot {tmp_path} {DEMO} 5"
    assert main(shlex.split(command)) == 0
    names = {f"chaining-demo-{series}.svg" for series in SERIES}
    assert {path.name for path in tmp_path.iterdir()} == names
    for name in names:
        assert "<svg" in (tmp_path / name).read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--tiers 7", "--tiers takes some of"),
        ("--units wood", "--units takes some of block,loop,function"),
        ("--denied 1,x", "--denied takes numbers"),
        ("--repeats 0", "no positive number"),
        ("nowhere.elf", "nowhere.elf"),
    ],
)
def test_bad_options_are_one_line(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "chaining", "--short", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_missing_matplotlib_is_said_before_anything_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["bench", "chaining", "--plot", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "armdbt: --plot needs matplotlib: pip install 'armdbt[plot]'\n"
    )


def test_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "weather"]) == 2
    assert "weather" in capsys.readouterr().err

"""The interception laboratory from its command line."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.rotation import FULL, TURN

from dbt.cli import main
from dbt.data import DEMO
from dbt.experiments.peers import unicorn
from dbt.hooks.mechanisms import NAMES

IDIOMS = Path(__file__).parents[1] / "guests" / "idioms"


def bench(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "result.json"
    assert main(["bench", "interception", "--json", str(path), *shlex.split(text)]) == 0
    loaded = json.loads(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("tier", ["0", "2"] if FULL else ["02"[TURN % 2]])
def test_every_mechanism_on_the_demo(tmp_path: Path, tier: str) -> None:
    """Times are not looked at; counts are exact: helper is called 100 times and returns as often,
    and the demo makes 11 system calls, of which exit never returns."""
    result = bench(tmp_path, f"--no-peers --short --tier {tier} --function helper {DEMO} 100")
    rows = {row["name"]: row for row in result["rows"]}
    assert set(rows) == {"none", *NAMES}
    assert result["truth_events"] == 200 + 21
    for name in NAMES:
        assert rows[name]["events"] == 200 + 21, name
        assert (rows[name]["found"], rows[name]["missed"], rows[name]["spurious"]) == (221, 0, 0)
        assert rows[name]["guest_agrees"], name
        assert len(rows[name]["seconds"]) == 1
    assert rows["none"]["events"] == 0
    assert rows["none"]["retranslated"] == 0
    assert rows["dispatch"]["dispatches"]["denied"] >= 198  # the first ones found no translation
    assert rows["entry"]["dispatches"]["hook"] >= 200
    assert rows["nochain"]["chained_share"] < 0.01 < 0.3 < rows["dispatch"]["chained_share"]


def test_truth_on_a_smaller_input(tmp_path: Path) -> None:
    result = bench(
        tmp_path,
        f"--no-peers --short --mechanism entry --function helper --truth-args 3 {DEMO} 50",
    )
    (_, entry) = result["rows"]
    assert (result["truth_events"], entry["found"]) == (6 + 21, 6 + 21)
    assert entry["events"] == 100 + 21


def test_suite_with_peers(tmp_path: Path) -> None:
    """Peers see calls and returns; what Unicorn cannot do is said."""
    for name in ("bl", "return_pop"):
        shutil.copy(IDIOMS / f"{name}.elf", tmp_path)
    result = bench(tmp_path, f"--suite {tmp_path} --mechanism entry --mechanism shadow")
    assert [row["idiom"] for row in result["rows"]] == ["bl", "return_pop"]
    assert unicorn.lacking() is None
    expected = {"armdbt tier 2: entry", "armdbt tier 2: shadow", "unicorn: code"}
    assert expected <= set(result["contenders"])
    for row in result["rows"]:
        for name in expected:
            verdict = row["verdicts"][name]
            assert (verdict["missed"], verdict["spurious"], verdict["note"]) == (0, 0, ""), name
        assert row["verdicts"]["armdbt tier 2: entry"]["found"] == row["events"]


def test_a_program_that_cannot_be_judged_costs_the_others_nothing(tmp_path: Path) -> None:
    shutil.copy(IDIOMS / "bl.elf", tmp_path)
    (tmp_path / "text.elf").write_text("no program\n")
    result = bench(tmp_path, f"--no-peers --suite {tmp_path} --mechanism entry")
    assert [row["idiom"] for row in result["rows"]] == ["bl", "text"]
    (right, note) = [row["verdicts"]["armdbt tier 2: entry"]["note"] for row in result["rows"]]
    assert right == ""
    assert "not judged" in note
    assert "text.elf" in note


def test_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    command = f"--no-peers --short --mechanism entry --plot {tmp_path} --plot-format png {DEMO} 500"
    bench(tmp_path, command)
    assert (tmp_path / "interception-demo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--mechanism magic", "mechanisms are"),
        ("--function nowhere", "no symbol 'nowhere'"),
        ("--suite /nowhere", "no ELF files"),
        ("--suite . prog.elf", "--suite takes no program"),
        ("--repeats 0", "--repeats takes a positive number"),
    ],
)
def test_bad_options_are_one_line(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "interception", "--no-peers", "--short", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1

"""Where the laboratories leave their results: looked at before anything is measured, written before
anything is shown."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbt.cli import main
from dbt.data import DEMO
from dbt.process.ending import EXIT_STOPPED

SHORT = {
    "chaining": "--short --tiers 0",
    "callbacks": "--repeats 1 --tiers 0 --no-peers --only call-count",
    "interception": "--short --no-peers --tier 0 --mechanism entry --function helper",
}
ODD = ("s/[/]/x/", "a[i]=1")
"""Arguments that rich would take for markup."""


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("option", ["--json", "--markdown"])
@pytest.mark.parametrize(
    ("path", "why"), [("no/such/x", "No such file or directory"), (".", "Is a directory")]
)
def test_what_cannot_be_written_is_told_before_the_program_is_looked_at(
    kind: str, option: str, path: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", kind, option, path, "nowhere.elf"]) == 2
    assert capsys.readouterr().err == f"armdbt: {path}: {why}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["chaining", "--plot", "/dev/null/such", "nowhere.elf"],
        ["interception", "--plot", "/dev/null/such", "nowhere.elf"],
        ["compare", "--markdown", "/dev/null/such", "old.json", "new.json"],
    ],
)
def test_plots_and_comparisons_need_a_directory_too(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err == "armdbt: /dev/null/such: Not a directory\n"


@pytest.mark.parametrize("kind", SHORT)
def test_results_outlive_a_broken_pipe(kind: str, tmp_path: Path) -> None:
    files = ("--json", "r.json", "--markdown", "r.md")
    words = ["bench", kind, *SHORT[kind].split(), *files, DEMO, "5", *ODD]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dbt", *words],
            cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
    assert json.loads((tmp_path / "r.json").read_text())["args"] == ["5", *ODD]
    assert "\n| " in (tmp_path / "r.md").read_text()


@pytest.mark.parametrize("kind", ["chaining", "interception"])
def test_plots_are_drawn_before_tables_are_shown(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")

    def fail(*_: object) -> None:
        raise RuntimeError("shown")

    module = importlib.import_module(f"dbt.experiments.{kind}.laboratory")
    monkeypatch.setattr(module, "print_tables", fail)
    words = [*SHORT[kind].split(), "--plot", str(tmp_path), DEMO, "500"]
    assert main(["bench", kind, *words]) == EXIT_STOPPED
    assert list(tmp_path.glob("*.svg"))


def test_arguments_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "interception", *SHORT["interception"].split(), DEMO, "5", *ODD]) == 0
    tables = capsys.readouterr().out.partition("to reproduce:")[0]
    for argument in ODD:
        assert tables.count(argument) == 2, "in both titles"

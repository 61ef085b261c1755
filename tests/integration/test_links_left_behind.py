"""What a command writes when the guest has ended does not follow a link that the guest has left."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.guests import guest

from dbt.cli import main
from dbt.data import DEMO

CODE = """
import os, sys
from dbt.cli import main
from dbt.process import Process

run = Process.run

def run_and_link(process, *limits):
    stop = run(process, *limits)
    os.symlink("outside", "figures")  # the guest may do that: it changes nothing outside
    return stop

Process.run = run_and_link
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "words", [("run", "--stats-json"), ("spy", "--report"), ("spy", "-o"), ("calls", "--format")]
)
def test_a_link_that_was_left_is_replaced(words: tuple[str, ...], tmp_path: Path) -> None:
    outside, file = tmp_path / "outside", tmp_path / "figures"
    outside.write_text("as it was")
    name = "jsonl:figures" if words[0] == "calls" else "figures"
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words, name, str(guest("hello"))],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert outside.read_text() == "as it was"
    assert file.is_file()
    assert not file.is_symlink()


LABORATORIES = {
    "chaining": ("experiment", "--short --tiers 0"),
    "callbacks": ("experiment", "--repeats 1 --tiers 0 --no-peers --only call-count"),
    "interception": ("measure", "--short --no-peers --tier 0 --mechanism entry --function helper"),
}
"""What runs the guests of each kind of ``bench``, and options that make it short."""
PLOTS = {
    "chaining": [f"chaining-demo-{series}.svg" for series in ("kinds", "denied", "length")],
    "interception": ["interception-demo.svg"],
}


def measure_and_link(kind: str, files: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have a laboratory's guests leave links to ``outside`` under the names of files; the words
    that run it."""
    module = importlib.import_module(f"dbt.experiments.{kind}.laboratory")
    name, words = LABORATORIES[kind]
    real = getattr(module, name)

    def work(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        for file in files:
            os.symlink("outside", file)
        return result

    monkeypatch.setattr(module, name, work)
    return ["bench", kind, *words.split()]


@pytest.mark.parametrize("kind", LABORATORIES)
def test_a_link_in_the_place_of_results_is_replaced(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["r.json", "r.md"]
    words = measure_and_link(kind, files, monkeypatch)
    Path("outside").write_text("as it was")
    assert main([*words, "--json", "r.json", "--markdown", "r.md", DEMO, "5"]) == 0
    assert Path("outside").read_text() == "as it was"
    assert sorted(os.listdir()) == ["outside", *files]
    assert not any(Path(file).is_symlink() for file in files)


@pytest.mark.parametrize("kind", PLOTS)
def test_a_link_in_the_place_of_a_plot_is_replaced(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    monkeypatch.chdir(tmp_path)
    words = measure_and_link(kind, PLOTS[kind], monkeypatch)
    Path("outside").write_text("as it was")
    assert main([*words, "--plot", ".", DEMO, "500"]) == 0
    assert Path("outside").read_text() == "as it was"
    assert not any(path.is_symlink() for path in Path().iterdir())
    assert set(PLOTS[kind]) < set(os.listdir())
    assert not list(Path().glob("*.tmp"))


@pytest.mark.parametrize("kind", LABORATORIES)
def test_results_that_never_come_leave_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"dbt.experiments.{kind}.laboratory")
    found: list[str] = []

    def interrupted(*_: object, **__: object) -> None:
        found.extend(os.listdir())
        raise KeyboardInterrupt

    name, words = LABORATORIES[kind]
    monkeypatch.setattr(module, name, interrupted)
    Path("r.json").write_text("old")
    status = main(["bench", kind, *words.split(), "--json", "r.json", "--markdown", "r.md", DEMO])
    assert status == 130
    assert len(found) == 3, "both were open"
    assert os.listdir() == ["r.json"]
    assert Path("r.json").read_text() == "old"

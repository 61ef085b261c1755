"""``make experiments``: what it would run is understood, what it leaves is where it says."""

import json
import shlex
import subprocess
from pathlib import Path

import attrs
import pytest

from benchmarks import experiments, pages
from benchmarks.experiments import EXPERIMENTS, ROOT, Experiment, choose
from dbt.cli import main
from dbt.experiments.callbacks import laboratory


@pytest.mark.parametrize("one", EXPERIMENTS, ids=lambda one: one.name)
@pytest.mark.parametrize("short", [False, True], ids=["whole", "short"])
def test_commands_are_understood(one: Experiment, short: bool) -> None:
    """An unknown option would be refused before --help is answered."""
    words = one.command("out", short=short)
    at = words.index(one.guest[0]) if one.guest else len(words)
    assert main([*words[:at], "--help"]) == 0


@pytest.mark.parametrize("one", EXPERIMENTS, ids=lambda one: one.name)
def test_sizes_are_filled_in(one: Experiment) -> None:
    words = one.command("out")
    if one.guest:
        assert any(one.size in word for word in words)
        assert words != one.command("out", short=True)
    assert not any("{}" in word for word in words)
    if one.guest and one.needs is None:
        assert (ROOT / one.guest[0]).exists()


def test_time_is_measured_in_five_rounds_or_more() -> None:
    """Three of what runs for long: whole commands, and large amounts."""
    for one in EXPERIMENTS:
        words = one.command("out")
        least = 3 if one.kind in ("speed", "growth") else 5
        assert not one.timed or int(words[words.index("--repeats") + 1]) >= least


def test_what_is_written_beside_the_results_is_in_their_directory() -> None:
    (speed,) = (one for one in EXPERIMENTS if one.kind == "speed")
    assert "--history there/speed-history.jsonl" in " ".join(speed.command("there"))


def test_what_runs_for_long_is_not_made_a_second_time() -> None:
    found, _ = choose([], again=True)
    assert {one.kind for one in EXPERIMENTS} - {one.kind for one in found} == {"speed", "growth"}
    _, why = choose(["speed-all"], again=True)
    assert why[0].startswith("speed-all is none of chaining-demo, ")


def test_json_only_leaves_no_tables_and_no_plots() -> None:
    words = " ".join(EXPERIMENTS[0].command("out", only_json=True))
    assert "--json out/chaining-demo.json" in words
    assert "--markdown" not in words
    assert "--plot" not in words


def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = attrs.evolve(EXPERIMENTS[0], name="nowhere", needs="no/such/file")
    monkeypatch.setattr(experiments, "EXPERIMENTS", (*EXPERIMENTS, nowhere))
    found, why = choose([])
    assert nowhere not in found
    assert "nowhere is left out: it needs no/such/file (make root)" in why
    assert experiments.main(["nowhere"]) == 2
    assert "make root" in capsys.readouterr().err


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert experiments.main(["weather"]) == 2
    assert "weather is none of chaining-demo" in capsys.readouterr().err


def test_one_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = (one for one in EXPERIMENTS if one.name == "callbacks-fib")
    small = attrs.evolve(one, options="--tiers 0 --only call-count", short_size="5")
    monkeypatch.setattr(experiments, "EXPERIMENTS", (small,))
    for name, (function, _) in laboratory.HOOKS.items():
        monkeypatch.setitem(laboratory.HOOKS, name, (function, ["python"]))  # numba takes seconds
    assert experiments.main(["--short", "--out", str(tmp_path), "callbacks-fib"]) == 0
    assert json.loads((tmp_path / "callbacks-fib.json").read_text())["experiment"] == "callbacks"
    assert (tmp_path / "callbacks-fib.md").exists()
    assert capsys.readouterr().out.startswith("callbacks-fib: ")


@pytest.mark.parametrize(
    ("here", "first", "told"),
    [
        ({"cpu": "one", "cpu_model": "7"}, experiments.PAGES, ""),  # older results have no model
        ({"cpu": "two", "cpu_model": "8"}, experiments.OTHER, ""),
        ({"cpu": "two", "cpu_model": "9"}, None, "no results of two, 9"),
    ],
)
def test_a_second_run_is_compared_with_results_of_the_same_processor(
    here: dict[str, str],
    first: str | None,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = {experiments.PAGES: {"cpu": "one"}, experiments.OTHER: {"cpu": "two", "cpu_model": "8"}}
    for directory, facts in made.items():
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
        (tmp_path / directory / "any.json").write_text(json.dumps({"machine": facts}))
    monkeypatch.setattr(experiments, "ROOT", tmp_path)
    monkeypatch.setattr(experiments, "machine_facts", lambda: here)
    assert experiments.first_run() == first
    assert told in capsys.readouterr().err


def test_failures_are_named() -> None:
    assert experiments.run({"good": ["passes"], "bad": ["bench", "weather"]}) == ["bad"]


@pytest.mark.parametrize("option", ["", "--short", "--only-json", "--again"])
def test_the_list_is_what_would_be_run(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[str, list[str]]] = []

    def run(commands: dict[str, list[str]]) -> list[str]:
        ran.extend(commands.items())
        return []

    def compare(words: list[str], **_: object) -> None:
        ran.append(("comparison", words[words.index("bench") :]))

    monkeypatch.setattr(experiments, "run", run)
    monkeypatch.setattr(subprocess, "run", compare)
    monkeypatch.setattr(pages, "fill_all", lambda _: None)
    monkeypatch.setattr(experiments, "first_run", lambda: experiments.PAGES)
    out = tmp_path / "out"
    words = [*option.split(), "--out", str(out), "chaining-fib", "callbacks-fib"]
    assert experiments.main([*words, "--list"]) == 0
    assert not ran
    assert not out.exists()
    listed = capsys.readouterr().out.splitlines()
    assert experiments.main(words) == 0
    assert listed == [f"{name}: armdbt {shlex.join(command)}" for name, command in ran]
    assert ("comparison" in dict(ran)) == (option == "--again")

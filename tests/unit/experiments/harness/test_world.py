"""What is measured runs in a defined world, and results tell which."""

import ast
from pathlib import Path

import pytest

from dbt.experiments.harness.guest_run import Program, Setting, run_once
from dbt.experiments.harness.host_facts import machine_facts
from dbt.process import Process

ROOT = Path(__file__).parents[4]
HELLO = str(ROOT / "tests" / "guests" / "hello.elf")
MEASURING = [
    *(ROOT / "benchmarks").glob("*.py"),
    *(ROOT / "dbt" / "experiments").rglob("*.py"),
    ROOT / "dbt" / "demo.py",
]


def test_results_tell_the_world_of_their_guests(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = machine_facts()
    assert facts["guest_environment"] == "empty"
    assert facts["guest_directory"] == f"{len(str(Path.cwd()))} characters"
    assert "guest_user" in facts
    monkeypatch.chdir("/")
    assert machine_facts()["guest_directory"] == "1 characters"


def test_the_hosts_variables_do_not_reach_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        return run_once(Program(HELLO), Setting(tier="0")).instructions

    before = count()
    for number in range(20):
        monkeypatch.setenv(f"VARIABLE_{number}", "x" * 100)
    assert count() == before
    with Process(HELLO, env={"A": "b"}) as process:  # else the test would show nothing
        process.run()
        assert process.stats()["instructions"] != before


def _made(path: Path) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Process"]


def test_every_process_that_is_measured_is_given_its_environment() -> None:
    made = [(path.name, call) for path in MEASURING for call in _made(path)]
    assert len(made) > 5
    for name, call in made:
        given = {keyword.arg for keyword in call.keywords}
        assert given & {"env", None}, f"{name}, line {call.lineno}"

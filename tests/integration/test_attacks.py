"""A short round of the attacks that take little time; ``make attack`` makes long ones."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def attack(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "support.attack", *words],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_attack_that_there_is_not() -> None:
    done = attack("bogus", "--rounds", "1")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("attack: error: no attack bogus (one of sys")


def test_system_calls() -> None:
    done = attack("syscalls", "--rounds", "2000", "--seed", "7")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("syscalls: 2000 rounds, 0 findings")


def test_a_fault_is_found(tmp_path: Path) -> None:
    """The attack sees an exception in a system call, and says how to repeat it."""
    (tmp_path / "sitecustomize.py").write_text(
        "from dbt.linux.calls import groups\n"
        "from dbt.linux.table import SYSCALLS, Entry\n"
        "SYSCALLS['getpid'] = Entry('getpid', lambda kernel: [][0], 0)\n"
    )
    path = os.pathsep.join((str(TESTS), str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "-m", "support.attack", "syscalls", "--rounds", "1000"],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "InternalError of getpid(" in done.stdout
    assert "IndexError" in done.stdout
    assert "repeat one: --seed 1 --round N" in done.stdout


def test_signals() -> None:
    done = attack("signals", "--rounds", "4", "--seed", "3")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("signals: 4 rounds, 0 findings")

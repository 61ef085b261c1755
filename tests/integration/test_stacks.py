"""Coroutines, longjmp and alternate stacks of the real C library: every function's events."""

import functools
import subprocess
from pathlib import Path

import pytest
from support.guests import GUESTS
from support.random_calls import compiler

from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.compare import compare, difference
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.process import Process

pytestmark = [
    pytest.mark.oracle,  # needs a cross compiler
    pytest.mark.rotates("mechanism", "tier", "chain"),
]

SETTINGS = LinuxOptions(seed=1)
TIMEOUT = 120


@functools.cache
def program(home: Path) -> tuple[str, list[Record]]:
    built = str(home / "contexts.elf")
    source = GUESTS / "libc" / "contexts.c"
    subprocess.run([compiler(), "-O1", "-static", "-marm", "-o", built, source], check=True)
    return built, truth(built, env={}, linux=SETTINGS, timeout=TIMEOUT)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contexts")


def told(built: str, mechanism: str, tier: str, chain: str = "all") -> list[Record]:
    process = Process(built, env={}, linux=SETTINGS, options=BackendOptions(tier=tier), chain=chain)
    records: list[Record] = []
    try:
        process.hooks.trace(None, records.append, mechanism=mechanism)
        process.run(timeout=TIMEOUT)
    finally:
        process.close()
    return records


@pytest.mark.parametrize(("tier", "chain"), [("0", "all"), ("0", "off"), ("2", "all")])
@pytest.mark.parametrize("mechanism", ["entry", "shadow"])
def test_events_are_the_true_ones(home: Path, mechanism: str, tier: str, chain: str) -> None:
    built, true = program(home)
    found = difference(true, told(built, mechanism, tier, chain))
    assert not found, found


def test_who_does_not_follow_the_stack_pointer_is_wrong(home: Path) -> None:
    built, true = program(home)
    result = compare(true, told(built, "dispatch", "0"))
    assert result.missed
    assert result.spurious


def test_the_program_does_what_it_is_for(home: Path) -> None:
    kinds = [record.kind for record in program(home)[1]]
    assert kinds.count(Kind.CALL) > 1_000
    assert kinds.count(Kind.UNWOUND) > 50

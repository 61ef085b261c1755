"""Hooks in programs with threads: each thread has its own activations, whatever notices them."""

import functools
import subprocess
from pathlib import Path

import pytest
from support.guests import GUESTS
from support.random_calls import compiler

from dbt.hooks.records import Record
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.linux.state.thread_ids import FIRST_ID
from dbt.process import Process
from dbt.stops import Exited

pytestmark = [
    pytest.mark.oracle,  # needs a cross compiler
    pytest.mark.rotates("tier", "chain"),
]

Event = tuple[str, str, int, int]
FUNCTIONS = ["leaf", "tree", "work"]
FOLLOWING = ["thrower", "catcher"]
"""Left by longjmp, which only mechanisms that follow the stack pointer see at once."""


@functools.cache
def program(home: Path) -> str:
    built = str(home / "thread_calls")
    flags = ["-O1", "-fno-optimize-sibling-calls", "-static", "-pthread", "-marm"]
    source = GUESTS / "libc" / "thread_calls.c"
    subprocess.run([compiler(), *flags, "-march=armv7-a", "-o", built, source], check=True)
    return built


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("threads")


def events(
    home: Path, mechanism: str, functions: list[str], tier: str = "0", chain: str = "all"
) -> tuple[dict[int, list[Event]], int]:
    """The events by thread, and the number of instructions of the run."""
    linux = LinuxOptions(seed=1, sched_seed=3, turn=700)
    # With hot blocks compiled: of libc's 2,000 blocks few run often.
    options = BackendOptions(tier=tier, unit="block", hot=5, background=False)
    with Process(program(home), env={}, chain=chain, options=options, linux=linux) as process:
        records: list[Record] = []
        if mechanism == "record":
            recording = process.hooks.record(functions)
            stop = process.run(timeout=100)
            records = list(recording.records())
        elif mechanism == "arrays":
            with process.record(calls=functions) as kept:
                stop = process.run(timeout=100)
            records = list(kept.records())
        else:
            process.hooks.trace(functions, records.append, mechanism=mechanism)
            stop = process.run(timeout=100)
        assert stop == Exited(0)
        found: dict[int, list[Event]] = {}
        for record in records:
            event = record.kind.name, record.symbol, record.depth, record.stack_id
            found.setdefault(max(0, record.thread - FIRST_ID), []).append(event)
        return found, process.engine.executed


@functools.cache
def expected(home: Path, *functions: str) -> tuple[dict[int, list[Event]], int]:
    return events(home, "shadow", list(functions))


def test_each_thread_has_its_own_depths(home: Path) -> None:
    found, _ = expected(home, *FUNCTIONS)
    assert len(found) == 9  # eight threads and the first one
    for thread, listed in found.items():
        calls = [event for event in listed if event[0] in ("CALL", "RETURN")]
        if thread:
            assert calls[0] == ("CALL", "work", 0, 0)
            assert calls[-1] == ("RETURN", "work", 0, 0)
        assert sum(1 if kind == "CALL" else -1 for kind, *_ in calls) == 0


@pytest.mark.parametrize(("tier", "chain"), [("0", "all"), ("0", "off"), ("auto", "all")])
@pytest.mark.parametrize(
    "mechanism",
    [
        "entry",
        "shadow",
        "sentinel",
        "dispatch",
        "nochain",
        "helper",
        "trap",
        "jump",
        "backend",
        "record",
        "arrays",
    ],
)
def test_every_mechanism_tells_the_same_of_each_thread(
    home: Path, mechanism: str, tier: str, chain: str
) -> None:
    follows = mechanism in ("entry", "shadow", "record", "arrays")
    functions = FUNCTIONS + FOLLOWING * follows
    assert events(home, mechanism, functions, tier, chain) == expected(home, *functions)

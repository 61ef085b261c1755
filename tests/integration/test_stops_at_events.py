"""A run that is stopped at every event, or behind every instruction, tells what it tells in one
go."""

import pytest
from support.idioms import idiom

from dbt.hooks import StopRequested
from dbt.hooks.records import Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import InsnLimit, Requested, Stop

PROGRAMS = [
    "call_table",
    "coroutine",
    "coroutine_ldm",
    "exception",
    "longjmp_frames",
    "longjmp_past_call",
    "longjmp_two_sites",
    "noreturn_exit",
    "plt_stub_watched",
    "recursion",
    "signal_altstack_above",
    "signal_longjmp",
    "signal_nested",
    "signal_two_at_once",
    "stack_left_ldm",
    "stack_return",
    "swi_bad",
    "swi_interrupted",
    "tail_chain",
]
pytestmark = pytest.mark.rotates("tier")
ENOUGH = 10_000
"""Stops; no program has as many events."""


def run(name: str, mechanism: str, tier: str, *, stopping: bool) -> tuple[list[Record], Stop]:
    process = Process(str(idiom(name).program), env={}, options=BackendOptions(tier=tier))
    records: list[Record] = []

    def sink(record: Record) -> None:
        records.append(record)
        if stopping:
            raise StopRequested(record.symbol)

    try:
        process.hooks.trace(None, sink, mechanism=mechanism)
        for _ in range(ENOUGH):
            stop = process.run(timeout=60)
            if not isinstance(stop, Requested):
                return records, stop
    finally:
        process.close()
    raise AssertionError("no end")


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("mechanism", ["dispatch", "entry", "shadow"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_stopping_at_every_event_changes_nothing(name: str, mechanism: str, tier: str) -> None:
    whole = run(name, mechanism, tier, stopping=False)
    assert run(name, mechanism, tier, stopping=True) == whole


def steps(name: str, mechanism: str, tier: str) -> tuple[list[Record], Stop]:
    """The same, an instruction at a time; the guest is always where its own code is."""
    process = Process(str(idiom(name).program), env={}, options=BackendOptions(tier=tier))
    records: list[Record] = []
    try:
        process.hooks.trace(None, records.append, mechanism=mechanism)
        for _ in range(ENOUGH):
            stop = process.run(max_insns=1)
            if not isinstance(stop, InsnLimit):
                return records, stop
            assert stop.pc == process.state["pc"] < 0xFFFF1000
    finally:
        process.close()
    raise AssertionError("no end")


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize(
    ("mechanism", "name"),
    [
        *(("shadow", name) for name in PROGRAMS),
        *((other, name) for other in ("sentinel", "jump") for name in ("recursion", "tail_chain")),
    ],
)
def test_stopping_behind_every_instruction_changes_nothing(
    name: str, mechanism: str, tier: str
) -> None:
    assert steps(name, mechanism, tier) == run(name, mechanism, tier, stopping=False)

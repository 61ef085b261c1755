"""A run that is stopped at every event, and continued, tells what it tells in one go."""

import pytest
from support.idioms import idiom

from dbt.hooks import StopRequested
from dbt.hooks.records import Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Requested, Stop

PROGRAMS = [
    "call_table",
    "coroutine",
    "exception",
    "longjmp_frames",
    "noreturn_exit",
    "plt_stub_watched",
    "recursion",
    "signal_altstack_above",
    "signal_longjmp",
    "signal_nested",
    "signal_two_at_once",
    "stack_return",
    "swi_bad",
    "swi_interrupted",
    "tail_chain",
]
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

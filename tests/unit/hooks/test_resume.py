"""A run continues by its record alone: nothing is done twice, nothing is left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import dbt
from dbt.hooks import CallEvent, StopRequested, SyscallEvent
from dbt.hooks.follow.stacks import RAISED
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import TrapHit
from dbt.stops import Exited, Requested

FIB = str(Path(__file__).parents[3] / "benchmarks" / "guests" / "fib.elf")
CALLS = 15
"""Of fib(5)."""


@pytest.fixture
def process() -> Iterator[dbt.Process]:
    with dbt.Process(FIB, ["5"], env={}, backend="reference") as process:
        yield process


def stop_at_fib(process: dbt.Process) -> None:
    """Run to the first call of fib, whose hook stops the run and is removed."""

    def stop(call: CallEvent) -> None:
        remove()
        raise StopRequested

    remove = process.hooks.on_call("fib", stop)
    assert isinstance(process.run(), Requested)


@pytest.mark.parametrize("mechanism", NAMES)
def test_hooks_that_have_run_do_not_run_again(process: dbt.Process, mechanism: str) -> None:
    seen: list[int] = []

    def stop(call: CallEvent) -> None:
        seen.append(call.argument(0))
        raise StopRequested

    process.hooks.on_call("fib", stop, mechanism=mechanism)
    while isinstance(process.run(), Requested):
        pass
    assert len(seen) == CALLS
    assert seen[0] == 5


def test_a_breakpoint_is_met_where_an_event_has_been_waiting(process: dbt.Process) -> None:
    """The event is the hooks', and steps the instruction that the breakpoint has replaced."""
    stop_at_fib(process)
    seen: list[int] = []
    process.hooks.on_call("fib", lambda call: seen.append(call.argument(0)), mechanism="trap")
    process.engine.resume.event = TrapHit(RAISED, process.resolve("fib"), 0)
    assert isinstance(process.run(), Exited)
    assert len(seen) == CALLS


def test_a_call_is_made_as_its_hooks_left_it(process: dbt.Process) -> None:
    def skip(call: SyscallEvent) -> None:
        remove()
        call.result = call.arguments[2]
        raise KeyError(call.name)

    remove = process.hooks.on_syscall("write", skip)
    resume = process.engine.resume
    with pytest.raises(KeyError, match="write"):
        process.run()
    assert resume.call is not None
    assert resume.call_as_hooked is not None
    assert resume.call_as_hooked[1] == resume.call_as_hooked[0][2]
    assert isinstance(process.run(), Exited)
    assert (resume.call, resume.call_as_hooked) == (None, None)


def test_what_was_raised_does_not_keep_the_process(process: dbt.Process) -> None:
    def fail(call: CallEvent) -> None:
        raise KeyError(call.symbol)

    process.hooks.on_call("fib", fail)
    with pytest.raises(KeyError, match="fib"):
        process.run()
    assert process.engine.resume.raised is None

"""Hooks that go, runs that stop and limits that pass in the midst of what hooks stand on."""

import time
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, guest
from support.idioms import idiom
from support.machine_code import EXIT, program

from dbt.hooks import CallEvent, StopRequested, SyscallEvent
from dbt.hooks.mechanisms import NAMES
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, Killed, Requested, Stop, UsageError

OTHERS = [name for name in NAMES if name != "helper"]
pytestmark = pytest.mark.rotates("tier")


def start(tier: str) -> Process:
    fib = str(BENCHMARKS / "fib.elf")
    return Process(fib, ["10"], env={}, options=BackendOptions(tier=tier, hot=20, background=False))


@pytest.mark.parametrize("mechanism", OTHERS)
@pytest.mark.parametrize("helper", ["removes", "raises", "removes and raises"])
@pytest.mark.parametrize("limit", [None, 1], ids=["at once", "stepwise"])
def test_hooks_removed_in_the_block_that_leads_to_what_they_stand_on(
    tier: str, mechanism: str, helper: str, limit: int | None
) -> None:
    """A helper runs within the block that ends with a return, or a breakpoint: what that leads to
    must be there, also when the hooks are gone."""
    process = Process(str(idiom("bl").program), env={}, options=BackendOptions(tier=tier))
    returned: list[int] = []
    f = process.resolve("f")
    remove = process.hooks.on_return(
        f, lambda event: returned.append(event.result), mechanism=mechanism
    )

    def called(event: CallEvent) -> None:
        if "removes" in helper:
            remove()
        if "raises" in helper:
            raise StopRequested("in the leaf")

    process.hooks.on_call(f, called, mechanism="helper")
    stops: list[Stop] = []
    while not isinstance(stop := process.run(limit), Exited):
        stops.append(stop)
        assert isinstance(stop, InsnLimit | Requested), stop
        assert stop.pc == process.state["pc"] < 0xFFFF0000
        if isinstance(stop, Requested):
            remove()
    assert stop == Exited(6)
    assert any(isinstance(stop, Requested) for stop in stops) is ("raises" in helper)
    # A run that stops in the leaf may stand before its return is seen, or behind.
    assert returned in ([], [] if "removes" in helper else [6])


@pytest.mark.parametrize("mechanism", OTHERS)
def test_a_helper_raises_where_everything_is_translated(tier: str, mechanism: str) -> None:
    """The leaf's only block goes on to a trampoline or a stub, which need no fuel; the hooks go
    meanwhile."""
    options = BackendOptions(tier=tier)
    plain, process = (Process(str(DEMO), ["100"], env={}, options=options) for _ in range(2))
    calls = 0

    def called(event: CallEvent) -> None:
        nonlocal calls
        calls += 1
        if calls % 20 == 0:
            raise StopRequested

    remove = process.hooks.on_return("helper", lambda event: None, mechanism=mechanism)
    process.hooks.on_call("helper", called, mechanism="helper")
    stop = process.run()
    while isinstance(stop, Requested):
        assert stop.pc == process.state["pc"] < 0xFFFF0000
        remove()
        remove = process.hooks.on_return("helper", lambda event: None, mechanism=mechanism)
        stop = process.run()
    assert calls == 100
    assert stop == plain.run()
    assert process.stats()["instructions"] == plain.stats()["instructions"]


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_condition_at_the_same_function_doubles_nothing(tier: str, mechanism: str) -> None:
    process = start(tier)
    every: list[int] = []
    some: list[int] = []
    process.hooks.on_call("fib", lambda e: every.append(e.argument(0)), mechanism=mechanism)
    process.hooks.on_call("fib", lambda e: some.append(e.argument(0)), when="r0 > 3")
    assert isinstance(process.run(), Exited)
    assert len(every) == 177  # one call per leaf and per sum of fib(10)
    assert some == [n for n in every if n > 3]


@pytest.mark.parametrize("mechanism", NAMES)
def test_what_was_alive_when_the_last_hook_went_is_forgotten(tier: str, mechanism: str) -> None:
    process = Process(str(DEMO), ["100"], env={}, options=BackendOptions(tier=tier))

    def called(event: CallEvent) -> None:
        raise StopRequested

    removers = [
        process.hooks.on_return("helper", lambda event: None, mechanism=mechanism),
        process.hooks.on_call("helper", called, mechanism=mechanism),
    ]
    assert isinstance(process.run(), Requested)
    for remove in removers:
        remove()
    process.run(max_insns=500)
    while process.symbolize(process.state["pc"]).startswith("helper"):
        assert isinstance(process.run(max_insns=1), InsnLimit)
    records: list[Record] = []
    process.hooks.trace(["helper"], records.append, mechanism=mechanism, syscalls=False)
    assert isinstance(process.run(), Exited)
    told = [(record.kind, record.depth) for record in records]
    assert told == [(Kind.CALL, 0), (Kind.RETURN, 0)] * (len(records) // 2)
    assert len(records) > 100


@pytest.mark.parametrize("mechanism", NAMES)
def test_limits_are_exact_with_hooks(tier: str, mechanism: str) -> None:
    process = start(tier)
    process.hooks.on_call("fib", lambda event: None, mechanism=mechanism)
    process.hooks.on_return("fib", lambda event: None, mechanism=mechanism)
    for count in (2, 3, 5, 7, 11, 13) * 25:
        before = process.engine.executed
        assert isinstance(process.run(max_insns=count), InsnLimit)
        assert process.engine.executed - before == count


def test_there_is_room_for_so_many_functions_only(tier: str) -> None:
    process = start(tier)
    process._machine._trampolines._next = (1 << 32) - 8
    process.hooks.on_call("fib", lambda event: None, mechanism="jump")
    for _ in range(2):  # nothing is left behind by the first
        with pytest.raises(UsageError, match="no room for more than 2 functions"):
            process.hooks.on_call("main", lambda event: None, mechanism="jump")
    process.hooks.forget()
    process._machine._trampolines._free.pop()  # room for one, and each hook alone needs two
    with pytest.raises(UsageError, match="no room for more than 1 functions"):
        process.hooks.on_call("main", lambda event: None, mechanism="jump")
    process._machine._trampolines._next -= 4
    process.hooks.on_call("main", lambda event: None, mechanism="jump")
    assert isinstance(process.run(), Exited)


def test_system_calls_after_an_execve_know_how_many_calls_are_alive(tier: str) -> None:
    process = Process(str(idiom("execve").program), env={}, options=BackendOptions(tier=tier))
    records: list[Record] = []

    def watch() -> None:
        process.hooks.trace(["again", "done"], records.append, syscalls=False)

    process.hooks.trace([], records.append)
    process.hooks.on_program(watch)
    watch()
    assert process.run() == Exited(5)
    told = [(record.kind, record.symbol, record.depth) for record in records]
    assert told[-2:] == [(Kind.CALL, "done", 0), (Kind.SYSCALL, "exit", 1)]


def test_a_limit_that_passed_while_a_hook_raised_is_not_the_next_runs(tier: str) -> None:
    process = start(tier)

    def slow(event: CallEvent) -> None:
        remove()
        time.sleep(1.2)
        raise StopRequested

    remove = process.hooks.on_call("fib", slow)
    process.run(max_insns=1)  # what a first run makes may take long on a busy machine
    assert isinstance(process.run(timeout=1), Requested)
    assert isinstance(process.run(), Exited)


def test_how_a_run_has_ended_that_raised_is_not_forgotten(tier: str) -> None:
    """A hook behind the system call that killed the guest raises: the guest is dead all the same."""
    process = Process(str(guest("waiting")), ["kill"], env={}, options=BackendOptions(tier=tier))

    def raises(event: SyscallEvent) -> None:
        raise StopRequested(event.name)

    process.hooks.on_syscall("kill", raises, leaving=True)
    assert isinstance(process.run(timeout=20), Requested)
    dead = process.registers()
    process.state["r4"] = 0xBADC0DE  # the report is of the moment of the death
    stop = process.run(timeout=20)
    assert isinstance(stop, Killed)
    assert stop.signal == 15
    assert stop.report.splitlines()[-len(dead) :] == dead


CALLS = (
    0xE3A04000,  # mov r4, #0
    0xE3A07014,  # mov r7, #20: getpid
    0xEF000000,  # swi 0
    0xE2844001,  # add r4, r4, #1
    0xE3540005,  # cmp r4, #5
    0xBAFFFFFA,  # blt to the second
)


@pytest.mark.parametrize("backend", ["numba_jit", "reference"])
@pytest.mark.parametrize("mechanism", [name for name in NAMES if name != "jump"])
def test_what_a_hook_on_a_system_call_hooks_behind_it_is_not_missed(
    backend: str, mechanism: str, tmp_path: Path
) -> None:
    """The call is made while the executor waits, and the block behind it is there: it has run.
    (No jump leads there.)"""
    events: list[str] = []
    with Process(str(program(tmp_path, [*CALLS, *EXIT])), env={}, backend=backend) as process:

        def calls(event: SyscallEvent) -> None:
            events.append("system call")
            if len(events) == 3:
                process.hooks.on_call(
                    event.site, lambda _: events.append("behind"), mechanism=mechanism
                )

        process.hooks.on_syscall("getpid", calls)
        assert isinstance(process.run(), Exited)
    assert events == ["system call"] * 2 + ["system call", "behind"] * 3

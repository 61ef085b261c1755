"""What hooks on system calls change, for the guest's next instruction on: hooks, code, chaining."""

from collections import Counter
from collections.abc import Callable

import pytest
from support.guests import guest

from dbt.hooks import CallEvent, StopRequested, SyscallEvent
from dbt.hooks.mechanisms import NAMES
from dbt.hooks.recording import Recording
from dbt.hooks.records import Kind
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, Requested

ROUNDS, TURNS = 40, 200
"""Rounds of the guest, with a call of getpid each, and how often f goes round in one."""
AT = 20
"""The round in which something is changed."""
LEFT = (ROUNDS - AT) * TURNS
TIERS = pytest.mark.parametrize("tier", ["0", "2", "auto"])


def looping(tier: str = "auto") -> Process:
    options = BackendOptions(tier=tier, hot=50, background=False)
    return Process(str(guest("syscall_loop")), env={}, options=options)


def act_once(process: Process, act: Callable[[], None], *, leaving: bool = True) -> list[int]:
    """Have a hook act in one of the rounds. Returns the list in which it counts."""
    events = list[int]()

    def hook(event: SyscallEvent) -> None:
        events.append(event.site)
        if len(events) == AT:
            act()

    process.hooks.on_syscall("getpid", hook, leaving=leaving)
    return events


@TIERS
@pytest.mark.parametrize("leaving", [False, True])
def test_a_policy_of_chaining_holds_from_then_on(tier: str, leaving: bool) -> None:
    """Also in a region, which has to stop for that."""
    with looping(tier) as process:
        act_once(process, lambda: process.chain.deny("f"), leaving=leaving)
        assert process.run() == Exited(0)
        assert process.stats()["dispatches"]["denied"] == LEFT


@TIERS
@pytest.mark.parametrize("mechanism", ["entry", "dispatch", "nochain", "trap", "helper"])
def test_a_hook_is_set_in_hot_code(tier: str, mechanism: str) -> None:
    """Its blocks are removed, or watched, or changed."""
    with looping(tier) as process:
        calls = list[int]()

        def act() -> None:
            process.hooks.on_call("f", lambda e: calls.append(e.insns), mechanism=mechanism)

        act_once(process, act)
        assert process.run() == Exited(0)
        assert len(calls) == LEFT, "its loop leads to its entry"


@TIERS
def test_the_block_behind_the_call_is_removed(tier: str) -> None:
    with looping(tier) as process:
        seen, behind = list[int](), process.resolve("behind")

        def act() -> None:
            process.hooks.on_instruction(behind, lambda e: seen.append(e.pc))

        act_once(process, act)
        assert process.run() == Exited(0)
        assert seen == [behind] * (ROUNDS - AT + 1)


@TIERS
def test_a_pass_is_added(tier: str) -> None:
    """A recording is one, which counts in translated code."""
    with looping(tier) as process:
        recordings = list[Recording]()

        def act() -> None:
            recordings.append(process.hooks.record("f", syscalls=False))

        act_once(process, act)
        assert process.run() == Exited(0)
        kinds = Counter(record.kind for record in recordings[0].records())
        assert kinds == {
            Kind.CALL: ROUNDS - AT,
            Kind.TAIL_CALL: LEFT - (ROUNDS - AT),
            Kind.RETURN: LEFT,
        }


# -- Hooks that are removed ------------------------------------------------------------------------


@pytest.mark.parametrize("leaving", [False, True])
def test_a_hook_that_was_removed_is_called_no_more(leaving: bool) -> None:
    with looping() as process:
        events = list[int]()

        def hook(event: SyscallEvent) -> None:
            events.append(event.site)
            if len(events) == AT:
                remove()

        remove = process.hooks.on_syscall("getpid", hook, leaving=leaving)
        others = act_once(process, lambda: None, leaving=leaving)
        assert process.run() == Exited(0)
        assert (len(events), len(others)) == (AT, ROUNDS), "the others of that call are called"


def test_a_hook_comes_back_after_all_are_gone() -> None:
    with looping() as process:
        process.hooks.on_syscall("getpid", lambda e: None)()
        process.hooks.on_syscall(None, lambda e: None, leaving=True)()
        events = act_once(process, lambda: None)
        assert process.run() == Exited(0)
        assert len(events) == ROUNDS


def test_removing_twice_leaves_the_others() -> None:
    with looping() as process:
        remove = process.hooks.on_syscall("getpid", lambda e: None)
        remove()
        events = act_once(process, lambda: None, leaving=False)
        remove()
        assert process.run() == Exited(0)
        assert len(events) == ROUNDS


# -- Hooks that raise ------------------------------------------------------------------------------


@TIERS
@pytest.mark.parametrize("leaving", [False, True])
def test_every_call_stops_the_run_once(tier: str, leaving: bool) -> None:
    with looping(tier) as process:
        events = list[int]()

        def stop(event: SyscallEvent) -> None:
            events.append(event.insns)
            raise StopRequested

        process.hooks.on_syscall("getpid", stop, leaving=leaving)
        stops = 0
        while isinstance(process.run(), Requested):
            stops += 1
        assert (stops, len(set(events)), len(events)) == (ROUNDS, ROUNDS, ROUNDS)
        assert process.stats()["instructions"] == whole_instructions(tier)


def whole_instructions(tier: str) -> int:
    """Of a run that nothing stops."""
    with looping(tier) as process:
        assert process.run() == Exited(0)
        return int(process.stats()["instructions"])


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_hook_before_the_call_raises_first(mechanism: str) -> None:
    """No hook on the call runs before what a hook at the same instruction has raised is out."""
    with looping("0") as process:
        order = list[str]()

        def stop(event: CallEvent) -> None:
            order.append("before")
            remove()
            raise StopRequested

        at = process.resolve("behind") - 4
        process.hooks.on_syscall("getpid", lambda e: order.append("call"))
        remove = process.hooks.on_call(at, stop, mechanism=mechanism)
        assert isinstance(process.run(), Requested)
        assert order == ["before"]
        assert process.run() == Exited(0)
        assert order == ["before", *["call"] * ROUNDS]

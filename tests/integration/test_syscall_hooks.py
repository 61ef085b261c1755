"""Hooks on the system calls of programs."""

from support.idioms import idiom

from dbt.hooks import SyscallEvent
from dbt.hooks.faults import FaultPlan
from dbt.process import Process
from dbt.stops import Exited

RESTARTED = str(idiom("swi_restart").program)
"""A read of a pipe is interrupted, made again, and returns 1, which is the program's status."""


def test_a_call_that_is_made_again_enters_twice_and_leaves_once() -> None:
    process = Process(RESTARTED, env={})
    entered: list[int] = []
    left: list[tuple[int, int | None]] = []
    process.hooks.on_syscall("read", lambda e: entered.append(e.site))
    process.hooks.on_syscall("read", lambda e: left.append((e.site, e.result)), leaving=True)
    assert process.run() == Exited(1)
    (site, again) = entered
    assert site == again
    assert left == [(site, 1)]


def test_results_are_changed_when_the_call_that_was_made_again_is_over() -> None:
    process = Process(RESTARTED, env={})
    seen: list[int | None] = []

    def change(event: SyscallEvent) -> None:
        seen.append(event.result)
        event.result = 9

    process.hooks.on_syscall("read", change, leaving=True)
    assert process.run() == Exited(9)
    assert seen == [1]


def test_an_interrupt_that_a_plan_makes_up_is_told_and_not_made_again() -> None:
    process = Process(RESTARTED, env={})
    left: list[int | None] = []
    process.hooks.on_syscall("read", lambda e: left.append(e.result), leaving=True)
    FaultPlan.parse("read: EINTR first").attach(process)
    assert process.run() == Exited(-4 & 0xFF)
    assert left == [-4]

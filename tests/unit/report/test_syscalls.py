"""Times of system calls are those between the hooks, and the longest calls are kept."""

from itertools import count
from typing import Any

import attrs

from dbt.report.syscalls import LONGEST, SyscallTimes


@attrs.define
class Hooks:
    """Keeps what is hooked."""

    entering: list[Any] = attrs.field(factory=list)
    leaving: list[Any] = attrs.field(factory=list)
    programs: list[Any] = attrs.field(factory=list)

    def on_syscall(self, name: None, hook: Any, *, leaving: bool = False) -> Any:
        hooks = self.leaving if leaving else self.entering
        hooks.append(hook)
        return lambda: hooks.remove(hook)

    def on_program(self, hook: Any) -> None:
        self.programs.append(hook)


@attrs.frozen
class Guest:
    hooks: Hooks


@attrs.frozen
class Event:
    name: str
    result: int | None = None
    thread: int = 1
    insns: int = 0
    decoded: str = "read(0) = 1"


def call(hooks: Hooks, event: Event) -> None:
    for hook in (*hooks.entering, *hooks.leaving):
        hook(event)


def times(*moments: int) -> tuple[Hooks, SyscallTimes]:
    """Of a clock that shows these times."""
    hooks = Hooks()
    found = SyscallTimes(Guest(hooks), iter(moments).__next__)  # type: ignore[arg-type]
    found.begin()
    return hooks, found


def test_sums() -> None:
    hooks, found = times(100, 130, 200, 205)
    call(hooks, Event("read", 1))
    call(hooks, Event("read", -11))
    read = found.sums["read"]
    assert (read.calls, read.returned, read.time, read.longest) == (2, 2, 35, 30)
    assert read.errors == {11: 1}


def test_threads_do_not_mix() -> None:
    hooks, found = times(100, 110, 120, 190)
    hooks.entering[0](Event("futex", thread=1))
    hooks.entering[0](Event("write", thread=2))
    hooks.leaving[0](Event("write", 1, thread=2))
    hooks.leaving[0](Event("futex", 0, thread=1))
    assert (found.sums["futex"].time, found.sums["write"].time) == (90, 10)


def test_a_call_under_way_at_the_beginning_has_no_time() -> None:
    hooks, found = times(5)
    hooks.leaving[0](Event("read", 1))
    assert found.sums == {}


def test_after_an_execve_the_hook_is_behind_the_others_again() -> None:
    hooks, _ = times()
    other = print
    hooks.entering.append(other)
    hooks.programs[0]()
    assert [hooks.entering[0], len(hooks.entering), len(hooks.programs)] == [other, 2, 1]


def test_the_longest_are_kept() -> None:
    clock = (time for n in count() for time in (1000 * n, 1000 * n + (7 * n) % 499))
    hooks = Hooks()
    found = SyscallTimes(Guest(hooks), clock.__next__)  # type: ignore[arg-type]
    found.begin()
    for _ in range(499):
        call(hooks, Event("read", 1))
    assert [kept.time for kept in found.longest()] == [*range(498, 498 - LONGEST, -1)]

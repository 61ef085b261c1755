"""How long system calls take: a host's time from call to return, by name and of the longest ones.

The times are wall-clock time and have in them what armdbt itself takes to serve a call, some
microseconds. While a call of one thread waits, others run: their time is in it, too.
"""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from dbt.hooks.outputs.base import clean
from dbt.text import NAME

if TYPE_CHECKING:
    from dbt.hooks import SyscallEvent
    from dbt.process import Process

LONGEST = 100
"""Calls that are kept one by one."""
_ERRORS = -4095
"""The least result that is an error (the kernel's MAX_ERRNO)."""


@attrs.define
class Sum:
    """The calls of one name. Times are in nanoseconds, of those that have returned."""

    calls: int = 0
    returned: int = 0
    errors: Counter[int] = attrs.field(factory=Counter)
    time: int = 0
    longest: int = 0


@attrs.frozen(order=True)
class Long:
    """A call that took long: nanoseconds, which call it was (from 1), thread, the instructions of
    the guest before it, and the call in words."""

    time: int
    number: int
    thread: int
    insns: int
    text: str


class SyscallTimes:
    """Measures the system calls of a process. Of hooks on system calls, those that were set between
    the making of this and ``begin`` are not in the times."""

    def __init__(self, process: "Process", now: Callable[[], int] = time.perf_counter_ns) -> None:
        self.sums: dict[str, Sum] = {}
        self._hooks, self._now = process.hooks, now
        self._begun: dict[int, int] = {}
        self._count = 0
        self._longest: list[Long] = []
        self._remove: Callable[[], None] | None = None
        self._hooks.on_syscall(None, self._leave, leaving=True)

    def begin(self) -> None:
        """Measure from now on; also, after an execve, again behind hooks that were set anew."""
        if self._remove is None:
            self._hooks.on_program(self.begin)
        else:
            self._remove()
        self._remove = self._hooks.on_syscall(None, self._enter)

    def longest(self) -> list[Long]:
        """The calls that took longest, the longest first."""
        return sorted(self._longest, reverse=True)

    def _enter(self, event: "SyscallEvent") -> None:
        self._count += 1
        self.sums.setdefault(event.name, Sum()).calls += 1
        self._begun[event.thread] = self._now()

    def _leave(self, event: "SyscallEvent") -> None:
        now = self._now()
        begun = self._begun.pop(event.thread, None)
        if begun is None:  # it was under way when this began
            return
        spent = now - begun
        found = self.sums.setdefault(event.name, Sum())
        found.returned += 1
        found.time += spent
        found.longest = max(found.longest, spent)
        result = event.result
        if result is not None and _ERRORS <= result < 0:
            found.errors[-result] += 1
        if len(self._longest) < LONGEST or spent > self._longest[0].time:
            text = clean(str(event.decoded), NAME)
            call = Long(spent, self._count, event.thread, event.insns, text)
            push = heapq.heappush if len(self._longest) < LONGEST else heapq.heapreplace
            push(self._longest, call)

"""The waiters of futexes in a process with threads: queues in the order of arrival.

A word in memory that other processes may share is known to the host's kernel, too: who wakes its
waiters here wakes those of the other processes by the host's futex. A thread that waits for such a
word looks at it from time to time, and takes a changed value for a wake-up.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress

from dbt.classes import attrs
from dbt.interfaces import PAGE
from dbt.linux import host
from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

ANY = 0xFFFFFFFF
WAKE_BITSET = 10
_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}


def host_futex(
    operation: int, address: int, value: int, fourth: object, second: int, third: int
) -> int:
    """The host's call, with addresses of the host. ENOSYS where its number is not known."""
    number = _NUMBERS.get(os.uname().machine)
    if number is None:
        raise failure(errno.ENOSYS)
    return host.call("syscall", number, address, operation, value, fourth, second, third)


@attrs.define(eq=False)
class Waiter:
    """A thread that waits for the word at an address, for wake-ups that have one of its bits."""

    thread: "Thread"
    address: int
    bits: int = ANY
    owns: bool = False
    """It waits for a lock with priority inheritance, which it gets when it is woken."""


def _check(waiter: Waiter) -> None:
    """EINVAL for one that waits for a lock, which only its owner can hand over."""
    if waiter.owns:
        raise failure(errno.EINVAL)


class Futexes:
    """The waiters of one process."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self.waiters: list[Waiter] = []

    def at(self, address: int) -> list[Waiter]:
        """The waiters of a word, in the order in which they are woken."""
        return [waiter for waiter in self.waiters if waiter.address == address]

    def of(self, thread: "Thread") -> Waiter | None:
        """The wait of a thread that was not woken."""
        return next((waiter for waiter in self.waiters if waiter.thread is thread), None)

    def add(self, waiter: Waiter) -> None:
        """It waits behind all others."""
        self.waiters.append(waiter)

    def remove(self, waiter: Waiter) -> None:
        """It waits no longer."""
        self.waiters.remove(waiter)

    def wake(self, address: int, count: int, bits: int = ANY) -> int:
        """Wake up to so many waiters of a word. Returns how many there were. EINVAL at one that
        waits for a lock (futex_wake)."""
        woken = 0
        for waiter in self.at(address):
            if woken >= count:
                break
            _check(waiter)
            if waiter.bits & bits:
                self._end(waiter)
                woken += 1
        return woken

    def wake_everywhere(self, address: int, count: int, bits: int = ANY) -> int:
        """The same, and then wake those of other processes that have the memory."""
        woken = self.wake(address, count, bits)
        if woken < count and self.is_shared(address):
            with suppress(OSError):
                at = self._kernel.memory.base + address
                woken += host_futex(WAKE_BITSET, at, count - woken, 0, 0, bits)
        return woken

    def requeue(self, address: int, count: int, to: int) -> int:
        """Have up to so many waiters of a word wait for another one. Returns how many. EINVAL at
        one that waits for a lock."""
        moved = self.at(address)[: max(0, count)]
        for waiter in moved:
            _check(waiter)
            waiter.address = to
            if to != address:  # behind those that are there
                self.remove(waiter)
                self.add(waiter)
        return len(moved)

    def hand_over(self, address: int, give: Callable[[Waiter, bool], None]) -> bool:
        """Wake the first waiter of a lock, which ``give`` has made its owner; its second argument
        says whether there are others. Returns False if nobody waits."""
        waiters = [waiter for waiter in self.at(address) if waiter.owns]
        if not waiters:
            return False
        give(waiters[0], len(waiters) > 1)
        self._end(waiters[0])
        return True

    def _end(self, waiter: Waiter) -> None:
        self.remove(waiter)
        waiter.thread.woken = True
        self._kernel.threads.wake(waiter.thread)

    def drop(self, thread: "Thread") -> None:
        """A thread has ended."""
        self.waiters = [waiter for waiter in self.waiters if waiter.thread is not thread]

    def clear(self) -> None:
        """The threads of another process, or program, wait here no longer."""
        self.waiters.clear()

    def is_shared(self, address: int) -> bool:
        """Whether other processes may have the memory of a word, too."""
        area = self._kernel.space.at(address // PAGE * PAGE)
        return area is not None and area.shared

"""What the exit of a thread does to the memory it shares (mm_release, kernel/futex/core.c)."""

import struct
from collections.abc import Iterator
from contextlib import suppress

from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.futexes import Waiter
    from dbt.linux.state.threads import Thread

WAITERS, OWNER_DIED, TID = 0x80000000, 0x40000000, 0x3FFFFFFF
_INHERITS = 1
"""The bit of an entry's address that says that the lock inherits priorities."""
_LIMIT = 2048
"""ROBUST_LIST_LIMIT: entries of a list that are looked at."""


def leave(kernel: "Kernel") -> None:
    """The current thread ends: mark the locks that it holds, and tell who waits for its end."""
    _leave(kernel, kernel.threads.current)


def leave_all(kernel: "Kernel") -> None:
    """The same for all threads: the process ends, or executes another program."""
    for thread in kernel.threads:
        _leave(kernel, thread)


def _leave(kernel: "Kernel", thread: "Thread") -> None:
    with suppress(GuestFault, OSError):
        for address, inherits in _held(kernel, thread.robust_list):
            _mark(kernel, thread.tid, address, inherits=inherits)
        thread.robust_list = 0
    at = thread.clear_child_tid
    if at and (kernel.threads.others or kernel.futexes.is_shared(at)):
        with suppress(GuestFault, OSError):
            kernel.memory.store(at, 4, 0)
            kernel.futexes.wake_everywhere(at, 1)
    kernel.futexes.drop(thread)


def _held(kernel: "Kernel", head: int) -> Iterator[tuple[int, bool]]:
    """The words of the locks in a robust list, the one included that was being taken or given back;
    and whether they inherit priorities. Raises GuestFault where the list cannot be read."""
    if not head:
        return
    first, offset, pending = struct.unpack("<IiI", kernel.memory.read(head, 12))
    entry = first
    for _ in range(_LIMIT):
        if entry & ~_INHERITS == head:
            break
        following = kernel.memory.load(entry & ~_INHERITS, 4)
        if entry & ~_INHERITS != pending & ~_INHERITS:
            yield (entry & ~_INHERITS) + offset & 0xFFFFFFFF, bool(entry & _INHERITS)
        entry = following
    if pending & ~_INHERITS:
        yield (pending & ~_INHERITS) + offset & 0xFFFFFFFF, bool(pending & _INHERITS)


def _mark(kernel: "Kernel", owner: int, address: int, *, inherits: bool) -> None:
    """The owner of a lock has died (handle_futex_death)."""
    if address & 3:
        return
    memory, word = kernel.memory, kernel.memory.load(address, 4)
    while word & TID == owner:
        if inherits and hand_over(kernel, address, OWNER_DIED):
            return
        there = memory.compare_exchange(address, 4, word, word & WAITERS | OWNER_DIED)
        if there == word:
            if word & WAITERS and not inherits:
                kernel.futexes.wake_everywhere(address, 1)
            return
        word = there


def hand_over(kernel: "Kernel", address: int, bits: int = 0) -> bool:
    """Give a lock with priority inheritance to the first that waits for it. False if nobody
    does."""

    def give(waiter: "Waiter", more: bool) -> None:
        word = waiter.thread.tid | bits | (WAITERS if more else 0)
        kernel.memory.store(address, 4, word)

    return kernel.futexes.hand_over(address, give)

"""Futexes with an owner (FUTEX_LOCK_PI and its like, kernel/futex/pi.c), and FUTEX_WAKE_OP.

The word of a lock with priority inheritance holds the id of its owner. It is handed to the first
that waits; there are no priorities to inherit. Locks in memory that other processes may share are
not supported (ENOSYS).
"""

import errno
import operator
import time
from collections.abc import Callable

from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.state.futexes import Waiter
from dbt.linux.state.robust import OWNER_DIED, TID, WAITERS, hand_over
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_OP_SHIFTS = 8


def end_wait(kernel: "Kernel", waiter: Waiter, until: int | None, look: int | None = None) -> None:
    """Have a wait end if it is time or a signal has come (ETIMEDOUT, EINTR), else park its thread:
    for at most ``look`` nanoseconds, if that is given."""
    now = time.monotonic_ns()
    if until is not None and now >= until:
        kernel.futexes.remove(waiter)
        raise failure(errno.ETIMEDOUT)
    if kernel.signals.interrupted() or kernel.overdue():
        kernel.futexes.remove(waiter)
        raise failure(errno.EINTR)
    if look is not None:
        until = now + look if until is None else min(until, now + look)
    waiting.block(kernel, until=until)


def lock(kernel: "Kernel", at: int, until: int | None, *, waits: bool = True) -> int:
    """Take a lock, or wait for it if somebody else has it. EDEADLK for its owner, ESRCH for one
    that there is not; EAGAIN instead of waiting."""
    thread, futexes, memory = kernel.threads.current, kernel.futexes, kernel.memory
    if thread.woken:  # it was handed over
        thread.woken = False
        return 0
    if futexes.is_shared(at):
        kernel.unknown_syscalls["locks of several processes that inherit priorities"] += 1
        raise failure(errno.ENOSYS)
    waiter = futexes.of(thread)
    if waiter is None:
        word = memory.load(at, 4)
        owner = word & TID
        if owner == thread.tid:
            raise failure(errno.EDEADLK)
        if not owner:
            memory.store(at, 4, word & OWNER_DIED | thread.tid)
            return 0
        if not waits:
            raise failure(errno.EAGAIN)
        if kernel.threads.get(owner) is None:
            raise failure(errno.ESRCH)
        memory.store(at, 4, word | WAITERS)
        futexes.add(waiter := Waiter(thread, at, owns=True))
    end_wait(kernel, waiter, until)
    return 0


def unlock(kernel: "Kernel", at: int) -> int:
    """Give a lock to the first that waits for it. EPERM if it is not the thread's."""
    memory, word = kernel.memory, kernel.memory.load(at, 4)
    while word & TID == kernel.thread:
        if hand_over(kernel, at) or (there := memory.compare_exchange(at, 4, word, 0)) == word:
            return 0
        word = there
    raise failure(errno.EPERM)


def wake_op(kernel: "Kernel", at: int, count: int, at2: int, count2: int, encoded: int) -> int:
    """Change the word at ``at2``, wake waiters of the one at ``at``, and those of the other if its
    old value compares as wanted (futex_atomic_op_inuser)."""
    operation, comparison = encoded >> 28, encoded >> 24 & 15
    argument, compared = _signed(encoded >> 12), _signed(encoded)
    if operation & _OP_SHIFTS:
        argument = 1 << (argument & 31)
    change = _CHANGES.get(operation & 7)
    if change is None or comparison >= len(_COMPARISONS):
        raise failure(errno.ENOSYS)
    old, there = None, kernel.memory.load(at2, 4)
    while there != old:
        old = there
        changed = change(old, argument) & 0xFFFFFFFF
        there = kernel.memory.compare_exchange(at2, 4, old, changed)
    holds = _COMPARISONS[comparison](there - ((there & 1 << 31) << 1), compared)
    woken = kernel.futexes.wake_everywhere(at, max(1, count))
    return woken + (kernel.futexes.wake_everywhere(at2, max(1, count2)) if holds else 0)


def _signed(value: int) -> int:
    """Its low 12 bits as a signed number."""
    return (value & 0x7FF) - (value & 0x800)


_CHANGES: dict[int, Callable[[int, int], int]] = {
    0: lambda _, argument: argument,
    1: operator.add,
    2: operator.or_,
    3: lambda old, argument: old & ~argument,
    4: operator.xor,
}
_COMPARISONS: tuple[Callable[[int, int], bool], ...] = (
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
)  # fmt: skip

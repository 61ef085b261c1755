"""Futexes with an owner (FUTEX_LOCK_PI and its like, kernel/futex/pi.c), and FUTEX_WAKE_OP.

The word of a lock with priority inheritance holds the id of its owner. It is handed to the first
that waits; there are no priorities to inherit. Locks in memory that other processes may share are
not supported (ENOSYS).
"""

import errno
import time

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
    if kernel.memory.load(at, 4) & TID != kernel.thread:
        raise failure(errno.EPERM)
    if not hand_over(kernel, at):
        kernel.memory.store(at, 4, 0)
    return 0


def wake_op(kernel: "Kernel", at: int, count: int, at2: int, count2: int, encoded: int) -> int:
    """Change the word at ``at2``, wake waiters of the one at ``at``, and those of the other if its
    old value compares as wanted (futex_atomic_op_inuser)."""
    operation, comparison = encoded >> 28, encoded >> 24 & 15
    argument, compared = _signed(encoded >> 12), _signed(encoded)
    if operation & _OP_SHIFTS:
        argument = 1 << (argument & 31)
    old = kernel.memory.load(at2, 4)
    changed = {
        0: argument, 1: old + argument, 2: old | argument, 3: old & ~argument, 4: old ^ argument,
    }.get(operation & 7)  # fmt: skip
    holds = _compared(comparison, old - ((old & 1 << 31) << 1), compared)
    if changed is None or holds is None:
        raise failure(errno.ENOSYS)
    kernel.memory.store(at2, 4, changed & 0xFFFFFFFF)
    woken = kernel.futexes.wake_everywhere(at, max(1, count))
    return woken + (kernel.futexes.wake_everywhere(at2, max(1, count2)) if holds else 0)


def _signed(value: int) -> int:
    """Its low 12 bits as a signed number."""
    return (value & 0x7FF) - (value & 0x800)


def _compared(comparison: int, old: int, with_: int) -> bool | None:
    results = (old == with_, old != with_, old < with_, old <= with_, old > with_, old >= with_)
    return results[comparison] if comparison < len(results) else None

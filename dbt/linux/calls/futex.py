"""futex: waits for words in memory, and wakes who waits.

A process with one thread passes it on to the host, on the host's address of the guest's word, so
that forked processes that share memory share its futexes; a wait that nobody ends lasts until a
signal or the time-out, as natively. In a process with threads the queues are its own
(``state/futexes.py``).
"""

import ctypes
import errno
import struct
import time

from dbt.interfaces import READ, WRITE
from dbt.linux.errors import failure
from dbt.linux.state import futex_locks, waiting
from dbt.linux.state.futexes import ANY, Waiter, host_futex
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO, read_nanoseconds
from dbt.stops import Access
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP = 0, 1, 3, 4, 5
LOCK_PI, UNLOCK_PI, TRYLOCK_PI, LOCK_PI2 = 6, 7, 8, 13
WAIT_BITSET, WAKE_BITSET = 9, 10
PRIVATE, CLOCK_REALTIME = 128, 256
_ABSOLUTE = {WAIT_BITSET, LOCK_PI, LOCK_PI2}
_NAP = NANO // 20
_LOOK = NANO // 500
"""Nanoseconds between two looks at a word that other processes may change."""


def _futex(
    kernel: "Kernel", at: int, operation: int, value: int, timeout: int, at2: int, value3: int,
    *, wide: bool,
) -> int:  # fmt: skip
    command = operation & 0x7F
    if at & 3:
        raise failure(errno.EINVAL)
    memory = kernel.memory
    memory.check(at, 4, READ, Access.READ)
    if command in (WAIT, WAIT_BITSET):
        until = _until(kernel, operation, timeout, wide=wide)
        return _wait(kernel, at, value, value3 if command == WAIT_BITSET else ANY, operation, until)
    if command in (LOCK_PI, LOCK_PI2, TRYLOCK_PI, UNLOCK_PI):
        memory.check(at, 4, READ | WRITE, Access.WRITE)
        if command == UNLOCK_PI:
            return futex_locks.unlock(kernel, at)
        if command == TRYLOCK_PI:
            return futex_locks.lock(kernel, at, None, waits=False)
        realtime = operation | CLOCK_REALTIME if command == LOCK_PI else operation
        return futex_locks.lock(kernel, at, _until(kernel, realtime, timeout, wide=wide))
    if command in (WAKE, WAKE_BITSET):
        return _wake(kernel, at, operation, value, value3)
    if command in (REQUEUE, CMP_REQUEUE, WAKE_OP):
        memory.check(at2, 4, READ | WRITE, Access.WRITE)
        if command == WAKE_OP:
            memory.view(at2, 4, writable=True)  # the host's kernel may write it
        if kernel.threads.others:
            if command == WAKE_OP:
                return futex_locks.wake_op(kernel, at, value, at2, timeout, value3)
            if command == CMP_REQUEUE and memory.load(at, 4) != value3:
                raise failure(errno.EAGAIN)
            return _requeue(kernel, at, value, at2, timeout)
        return host_futex(operation, memory.base + at, value, timeout, memory.base + at2, value3)
    raise failure(errno.ENOSYS)


def _until(kernel: "Kernel", operation: int, timeout: int, *, wide: bool) -> int | None:
    """The moment of CLOCK_MONOTONIC at which a wait ends; None: never."""
    if not timeout:
        return None
    wanted = read_nanoseconds(kernel, timeout, wide=wide)
    if operation & 0x7F not in _ABSOLUTE:
        return kernel.sleep_until(time.monotonic_ns() + wanted)
    realtime = operation & CLOCK_REALTIME
    return waiting.until(time.CLOCK_REALTIME, wanted) if realtime else wanted


def _wait(
    kernel: "Kernel", at: int, value: int, bits: int, operation: int, until: int | None
) -> int:
    if not bits:
        raise failure(errno.EINVAL)
    thread, futexes = kernel.threads.current, kernel.futexes
    if thread.woken:
        thread.woken = False
        return 0
    if kernel.threads.others:
        return _wait_here(kernel, at, value, bits, until)
    waiter = futexes.of(thread)
    if waiter is not None:  # the other threads have ended since
        futexes.remove(waiter)
    return _wait_on_host(kernel, at, value, bits, operation, until)


def _wait_here(kernel: "Kernel", at: int, value: int, bits: int, until: int | None) -> int:
    """Begin to wait in the process's own queues, or look whether a wait there has ended."""
    thread, futexes = kernel.threads.current, kernel.futexes
    waiter, shared = futexes.of(thread), futexes.is_shared(at)
    if waiter is None:
        if kernel.memory.load(at, 4) != value:
            raise failure(errno.EAGAIN)
        futexes.add(waiter := Waiter(thread, at, bits))
    elif shared and waiter.address == at and kernel.memory.load(at, 4) != value:
        futexes.remove(waiter)
        return 0
    futex_locks.end_wait(kernel, waiter, until, _LOOK if shared else None)
    return 0


def _wait_on_host(
    kernel: "Kernel", at: int, value: int, bits: int, operation: int, until: int | None
) -> int:
    """Wait in short naps, so that a signal or the user's time limit ends it."""
    plain = operation & PRIVATE | WAIT_BITSET
    while True:
        left = _NAP if until is None else until - time.monotonic_ns()
        if left <= 0 and kernel.memory.load(at, 4) == value:
            raise failure(errno.ETIMEDOUT)
        if kernel.signals.interrupted() or kernel.overdue():
            raise failure(errno.EINTR)
        nap = time.monotonic_ns() + max(0, min(left, _NAP))
        spec = ctypes.create_string_buffer(struct.pack("=qq", *divmod(nap, NANO)))
        try:
            return host_futex(plain, kernel.memory.base + at, value, spec, 0, bits)
        except OSError as error:
            if error.errno != errno.ETIMEDOUT:
                raise


def _wake(kernel: "Kernel", at: int, operation: int, count: int, bits: int) -> int:
    if operation & 0x7F == WAKE:
        bits = ANY
    if not bits:
        raise failure(errno.EINVAL)
    if kernel.threads.others:
        return kernel.futexes.wake_everywhere(at, max(1, count), bits)
    return host_futex(operation, kernel.memory.base + at, count, 0, 0, bits)


def _requeue(kernel: "Kernel", at: int, count: int, at2: int, most: int) -> int:
    """Wake waiters of one word and have others wait for another one. Returns how many of both."""
    if max(count, most) >> 31:
        raise failure(errno.EINVAL)
    futexes, base = kernel.futexes, kernel.memory.base
    woken = futexes.wake(at, count)
    moved = futexes.requeue(at, most, at2)
    if futexes.is_shared(at):
        left = (count - woken, most - moved)
        moved += host_futex(REQUEUE, base + at, left[0], left[1], base + at2, 0)
    return woken + moved


@syscall("futex")
def futex(
    kernel: "Kernel", at: int, operation: int, value: int, timeout: int, at2: int, value3: int
) -> int:
    """Wait for, or wake waiters of, a word."""
    return _futex(kernel, at, operation, value, timeout, at2, value3, wide=False)


@syscall("futex_time64")
def futex_time64(
    kernel: "Kernel", at: int, operation: int, value: int, timeout: int, at2: int, value3: int
) -> int:
    """The same with a 64-bit time-out."""
    return _futex(kernel, at, operation, value, timeout, at2, value3, wide=True)

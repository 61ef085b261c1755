"""futex: passed on to the host, on the host's address of the guest's word.

Forked processes that share memory share its futexes. Guests have one thread, so a wait that nobody
ends lasts until a signal or the time-out, as natively.
"""

import ctypes
import errno
import os
import struct
import time
from typing import TYPE_CHECKING

from dbt.interfaces import READ, WRITE
from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO, read_nanoseconds
from dbt.stops import Access

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP = 0, 1, 3, 4, 5
WAIT_BITSET, WAKE_BITSET = 9, 10
PRIVATE, CLOCK_REALTIME = 128, 256
_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}
_NAP = NANO // 20


def _host(operation: int, address: int, value: int, fourth: object, second: int, third: int) -> int:
    number = _NUMBERS.get(os.uname().machine)
    if number is None:
        raise failure(errno.ENOSYS)
    return host.call("syscall", number, address, operation, value, fourth, second, third)


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
        return _wait(kernel, at, operation, value, timeout, value3, wide=wide)
    if command in (WAKE, WAKE_BITSET):
        return _host(operation, memory.base + at, value, 0, 0, value3)
    if command in (REQUEUE, CMP_REQUEUE, WAKE_OP):
        memory.check(at2, 4, READ | WRITE, Access.WRITE)
        return _host(operation, memory.base + at, value, timeout, memory.base + at2, value3)
    raise failure(errno.ENOSYS)


def _wait(
    kernel: "Kernel", at: int, operation: int, value: int, timeout: int, bits: int, *, wide: bool
) -> int:
    """Wait in short naps, so that a signal or the user's time limit ends it."""
    absolute = operation & 0x7F == WAIT_BITSET
    clock = time.CLOCK_REALTIME if operation & CLOCK_REALTIME else time.CLOCK_MONOTONIC
    until = None
    if timeout:
        until = read_nanoseconds(kernel, timeout, wide=wide)
        until += 0 if absolute else time.clock_gettime_ns(clock)
    plain = (operation & ~CLOCK_REALTIME & ~0x7F) | WAIT_BITSET
    while True:
        left = _NAP if until is None else until - time.clock_gettime_ns(clock)
        if left <= 0 and kernel.memory.load(at, 4) == value:
            raise failure(errno.ETIMEDOUT)
        if kernel.signals.interrupted() or kernel.overdue():
            raise failure(errno.EINTR)
        nap = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + max(0, min(left, _NAP))
        spec = ctypes.create_string_buffer(struct.pack("=qq", *divmod(nap, NANO)))
        mask = bits if absolute else 0xFFFFFFFF
        try:
            return _host(plain, kernel.memory.base + at, value, spec, 0, mask)
        except OSError as error:
            if error.errno != errno.ETIMEDOUT:
                raise


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

"""Clocks and sleeping."""

import errno
import os
import struct
import time

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.table import syscall
from dbt.linux.timespec import (
    NANO,
    pack_timespec,
    pack_timeval,
    read_nanoseconds,
)
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

TICKS = 100
TIMER_ABSTIME = 1
_SLEEPING_CLOCKS = {0, 1, 2, 7, 8, 9, 11}
_OTHER_CLOCKS = {3, 4, 5, 6}  # of a thread, raw, and the coarse ones: only read
_LONGEST_NAP = 0.05


def clock_nanoseconds(clock: int) -> int:
    """A clock's time; clocks keep the host's numbers. EINVAL for one that is not there."""
    try:
        return time.clock_gettime_ns(clock)
    except OSError:
        raise failure(errno.EINVAL) from None


@syscall("clock_gettime")
def clock_gettime(kernel: "Kernel", clock: int, address: int) -> int:
    """A clock's time."""
    kernel.memory.write(address, pack_timespec(clock_nanoseconds(clock), wide=False))
    return 0


@syscall("clock_gettime64")
def clock_gettime64(kernel: "Kernel", clock: int, address: int) -> int:
    """A clock's time, 64-bit."""
    kernel.memory.write(address, pack_timespec(clock_nanoseconds(clock), wide=True))
    return 0


def _clock_getres(kernel: "Kernel", clock: int, address: int, *, wide: bool) -> int:
    clock_nanoseconds(clock)
    if address:
        resolution = round(time.clock_getres(clock) * NANO)
        kernel.memory.write(address, pack_timespec(resolution, wide=wide))
    return 0


@syscall("clock_getres")
def clock_getres(kernel: "Kernel", clock: int, address: int) -> int:
    """A clock's resolution."""
    return _clock_getres(kernel, clock, address, wide=False)


@syscall("clock_getres_time64")
def clock_getres64(kernel: "Kernel", clock: int, address: int) -> int:
    """A clock's resolution, 64-bit."""
    return _clock_getres(kernel, clock, address, wide=True)


@syscall("clock_settime", "clock_settime64", "settimeofday", "stime", "adjtimex", "clock_adjtime",
         "clock_adjtime64")  # fmt: skip
def clock_settime(kernel: "Kernel") -> int:
    """The guest may not set clocks."""
    del kernel
    raise failure(errno.EPERM)


@syscall("gettimeofday")
def gettimeofday(kernel: "Kernel", address: int, zone: int) -> int:
    """The time of day."""
    if address:
        kernel.memory.write(address, pack_timeval(time.time_ns() // 1000))
    if zone:
        kernel.memory.write(zone, bytes(8))
    return 0


@syscall("time")
def time_(kernel: "Kernel", address: int) -> int:
    """Seconds since 1970."""
    now = int(time.time())
    if address:
        kernel.memory.store(address, 4, now & 0xFFFFFFFF)
    return now


@syscall("times")
def times(kernel: "Kernel", address: int) -> int:
    """Processor time in ticks; the result counts ticks since some moment."""
    used = os.times()
    if address:
        ticks = (used.user, used.system, used.children_user, used.children_system)
        kernel.memory.write(address, struct.pack("<4I", *(int(t * TICKS) for t in ticks)))
    return int(time.monotonic() * TICKS) & 0x7FFFFFFF


# -- sleeping --------------------------------------------------------------------------------------


def sleep(kernel: "Kernel", clock: int, until: int) -> int:
    """Sleep until a clock shows ``until``. Returns the nanoseconds left when a signal or the host
    ended the sleep."""
    while True:
        left = until - clock_nanoseconds(clock)
        if left <= 0:
            return 0
        if kernel.signals.interrupted() or kernel.overdue():
            return left
        waiting.block(kernel, until=waiting.until(clock, until))
        # Short naps: a signal that comes between the test and the sleep is noticed soon.
        # A nap that ends without a signal of the guest ends the call too: the host wants control.
        try:
            host.nap(min(left / NANO, _LONGEST_NAP))
        except OSError:
            return max(1, until - clock_nanoseconds(clock))


def _nanosleep(
    kernel: "Kernel", clock: int, flags: int, wanted: int, left_at: int, *, wide: bool
) -> int:
    if clock not in _SLEEPING_CLOCKS:
        raise failure(errno.EOPNOTSUPP if clock in _OTHER_CLOCKS else errno.EINVAL)
    clock = 0 if clock in (8, 11) else 1 if clock in (7, 9) else clock
    absolute = bool(flags & TIMER_ABSTIME)
    until = wanted if absolute else kernel.sleep_until(clock_nanoseconds(clock) + wanted)
    left = sleep(kernel, clock, until)
    if not left:
        kernel.end_sleep()
        return 0
    if left_at and not absolute:
        kernel.memory.write(left_at, pack_timespec(left, wide=wide))
    raise failure(errno.EINTR)


@syscall("nanosleep")
def nanosleep(kernel: "Kernel", wanted: int, left: int) -> int:
    """Sleep."""
    duration = read_nanoseconds(kernel, wanted, wide=False)
    return _nanosleep(kernel, 1, 0, duration, left, wide=False)


@syscall("clock_nanosleep")
def clock_nanosleep(kernel: "Kernel", clock: int, flags: int, wanted: int, left: int) -> int:
    """Sleep on a clock."""
    duration = read_nanoseconds(kernel, wanted, wide=False)
    return _nanosleep(kernel, clock, flags, duration, left, wide=False)


@syscall("clock_nanosleep_time64")
def clock_nanosleep64(kernel: "Kernel", clock: int, flags: int, wanted: int, left: int) -> int:
    """Sleep on a clock, 64-bit."""
    duration = read_nanoseconds(kernel, wanted, wide=True)
    return _nanosleep(kernel, clock, flags, duration, left, wide=True)

"""Resource limits, priorities and scheduling."""

import errno
import os
import resource
import struct
from typing import TYPE_CHECKING

from dbt.linux import targets
from dbt.linux.table import S32, syscall

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

STACK, CORE, NOFILE, AS, DATA = 3, 4, 7, 9, 2
LIMITS = 16
UNLIMITED = (1 << 64) - 1
_HIGHEST = 4096  # open files


def _fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def limit(kernel: "Kernel", number: int) -> tuple[int, int]:
    """Soft and hard limit, 64-bit. Only the number of open files is enforced; the others are the
    host's, or what the guest set."""
    if not 0 <= number < LIMITS:
        raise _fail(errno.EINVAL)
    if number in kernel.process.limits:
        return kernel.process.limits[number]
    if number == STACK:
        return kernel.options.stack_size, UNLIMITED
    if number == NOFILE:
        return kernel.files.limit, _HIGHEST
    if number in (AS, DATA):
        return UNLIMITED, UNLIMITED
    soft, hard = resource.getrlimit(number)
    return soft & UNLIMITED, hard & UNLIMITED


def set_limit(kernel: "Kernel", number: int, soft: int, hard: int) -> None:
    """EINVAL, EPERM (only lowering the hard limit is allowed)."""
    if soft > hard:
        raise _fail(errno.EINVAL)
    if hard > limit(kernel, number)[1]:
        raise _fail(errno.EPERM)
    kernel.process.limits[number] = (soft, hard)
    if number == NOFILE:
        kernel.files.limit = min(soft, _HIGHEST)


def _narrow(value: int, infinity: int) -> int:
    return min(value, infinity)


def _get(kernel: "Kernel", number: int, address: int, infinity: int) -> int:
    pair = (_narrow(value, infinity) for value in limit(kernel, number))
    kernel.memory.write(address, struct.pack("<II", *pair))
    return 0


@syscall("ugetrlimit")
def ugetrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """A limit in 32 bits."""
    return _get(kernel, number, address, 0xFFFFFFFF)


@syscall("getrlimit")
def old_getrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """A limit in 31 bits."""
    return _get(kernel, number, address, 0x7FFFFFFF)


@syscall("setrlimit")
def setrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """Set a limit."""
    soft, hard = struct.unpack("<II", kernel.memory.read(address, 8))
    wide = [UNLIMITED if value == 0xFFFFFFFF else value for value in (soft, hard)]
    set_limit(kernel, number, *wide)
    return 0


@syscall("prlimit64")
def prlimit64(kernel: "Kernel", pid: S32, number: int, new: int, old: int) -> int:
    """Get and set a limit of this process."""
    if targets.check(kernel, pid) != os.getpid():
        raise _fail(errno.EPERM)
    before = limit(kernel, number)
    wanted = struct.unpack("<QQ", kernel.memory.read(new, 16)) if new else None
    if wanted is not None:
        set_limit(kernel, number, *wanted)
    if old:
        kernel.memory.write(old, struct.pack("<QQ", *before))
    return 0


# -- scheduling ------------------------------------------------------------------------------------


@syscall("sched_yield")
def sched_yield(kernel: "Kernel") -> int:
    """Let others run."""
    del kernel
    os.sched_yield()
    return 0


def _task(kernel: "Kernel", pid: int) -> None:
    """Raise EINVAL, ESRCH or EPERM when ``pid`` is not a process of the guest's."""
    if pid < 0:
        raise _fail(errno.EINVAL)
    targets.check(kernel, pid)


@syscall("sched_getaffinity")
def sched_getaffinity(kernel: "Kernel", pid: S32, size: int, address: int) -> int:
    """One processor: a guest has one thread."""
    _task(kernel, pid)
    if size < 4 or size & 3:
        raise _fail(errno.EINVAL)
    kernel.memory.store(address, 4, 1)
    return 4


@syscall("sched_setaffinity")
def sched_setaffinity(kernel: "Kernel", pid: S32, size: int, address: int) -> int:
    """Any set with the one processor."""
    _task(kernel, pid)
    if not kernel.memory.read(address, min(size, 4))[:1] or not kernel.memory.load(address, 1) & 1:
        raise _fail(errno.EINVAL)
    return 0


@syscall("sched_getscheduler")
def sched_getscheduler(kernel: "Kernel", pid: S32) -> int:
    """SCHED_OTHER."""
    _task(kernel, pid)
    return 0


@syscall("sched_setscheduler")
def sched_setscheduler(kernel: "Kernel", pid: S32, policy: S32, address: int) -> int:
    """Only SCHED_OTHER."""
    _task(kernel, pid)
    if policy not in (0, 3, 5):
        raise _fail(errno.EPERM)
    if kernel.memory.load(address, 4):
        raise _fail(errno.EINVAL)
    return 0


@syscall("sched_getparam")
def sched_getparam(kernel: "Kernel", pid: S32, address: int) -> int:
    """Priority zero."""
    _task(kernel, pid)
    kernel.memory.store(address, 4, 0)
    return 0


@syscall("sched_setparam")
def sched_setparam(kernel: "Kernel", pid: S32, address: int) -> int:
    """Only zero."""
    _task(kernel, pid)
    if kernel.memory.load(address, 4):
        raise _fail(errno.EINVAL)
    return 0


@syscall("sched_get_priority_max")
def sched_get_priority_max(kernel: "Kernel", policy: S32) -> int:
    """99 for the real-time policies."""
    del kernel
    if policy not in (0, 1, 2, 3, 5, 6):
        raise _fail(errno.EINVAL)
    return 99 if policy in (1, 2) else 0


@syscall("sched_get_priority_min")
def sched_get_priority_min(kernel: "Kernel", policy: S32) -> int:
    """1 for the real-time policies."""
    return min(1, sched_get_priority_max(kernel, policy))


@syscall("getpriority")
def getpriority(kernel: "Kernel", which: S32, who: S32) -> int:
    """20 minus the nice value."""
    if which == os.PRIO_PROCESS:
        targets.check(kernel, who)
    elif which == os.PRIO_PGRP:
        targets.check_group(kernel, who)
    elif who not in (0, os.getuid()):
        raise _fail(errno.ESRCH if which == os.PRIO_USER else errno.EINVAL)
    return 20 - os.getpriority(which, who)


@syscall("setpriority")
def setpriority(kernel: "Kernel", which: S32, who: int, value: S32) -> int:
    """Nice values of the guest's own process."""
    del kernel
    if which != os.PRIO_PROCESS or who not in (0, os.getpid()):
        raise _fail(errno.EPERM)
    os.setpriority(which, who, max(-20, min(19, value)))
    return 0


@syscall("nice")
def nice(kernel: "Kernel", increment: S32) -> int:
    """Be nicer."""
    del kernel
    try:
        os.nice(max(-40, min(40, increment)))
    except PermissionError:
        raise _fail(errno.EPERM) from None
    return 0

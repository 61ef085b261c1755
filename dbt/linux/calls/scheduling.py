"""Scheduling as a process without privileges may set it (kernel/sched/core.c, block/ioprio.c).

What a guest sets is kept and given back; the nice value is also the host's in processes that the
guest forked. For other processes of the guest the calls return the defaults and change nothing.
"""

import errno
import os
import struct
from contextlib import suppress

from dbt.linux.errors import failure
from dbt.linux.state import targets
from dbt.linux.state.limits import limit
from dbt.linux.state.task import TaskAttributes
from dbt.linux.structs import store
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

NORMAL, FIFO, RR, BATCH, IDLE, DEADLINE = 0, 1, 2, 3, 5, 6
RESET_ON_FORK = 0x40000000
_REAL_TIME = (FIFO, RR)
_POLICIES = (NORMAL, FIFO, RR, BATCH, IDLE, DEADLINE)
_HIGHEST = 99
_LIMIT_NICE, _LIMIT_REAL_TIME = 13, 14
_WHO_PROCESS, _WHO_USER = 1, 3

_ATTRIBUTES = struct.Struct("<IIQiIQQQII")  # struct sched_attr
_FIRST_SIZE = 48
_PAGE = 4096
_FLAG_RESET, _FLAG_KEEP_POLICY, _FLAG_KEEP_PARAMETERS = 1, 8, 0x10
_FLAGS, _FLAGS_CLAMP = 0x7F, 0x60
_LEAST_RUNTIME = 1024  # ns
_SLICE = {FIFO: 0, RR: 100_000_000}
_FAIR_SLICE = 4_000_000

_IO_CLASS_SHIFT = 13
_IO_NONE, _IO_REAL_TIME, _IO_BEST_EFFORT, _IO_IDLE = 0, 1, 2, 3


def _task(kernel: "Kernel", pid: int) -> TaskAttributes | None:
    """The values of the caller (0 too); None for another process of the guest. EINVAL, ESRCH,
    EPERM."""
    if pid < 0:
        raise failure(errno.EINVAL)
    return kernel.process.task if targets.check(kernel, pid) == os.getpid() else None


def _own(kernel: "Kernel", pid: int) -> TaskAttributes:
    """The same for calls that change them: EPERM for another process."""
    task = _task(kernel, pid)
    if task is None:
        raise failure(errno.EPERM)
    return task


def _may_be(kernel: "Kernel", nice: int) -> bool:
    """RLIMIT_NICE allows a nice value (can_nice)."""
    return 20 - nice <= limit(kernel, _LIMIT_NICE)[0]


# -- policies --------------------------------------------------------------------------------------


def _change(
    kernel: "Kernel", task: TaskAttributes, policy: int, priority: int, nice: int, *, reset: bool
) -> int:
    """A new policy, as an unprivileged user may have it (__sched_setscheduler)."""
    if policy not in _POLICIES or policy == DEADLINE:
        raise failure(errno.EINVAL)
    if priority > _HIGHEST or (policy in _REAL_TIME) != (priority != 0):
        raise failure(errno.EINVAL)
    most = limit(kernel, _LIMIT_REAL_TIME)[0]
    refused = task.reset_on_fork and not reset
    if policy in _REAL_TIME:
        refused |= policy != task.policy and not most
        refused |= priority > task.priority and priority > most
    else:
        refused |= nice < task.nice and not _may_be(kernel, nice)
    refused |= task.policy == IDLE and policy != IDLE and not _may_be(kernel, task.nice)
    if refused:
        raise failure(errno.EPERM)
    task.policy, task.priority, task.reset_on_fork = policy, priority, reset
    if policy not in _REAL_TIME:
        _set_nice(kernel, nice)
    return 0


@syscall("sched_getscheduler")
def sched_getscheduler(kernel: "Kernel", pid: int) -> int:
    """The policy, with the flag that fork resets it."""
    task = _task(kernel, pid) or TaskAttributes(nice=0)
    return task.policy | (RESET_ON_FORK if task.reset_on_fork else 0)


@syscall("sched_setscheduler")
def sched_setscheduler(kernel: "Kernel", pid: int, policy: int, address: int) -> int:
    """Set policy and priority."""
    if policy < 0 or pid < 0 or not address:
        raise failure(errno.EINVAL)
    priority = kernel.memory.load(address, 4)
    task, reset = _own(kernel, pid), bool(policy & RESET_ON_FORK)
    return _change(kernel, task, policy & ~RESET_ON_FORK, priority, task.nice, reset=reset)


@syscall("sched_getparam")
def sched_getparam(kernel: "Kernel", pid: int, address: int) -> int:
    """The priority."""
    if not address:
        raise failure(errno.EINVAL)
    task = _task(kernel, pid)
    kernel.memory.store(address, 4, task.priority if task else 0)
    return 0


@syscall("sched_setparam")
def sched_setparam(kernel: "Kernel", pid: int, address: int) -> int:
    """Set the priority."""
    if not address or pid < 0:
        raise failure(errno.EINVAL)
    priority, task = kernel.memory.load(address, 4), _own(kernel, pid)
    return _change(kernel, task, task.policy, priority, task.nice, reset=task.reset_on_fork)


@syscall("sched_getattr")
def sched_getattr(kernel: "Kernel", pid: int, address: int, size: int, flags: int) -> int:
    """Policy, flags, nice value and priority in a structure that may grow."""
    if not address or flags or not _FIRST_SIZE <= size <= _PAGE:
        raise failure(errno.EINVAL)
    task = _task(kernel, pid) or TaskAttributes(nice=0)
    size = min(size, _ATTRIBUTES.size)
    nice = 0 if task.policy in _REAL_TIME else task.nice
    flag = _FLAG_RESET if task.reset_on_fork else 0
    packed = _ATTRIBUTES.pack(size, task.policy, flag, nice, task.priority, 0, 0, 0, 0, 0)
    kernel.memory.write(address, packed[:size])
    return 0


@syscall("sched_setattr")
def sched_setattr(kernel: "Kernel", pid: int, address: int, flags: int) -> int:
    """Set all of it. E2BIG, with the size there is, for a structure that says more."""
    if not address or pid < 0 or flags:
        raise failure(errno.EINVAL)
    size = kernel.memory.load(address, 4) or _FIRST_SIZE
    content = kernel.memory.read(address, size) if _FIRST_SIZE <= size <= _PAGE else b""
    if not content or any(content[_ATTRIBUTES.size :]):
        kernel.memory.store(address, 4, _ATTRIBUTES.size)
        raise failure(errno.E2BIG)
    whole = content[: _ATTRIBUTES.size].ljust(_ATTRIBUTES.size, b"\0")
    _, policy, options, nice, priority, runtime, deadline, *_ = _ATTRIBUTES.unpack(whole)
    if policy >> 31 or options & ~_FLAGS or (options & _FLAGS_CLAMP and size < _ATTRIBUTES.size):
        raise failure(errno.EINVAL)
    if options & _FLAGS_CLAMP:
        raise failure(errno.EOPNOTSUPP)
    task = _own(kernel, pid)
    if options & _FLAG_KEEP_POLICY:
        policy = task.policy
    if options & _FLAG_KEEP_PARAMETERS:
        priority, nice = task.priority, task.nice
    if policy == DEADLINE and _LEAST_RUNTIME <= runtime <= deadline:
        raise failure(errno.EPERM)
    nice, reset = max(-20, min(19, nice)), bool(options & _FLAG_RESET)
    return _change(kernel, task, policy, priority, nice, reset=reset)


@syscall("sched_rr_get_interval")
def sched_rr_get_interval(kernel: "Kernel", pid: int, address: int) -> int:
    """How long the process may run at a time."""
    return _slice(kernel, pid, address, "timespec")


@syscall("sched_rr_get_interval_time64")
def sched_rr_get_interval_time64(kernel: "Kernel", pid: int, address: int) -> int:
    """The same in a 64-bit timespec."""
    return _slice(kernel, pid, address, "timespec64")


def _slice(kernel: "Kernel", pid: int, address: int, form: str) -> int:
    task = _task(kernel, pid) or TaskAttributes(nice=0)
    nanoseconds = _SLICE.get(task.policy, _FAIR_SLICE)
    store(kernel, form, address, sec=0, nsec=nanoseconds)
    return 0


@syscall("sched_get_priority_max")
def sched_get_priority_max(kernel: "Kernel", policy: int) -> int:
    """99 for the real-time policies."""
    del kernel
    if policy not in _POLICIES:
        raise failure(errno.EINVAL)
    return _HIGHEST if policy in _REAL_TIME else 0


@syscall("sched_get_priority_min")
def sched_get_priority_min(kernel: "Kernel", policy: int) -> int:
    """1 for the real-time policies."""
    return min(1, sched_get_priority_max(kernel, policy))


@syscall("sched_yield")
def sched_yield(kernel: "Kernel") -> int:
    """Let others run."""
    if kernel.threads.can_switch():
        kernel.threads.yields = True
    else:
        os.sched_yield()
    return 0


# -- processors ------------------------------------------------------------------------------------


@syscall("sched_getaffinity")
def sched_getaffinity(kernel: "Kernel", pid: int, size: int, address: int) -> int:
    """One processor: threads of a guest take turns on it."""
    if size < 4 or size & 3:
        raise failure(errno.EINVAL)
    targets.check(kernel, pid)
    kernel.memory.store(address, 4, 1)
    return 4


@syscall("sched_setaffinity")
def sched_setaffinity(kernel: "Kernel", pid: int, size: int, address: int) -> int:
    """Any set with the one processor."""
    mask = kernel.memory.read(address, min(size, 4))
    targets.check(kernel, pid)
    if not mask or not mask[0] & 1:
        raise failure(errno.EINVAL)
    return 0


# -- nice values -----------------------------------------------------------------------------------


def _set_nice(kernel: "Kernel", value: int) -> None:
    kernel.process.task.nice = value
    if kernel.is_child:  # the first process's host process is not the guest's alone
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, value)


@syscall("getpriority")
def getpriority(kernel: "Kernel", which: int, who: int) -> int:
    """20 minus the nice value."""
    if which not in (os.PRIO_PROCESS, os.PRIO_PGRP, os.PRIO_USER):
        raise failure(errno.EINVAL)
    if _means_caller(kernel, which, who):
        return 20 - kernel.process.task.nice
    if which == os.PRIO_USER:
        raise failure(errno.ESRCH)
    check = targets.check if which == os.PRIO_PROCESS else targets.check_group
    return 20 - os.getpriority(which, check(kernel, who))


def _means_caller(kernel: "Kernel", which: int, who: int) -> bool:
    """Whether the caller is meant. Its threads have one nice value."""
    if which == os.PRIO_PROCESS and kernel.threads.get(who) is not None:
        return True
    own = {os.PRIO_PROCESS: os.getpid, os.PRIO_PGRP: os.getpgrp, os.PRIO_USER: os.getuid}
    return who in (0, own[which]())


@syscall("setpriority")
def setpriority(kernel: "Kernel", which: int, who: int, value: int) -> int:
    """Nice values of the guest's own process; only to be nicer, but for RLIMIT_NICE."""
    if which not in (os.PRIO_PROCESS, os.PRIO_PGRP, os.PRIO_USER):
        raise failure(errno.EINVAL)
    if not _means_caller(kernel, which, who):
        if which == os.PRIO_PROCESS:
            targets.check(kernel, who)  # ESRCH
        raise failure(errno.EPERM)
    value = max(-20, min(19, value))
    if value < kernel.process.task.nice and not _may_be(kernel, value):
        raise failure(errno.EACCES)
    _set_nice(kernel, value)
    return 0


@syscall("nice")
def nice(kernel: "Kernel", increment: int) -> int:
    """Be nicer."""
    now = kernel.process.task.nice
    value = max(-20, min(19, now + max(-40, min(40, increment))))
    if increment < 0 and not _may_be(kernel, value):
        raise failure(errno.EPERM)
    _set_nice(kernel, value)
    return 0


# -- input and output ------------------------------------------------------------------------------


def _io_task(kernel: "Kernel", which: int, who: int) -> TaskAttributes | None:
    if not _WHO_PROCESS <= which <= _WHO_USER:
        raise failure(errno.EINVAL)
    if _means_caller(kernel, which - 1, who):
        return kernel.process.task
    if which != _WHO_PROCESS or who < 0:
        raise failure(errno.ESRCH)
    return _task(kernel, who)


@syscall("ioprio_get")
def ioprio_get(kernel: "Kernel", which: int, who: int) -> int:
    """The class and level that was set."""
    task = _io_task(kernel, which, who)
    return task.io_priority if task else 0


@syscall("ioprio_set")
def ioprio_set(kernel: "Kernel", which: int, who: int, priority: int) -> int:
    """Best effort and idle; real time needs a capability."""
    class_, level = priority >> _IO_CLASS_SHIFT, priority & ((1 << _IO_CLASS_SHIFT) - 1)
    if class_ == _IO_REAL_TIME:
        raise failure(errno.EPERM)
    good = {_IO_BEST_EFFORT: level < 8, _IO_IDLE: True, _IO_NONE: not level}
    if not good.get(class_, False):
        raise failure(errno.EINVAL)
    task = _io_task(kernel, which, who)
    if task is None:
        raise failure(errno.EPERM)
    task.io_priority = priority
    return 0


# -- barriers --------------------------------------------------------------------------------------

_GLOBAL, _GLOBAL_EXPEDITED, _REGISTER_GLOBAL = 1, 2, 4
_PRIVATE, _REGISTER_PRIVATE, _SYNC_CORE, _REGISTER_SYNC_CORE = 8, 16, 32, 64
_NEEDS = {_PRIVATE: _REGISTER_PRIVATE, _SYNC_CORE: _REGISTER_SYNC_CORE}
_COMMANDS = 127
"""All but those for restartable sequences, which are not there."""


@syscall("membarrier")
def membarrier(kernel: "Kernel", command: int, flags: int) -> int:
    """Barriers between threads: those that take turns need none, so they only keep the rules
    (kernel/sched/membarrier.c). EPERM for a private one that was not registered."""
    task = kernel.process.task
    if flags or command < 0 or command & (command - 1) or command & ~_COMMANDS:
        raise failure(errno.EINVAL)
    if not command:
        return _COMMANDS
    needed = _NEEDS.get(command, 0)
    if needed & ~task.barriers:
        raise failure(errno.EPERM)
    task.barriers |= command & (_REGISTER_GLOBAL | _REGISTER_PRIVATE | _REGISTER_SYNC_CORE)
    return 0

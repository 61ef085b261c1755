"""Waiting for children, and what they used (kernel/exit.c)."""

import errno
import os
import resource
import struct
import time
from collections.abc import Callable

from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.state.children import WCONTINUED, WEXITED, WNOHANG, WNOWAIT, WSTOPPED, Change, Child
from dbt.linux.state.sigaction import SIGCHLD
from dbt.linux.state.siginfo import SigInfo
from dbt.linux.state.targets import pid_of
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_RUSAGE = struct.Struct("<18I")
_WNOTHREAD, _WALL, _WCLONE = 0x20000000, 0x40000000, 0x80000000
_KINDS = _WNOTHREAD | _WALL | _WCLONE
_STATES = WSTOPPED | WEXITED | WCONTINUED
_P_ALL, _P_PID, _P_PGID, _P_PIDFD = 0, 1, 2, 3
_INFO_BYTES = 24
"""What waitid stores: up to si_status."""
_NAP = 0.05
"""Seconds between two looks: a stop, or a signal just before the sleep, is noticed after that."""

Chosen = Callable[[Child], bool]


def pack_rusage(values: tuple[int, ...]) -> bytes:
    """A 32-bit struct rusage from the host's 18 numbers."""
    return _RUSAGE.pack(*(value & 0xFFFFFFFF for value in values))


def _everyone(child: Child) -> bool:
    del child
    return True


def _one(pid: int) -> Chosen:
    return lambda child: child.pid == pid


def _group(group: int) -> Chosen:
    return lambda child: os.getpgid(child.pid) == group


def _wait(kernel: "Kernel", chosen: Chosen, options: int) -> Change | None:
    """Wait for a change of one of the chosen children. None when WNOHANG finds nothing; ECHILD, and
    EINTR when a signal comes first."""
    children, states = kernel.process.children, options & _STATES
    while True:
        # First, for a child that ends now is found below, though its signal is pending then.
        interrupted = kernel.signals.interrupted() or kernel.overdue()
        kernel.signals.children.reap_ignored()
        found = [c for c in children if _is_of_kind(c, options) and chosen(c)]
        for child in found:
            keep = options & WNOWAIT
            # A child that ends only now, and that nobody is to wait for, is reaped above next time.
            unseen = WEXITED if kernel.signals.children.are_reaped() and not child.announced else 0
            look = children.look if keep else children.take
            change = look(child, states & ~unseen)
            if change is not None:
                if not keep and not child.announced:
                    kernel.signals.children.was_reaped(change.info(child.exit_signal))
                return change
        if not any(child.pid in children for child in found):
            raise failure(errno.ECHILD)
        if options & WNOHANG:
            return None
        if interrupted:
            raise failure(errno.EINTR)
        ends = [(child.pidfd, waiting.POLLIN) for child in found if child.pidfd >= 0]
        later = time.monotonic_ns() + int(_NAP * NANO)
        waiting.block(kernel, fds=ends if states & WEXITED else (), until=later)
        children.sleep(found, states, _NAP)


def _is_of_kind(child: Child, options: int) -> bool:
    """What __WALL and __WCLONE choose (eligible_child)."""
    return bool(options & _WALL) or (child.exit_signal != SIGCHLD) == bool(options & _WCLONE)


@syscall("wait4")
def wait4(kernel: "Kernel", pid: int, status_at: int, options: int, usage_at: int) -> int:
    """Wait for a child. EINTR when a signal comes first."""
    if options & ~(WNOHANG | WSTOPPED | WCONTINUED | _KINDS):
        raise failure(errno.EINVAL)
    if pid == -(1 << 31):
        raise failure(errno.ESRCH)
    if pid > 0:
        chosen = _one(pid)
    else:
        chosen = _everyone if pid == -1 else _group(-pid or os.getpgrp())
    change = _wait(kernel, chosen, options | WEXITED)
    if change is None:
        return 0
    if status_at:
        kernel.memory.store(status_at, 4, change.status)
    if usage_at:
        kernel.memory.write(usage_at, pack_rusage(change.usage))
    return change.pid


@syscall("waitid")
def waitid(
    kernel: "Kernel", which: int, pid: int, info_at: int, options: int, usage_at: int
) -> int:
    """Wait for a child, with a siginfo, which a call that fails fills with zeros."""
    try:
        change = _waited(kernel, which, pid, options)
    except OSError:
        if info_at:
            kernel.memory.write(info_at, bytes(_INFO_BYTES))
        raise
    if usage_at and change:
        kernel.memory.write(usage_at, pack_rusage(change.usage))
    if info_at:
        info = change.info() if change else SigInfo(0, 0)
        kernel.memory.write(info_at, info.pack()[:_INFO_BYTES])
    return 0


def _waited(kernel: "Kernel", which: int, pid: int, options: int) -> Change | None:
    if options & ~(WNOHANG | WNOWAIT | _STATES | _KINDS) or not options & _STATES:
        raise failure(errno.EINVAL)
    if which == _P_PIDFD and pid >= 0:
        return _wait_for_pidfd(kernel, pid, options)
    return _wait(kernel, _selected(which, pid), options)


def _wait_for_pidfd(kernel: "Kernel", fd: int, options: int) -> Change | None:
    """Wait for the child that a descriptor is of. EAGAIN in place of sleeping, if it has
    O_NONBLOCK."""
    host_fd = kernel.files.host_fd(fd)
    try:
        chosen = _one(pid_of(host_fd))
    except ProcessLookupError:
        raise failure(errno.ECHILD) from None
    if os.get_blocking(host_fd) or options & WNOHANG:
        return _wait(kernel, chosen, options)
    change = _wait(kernel, chosen, options | WNOHANG)
    if change is None:
        raise failure(errno.EAGAIN)
    return change


def _selected(which: int, pid: int) -> Chosen:
    if which == _P_ALL:
        return _everyone
    if which == _P_PID and pid > 0:
        return _one(pid)
    if which == _P_PGID and pid >= 0:
        return _group(pid or os.getpgrp())
    raise failure(errno.EINVAL)


@syscall("getrusage")
def getrusage(kernel: "Kernel", who: int, address: int) -> int:
    """Resource usage. The translator's own work is counted as the guest's."""
    try:
        usage = resource.getrusage(who)
    except ValueError:
        raise failure(errno.EINVAL) from None
    times = []
    for seconds in (usage.ru_utime, usage.ru_stime):
        times += [int(seconds), int(seconds % 1 * 1_000_000)]
    kernel.memory.write(address, pack_rusage((*times, *(int(v) for v in usage[2:16]))))
    return 0

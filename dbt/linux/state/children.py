"""The children that a guest process has forked, and nobody else's.

The host's process may have children of its own: those of the Python program that uses the library,
and those of other guests. They are neither waited for nor signalled. A child is held by a pidfd, so
that its number cannot come to name another process.
"""

import ctypes
import os
import select
import struct
from collections.abc import Iterator
from contextlib import suppress

from dbt.classes import attrs
from dbt.linux import host
from dbt.linux.state.siginfo import CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, SigInfo

SIGCHLD = 17
WNOHANG, WSTOPPED, WEXITED, WCONTINUED, WNOWAIT = 1, 2, 4, 8, 0x1000000

_HOST_RUSAGE = struct.Struct("=18q")
_ENDED = (CLD_EXITED, CLD_KILLED, CLD_DUMPED)


@attrs.frozen
class Change:
    """A child that has ended, stopped or continued, and what it used (the host's rusage; zeros
    unless it ended)."""

    pid: int
    uid: int
    code: int
    value: int
    """Exit status or signal."""
    usage: tuple[int, ...] = (0,) * 18

    @property
    def status(self) -> int:
        """The wait status (include/linux/wait.h)."""
        if self.code == CLD_EXITED:
            return (self.value & 0xFF) << 8
        if self.code in (CLD_KILLED, CLD_DUMPED):
            return self.value | (0x80 if self.code == CLD_DUMPED else 0)
        return 0xFFFF if self.code == CLD_CONTINUED else self.value << 8 | 0x7F

    def info(self, number: int = SIGCHLD) -> SigInfo:
        """What a signal about it carries."""
        return SigInfo(number, self.code, pid=self.pid, uid=self.uid, value=self.value)


@attrs.define(eq=False)
class Child:
    """One child. ``exit_signal`` is what its parent gets when it ends (0: nothing)."""

    pid: int
    exit_signal: int = SIGCHLD
    announced: bool = False
    """Its exit signal has been sent."""
    pidfd: int = -1
    """-1 where the host gives none. (The number of a child that is not reaped is not used again
    either.)"""

    @classmethod
    def open(cls, pid: int, exit_signal: int) -> "Child":
        """Hold a child that was just forked."""
        try:
            return cls(pid, exit_signal, pidfd=os.pidfd_open(pid))
        except OSError:
            return cls(pid, exit_signal)

    def look(self, states: int) -> os.waitid_result | None:
        """Returns its change to one of ``states``, if there is one, and leaves it to be waited
        for."""
        if not states:
            return None
        return self._waitid(states | os.WNOWAIT)

    def take(self, states: int) -> Change | None:
        """The same, but takes it: it cannot be waited for again, and a child that ended is
        reaped."""
        found = self.look(states)
        if found is None:
            return None
        usage: tuple[int, ...] = (0,) * 18
        if found.si_code in _ENDED:
            usage = self._reap()
        else:
            self._waitid(states & ~WEXITED)
        return _change(found, usage)

    def close(self) -> None:
        """Give the pidfd back."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1

    def _waitid(self, options: int) -> os.waitid_result | None:
        kind, which = (os.P_PIDFD, self.pidfd) if self.pidfd >= 0 else (os.P_PID, self.pid)
        return os.waitid(kind, which, options | os.WNOHANG)

    def _reap(self) -> tuple[int, ...]:
        status = ctypes.c_int(0)
        usage = ctypes.create_string_buffer(_HOST_RUSAGE.size)
        host.call("wait4", self.pid, ctypes.byref(status), WNOHANG, usage)
        return _HOST_RUSAGE.unpack(usage.raw)


def _change(found: os.waitid_result, usage: tuple[int, ...] = (0,) * 18) -> Change:
    return Change(found.si_pid, found.si_uid, found.si_code, found.si_status, usage)


_left: list[Child] = []
"""Children of guests that are gone: reaped when another child is made or another guest ends."""


class Children:
    """The children of one process, oldest first."""

    def __init__(self) -> None:
        self._by_pid: dict[int, Child] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._by_pid.values()))

    def __contains__(self, pid: int) -> bool:
        return pid in self._by_pid

    def add(self, pid: int, exit_signal: int = SIGCHLD) -> Child:
        """Add a child that was forked."""
        _reap_left()
        child = self._by_pid[pid] = Child.open(pid, exit_signal)
        return child

    def send_others(self) -> bool:
        """Whether a child ends with another signal than SIGCHLD."""
        return any(child.exit_signal != SIGCHLD for child in self)

    def forget(self) -> None:
        """In a forked child: drop the list, because these are the parent's children."""
        for child in (*self, *_left):
            child.close()
        self._by_pid.clear()
        _left.clear()

    def release(self) -> None:
        """The process has ended: nobody will wait for them but the host."""
        _left.extend(self)
        self._by_pid.clear()
        _reap_left()

    def look(self, child: Child, states: int) -> Change | None:
        """Returns a child's change, and leaves it to be waited for."""
        try:
            found = child.look(states)
        except ChildProcessError:
            self._drop_reaped(child)
            return None
        return found and _change(found)

    def take(self, child: Child, states: int) -> Change | None:
        """Takes a child's change. A child that ended is removed."""
        try:
            change = child.take(states)
        except ChildProcessError:
            self._drop_reaped(child)
            return None
        if change is not None and change.code in _ENDED:
            self._drop(child)
        return change

    def ended(self) -> Iterator[tuple[Child, Change]]:
        """Children that ended and whose exit signal was not sent yet; it counts as sent now."""
        for child in self:
            if not child.announced and (change := self.look(child, WEXITED)):
                child.announced = True
                yield child, change

    def stopped(self, states: int) -> Change | None:
        """The first child that stopped or continued."""
        return next((found for c in self if (found := self.look(c, states))), None)

    def sleep(self, chosen: list[Child], states: int, seconds: float) -> None:
        """Sleep until one of the chosen ends, if that is waited for, a signal comes (OSError,
        EINTR), or the time is over."""
        poll = [(child.pidfd, select.POLLIN) for child in chosen if states & WEXITED]
        fds = b"".join(struct.pack("=ihh", fd, events, 0) for fd, events in poll if fd >= 0)
        timeout = struct.pack("=qq", 0, int(seconds * 1e9))
        host.call("ppoll", fds or None, len(fds) // 8, timeout, None)

    def _drop_reaped(self, child: Child) -> None:
        """Drop a child that the host has reaped, because SIGCHLD is ignored there. One that has
        ended and is only asked whether it stopped is ECHILD too (wait_consider_task), but stays."""
        try:
            child.look(WEXITED)
        except ChildProcessError:
            self._drop(child)

    def _drop(self, child: Child) -> None:
        child.close()
        self._by_pid.pop(child.pid, None)


def strangers_changed(children: Children) -> bool:
    """Whether a child of the host's process that is not the guest's has ended."""
    found = _ended_child(os.P_ALL, 0)
    if found is None or found.si_pid not in children:
        return found is not None
    # The host names only one, which is the guest's: there may be others.
    others = (pid for pid in _pids_of_children() if pid not in children)
    return any(_ended_child(os.P_PID, pid) for pid in others)


def _ended_child(kind: int, which: int) -> os.waitid_result | None:
    try:
        return os.waitid(kind, which, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None


def _pids_of_children() -> Iterator[int]:
    """All children of the host's process (proc_pid_children(5)); none where the host does not list
    them."""
    for thread in os.listdir("/proc/self/task"):
        with suppress(OSError), open(f"/proc/self/task/{thread}/children", "rb") as file:
            yield from map(int, file.read().split())


def _reap_left() -> None:
    for child in list(_left):
        try:
            if child.take(WEXITED) is None:
                continue
        except ChildProcessError:
            pass
        child.close()
        _left.remove(child)

"""Which processes a guest may name: its own first one, and what was forked from there.

Every call that takes a pid asks here. A pid alone does not say which process is meant: it is used
again when its process is gone. The guest's processes are therefore written down when they are made,
each with its start time (/proc/PID/stat, field 22), in a list that all of them share. A process is
the guest's when it is in there, and it is reached through a pidfd that was opened before the look.
So neither a stranger that got an old number, nor the other children of the Python program that runs
the guest, can be meant.

The first process is the Python program's own, which a signal at its default would end or stop. The
others therefore leave it the signal in a pipe (a letter), and wake it with SIGURG.

The host sends itself SIGURG too, in every process, to interrupt calls (``wakeup.py``), and a
handler does not learn who sent one. So before a process of the guest sends SIGURG to another, it
writes that down where the receiver looks.

A process that shares memory must be able to mark its robust locks when it ends. Another one that
sends it SIGKILL writes that down, too, and sends SIGURG; the host kills it if it does not end.
"""

import errno
import fcntl
import os
import select
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

from dbt.linux.errors import failure
from dbt.linux.state.siginfo import SI_USER, SigInfo
from dbt.signals import signal
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_RECORD = struct.Struct("=qqQ")  # pid, start time in clock ticks, number of its pidfd's inode
_NOTE = struct.Struct("=Q")  # start time of the process that is meant
_NOTES = 3 * _NOTE.size  # of each pid: the next three
_URGENT, _KILLED, _ENDS_ITSELF = (number * _NOTE.size for number in range(3))
_LETTER = struct.Struct("=iiI")  # signal, pid, uid
_WAKE = signal.SIGURG
_LOOK, _LONGEST_END = 20, 1000
"""Milliseconds between two looks at a process that is to end, and until the host kills it."""


Identity = tuple[int, int, int]


def identity(pid: int) -> Identity | None:
    """What distinguishes the process that has a pid now from all that had it before: when it was
    started and, because a tick of that clock is 10 ms long, the inode of its pidfd (its own since
    Linux 6.9). None when there is no process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            start = int(file.read().rpartition(b")")[2].split()[19])
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError, IndexError):
        return None
    try:
        return pid, start, os.fstat(pidfd).st_ino
    finally:
        os.close(pidfd)


class Tree:
    """The processes of one guest. A file in memory is the list: appending to it is atomic, and
    forked processes share it."""

    def __init__(self) -> None:
        self._fd = self._letters = self._letter_box = self._notes = -1
        self.first = 0
        """The first process, when it can be woken; else 0."""

    def begin(self, wakes: Callable[[], bool]) -> None:
        """Write down this process, before the first fork. ``wakes`` makes SIGURG wake it."""
        if self._fd < 0:
            self._fd = os.memfd_create("processes")
            fcntl.fcntl(self._fd, fcntl.F_SETFL, os.O_APPEND)
            self._notes = os.memfd_create("notes")
            self._letters, self._letter_box = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self.first = os.getpid() if wakes() else 0
            self.add(os.getpid())

    def leave_letter(self, number: int) -> None:
        """Leave a signal for the first process. EAGAIN when thousands are in the pipe."""
        os.write(self._letter_box, _LETTER.pack(number, os.getpid(), os.getuid()))

    def note_urgent(self, pid: int) -> None:
        """Record that a process other than the first is to get SIGURG, which is sent next."""
        self._note(_URGENT, pid)

    def note_killed(self, pid: int) -> bool:
        """Record that a process is to end as by SIGKILL, if it does so by itself on SIGURG, which
        is sent next. False if it does not."""
        known = identity(pid)
        if known is None or not self._has_note(_ENDS_ITSELF, known):
            return False
        self._note(_KILLED, pid)
        return True

    def end_by_itself(self) -> None:
        """Have others ask this process, which is not the first, to end instead of killing it."""
        self._note(_ENDS_ITSELF, os.getpid())

    def _note(self, kind: int, pid: int) -> None:
        known = identity(pid)
        if known is not None and self._notes >= 0:
            os.pwrite(self._notes, _NOTE.pack(known[1]), pid * _NOTES + kind)

    def _has_note(self, kind: int, known: Identity) -> bool:
        pid, start, _ = known
        return os.pread(self._notes, _NOTE.size, pid * _NOTES + kind) == _NOTE.pack(start)

    def left(self) -> list[SigInfo]:
        """Take the signals that other processes have left for this one."""
        if self._fd < 0:
            return []
        return self._take_letters() if self.first == os.getpid() else self._take_notes()

    def _take_notes(self) -> list[SigInfo]:
        own = identity(os.getpid())
        if own is None:
            return []
        found = []
        for kind, number in ((_URGENT, _WAKE), (_KILLED, signal.SIGKILL)):
            if self._has_note(kind, own):
                os.pwrite(self._notes, bytes(_NOTE.size), own[0] * _NOTES + kind)
                found.append(SigInfo(number, SI_USER))
        return found

    def _take_letters(self) -> list[SigInfo]:
        found = b""
        with suppress(BlockingIOError):
            while True:  # one SIGURG may be for several
                found += os.read(self._letters, 4096 // _LETTER.size * _LETTER.size)
        return [
            SigInfo(number, SI_USER, pid=p, uid=u) for number, p, u in _LETTER.iter_unpack(found)
        ]

    def add(self, pid: int) -> None:
        """Write down a process that was forked."""
        known = identity(pid)
        if known is not None:
            os.write(self._fd, _RECORD.pack(*known))

    def pids(self) -> list[int]:
        """All that are alive."""
        known = set(self._known())
        return [pid for pid in {record[0] for record in known} if identity(pid) in known]

    def holds(self, pid: int) -> bool:
        """Whether the process that has this number now is the guest's."""
        return identity(pid) in set(self._known())

    def close(self) -> None:
        """Give the file back."""
        for fd in (self._fd, self._letters, self._letter_box, self._notes):
            if fd >= 0:
                os.close(fd)
        self._fd = self._letters = self._letter_box = self._notes = -1

    def _known(self) -> Iterator[Identity]:
        data = os.pread(self._fd, os.fstat(self._fd).st_size, 0) if self._fd >= 0 else b""
        return _RECORD.iter_unpack(data)


def pid_of(host_fd: int) -> int:
    """The process that a pidfd is of. EBADF for another descriptor; ESRCH when it is gone."""
    with open(f"/proc/self/fdinfo/{host_fd}", "rb") as file:
        found = [line for line in file if line.startswith(b"Pid:")]
    if not found:
        raise failure(errno.EBADF)
    pid = int(found[0].split()[1])
    if pid <= 0:
        raise failure(errno.ESRCH)
    return pid


def check(kernel: "Kernel", pid: int) -> int:
    """The process that a call means by ``pid``, which may be the id of one of the caller's threads
    (find_task_by_vpid); 0 is the caller. ESRCH when there is none, EPERM when it is not the
    guest's."""
    if pid in (0, os.getpid()) or kernel.threads.get(pid) is not None:
        return os.getpid()
    if identity(pid) is None:
        raise failure(errno.ESRCH)
    if not kernel.process.tree.holds(pid):
        raise failure(errno.EPERM)
    return pid


def check_group(kernel: "Kernel", group: int) -> int:
    """The same for a process group: one with a process of the guest in it. 0 is the caller's."""
    if group in (0, os.getpgrp()):
        return os.getpgrp()
    if not members(kernel, group):
        raise failure(errno.EPERM)
    return group


def members(kernel: "Kernel", group: int) -> list[int]:
    """The guest's processes in a group."""
    return [pid for pid in _alive(kernel) if _group(pid) == group]


def chosen(kernel: "Kernel", pid: int) -> list[int]:
    """The processes that ``kill(pid)`` means. ESRCH, EPERM."""
    if pid > 0:
        return [check(kernel, pid)]
    if pid == -1:
        found = [p for p in _alive(kernel) if p != os.getpid()]
    else:
        found = members(kernel, -pid or os.getpgrp())
    if not found:
        raise failure(errno.ESRCH)
    return found


def send(kernel: "Kernel", pid: int, number: int) -> None:
    """Send a signal (0: only look) to another process of the guest. ESRCH, EPERM."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError as error:
        if error.errno == errno.EINVAL:  # a thread of some process
            raise failure(errno.ESRCH) from None
        raise
    try:
        check(kernel, pid)  # after the opening: from then on the number is not used again
        if _hurts_host(kernel, pid, number):
            kernel.process.tree.leave_letter(number)
            number = _WAKE
        elif number == _WAKE:
            kernel.process.tree.note_urgent(pid)
        elif number == signal.SIGKILL and kernel.process.tree.note_killed(pid):
            signal.pidfd_send_signal(pidfd, _WAKE)
            _await_end(pid, pidfd)
        signal.pidfd_send_signal(pidfd, number)
    finally:
        os.close(pidfd)


def _await_end(pid: int, pidfd: int) -> None:
    """Wait until a process has ended that was asked to, unless it is stopped."""
    ended = select.poll()
    ended.register(pidfd, select.POLLIN)
    for _ in range(_LONGEST_END // _LOOK):
        if _field(pid, b"State:").startswith(b"T") or ended.poll(_LOOK):
            return


def _hurts_host(kernel: "Kernel", pid: int, number: int) -> bool:
    """Whether to leave a signal as a letter: if it would act on the first process's host process. A
    signal that this process blocks is sent, for its sigwait and signalfd; so is SIGCONT, because a
    stopped process reads no letters."""
    if pid != kernel.process.tree.first or number in (0, signal.SIGCONT):
        return False
    return not _blocks(pid, number)


def _blocks(pid: int, number: int) -> bool:
    """Whether a process blocks a signal."""
    return bool(int(_field(pid, b"SigBlk:") or b"0", 16) >> (number - 1) & 1)


def _field(pid: int, name: bytes) -> bytes:
    """A value in /proc/PID/status; empty for a process that is gone."""
    with suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(name):
                return line.removeprefix(name).strip()
    return b""


def _alive(kernel: "Kernel") -> list[int]:
    return kernel.process.tree.pids() or [os.getpid()]


def _group(pid: int) -> int:
    with suppress(OSError):
        return os.getpgid(pid)
    return -1

"""Descriptors of processes: opening, waiting and signalling by them."""

import errno
import os
import signal
import struct
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

P_PIDFD, WEXITED, WNOHANG, NONBLOCK = 3, 4, 1, 0o4000
CLONE_PIDFD, SIGCHLD = 0x1000, 17


def forked(guest: Any, work: Callable[[], int]) -> int:
    """The pid of a child that does some work and exits with its result."""
    kernel = guest.kernel
    pid = int(kernel.process.fork())
    if pid == 0:
        status = 99
        try:
            status = work()
        finally:
            os._exit(status)
    return pid


def test_waiting_for_a_child(guest: Any) -> None:
    reader, writer = os.pipe()
    pid = forked(guest, lambda: len(os.read(reader, 1)) + 4)
    fd = guest.call("pidfd_open", pid, NONBLOCK)
    assert fd > 2
    assert guest.call("fcntl64", fd, 1) == 1  # always close-on-exec
    assert guest.call("waitid", P_PIDFD, fd, 0, WEXITED, 0) == -errno.EAGAIN
    poll = guest.put(struct.pack("<ihh", fd, 1, 0))
    assert guest.call("poll", poll, 1, 0) == 0
    os.write(writer, b"x")
    assert guest.call("poll", poll, 1, -1) == 1
    info = guest.room(32)
    assert guest.call("waitid", P_PIDFD, fd, info, WEXITED, 0) == 0
    assert struct.unpack("<6i", guest.memory.read(info, 24))[3:] == (pid, os.getuid(), 5)
    assert guest.call("waitid", P_PIDFD, fd, 0, WEXITED, 0) == -errno.ECHILD
    assert guest.call("pidfd_send_signal", fd, 0, 0, 0) == -errno.ESRCH
    os.close(reader)
    os.close(writer)


def test_signalling_a_child(guest: Any) -> None:
    pid = forked(guest, lambda: signal.pause() or 0)
    fd = guest.call("pidfd_open", pid, 0)
    assert guest.call("pidfd_send_signal", fd, 0, 0, 0) == 0
    assert guest.call("pidfd_send_signal", fd, 0, 0, 1) == -errno.EINVAL
    assert guest.call("pidfd_send_signal", fd, 99, 0, 0) == -errno.EINVAL
    wrong = struct.pack("<3i", 5, 0, -1) + bytes(20)
    assert guest.call("pidfd_send_signal", fd, signal.SIGKILL, wrong, 0) == -errno.EINVAL
    assert guest.call("pidfd_send_signal", fd, signal.SIGKILL, 0, 0) == 0
    info = guest.room(32)
    assert guest.call("waitid", P_PIDFD, fd, info, WEXITED, 0) == 0
    assert guest.memory.load(info + 20, 4) == signal.SIGKILL


def test_a_clone_with_a_descriptor(guest: Any) -> None:
    at = guest.room(4)
    pid = guest.call("clone", CLONE_PIDFD | SIGCHLD, 0, at, 0, 0)
    if pid == 0:
        os._exit(3)
    fd = guest.memory.load(at, 4)
    info = guest.room(32)
    assert guest.call("waitid", P_PIDFD, fd, info, WEXITED, 0) == 0
    assert guest.memory.load(info + 12, 4) == pid
    assert guest.call("clone", CLONE_PIDFD | SIGCHLD, 0, 4, 0, 0) == -errno.EFAULT


def test_what_is_none(guest: Any) -> None:
    file = guest.call("open", "/dev/null", 0, 0)
    assert guest.call("pidfd_send_signal", file, 0, 0, 0) == -errno.EBADF
    assert guest.call("pidfd_send_signal", 99, 0, 0, 0) == -errno.EBADF
    assert guest.call("waitid", P_PIDFD, file, 0, WEXITED, 0) == -errno.EBADF
    for pid, flags in ((0, 0), (-1, 0), (os.getpid(), 1)):
        assert guest.call("pidfd_open", pid, flags) == -errno.EINVAL


def test_strangers_have_no_descriptor(guest: Any) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        assert guest.call("pidfd_open", stranger.pid, 0) == -errno.EPERM
        stranger.kill()


@pytest.mark.parametrize("flags", [0, 4])
def test_memory_goes_through_a_pipe(guest: Any, flags: int) -> None:
    pair = guest.room(8)
    assert guest.call("pipe", pair) == 0
    reader, writer = struct.unpack("<ii", guest.memory.read(pair, 8))
    vector = struct.pack("<4I", guest.put(b"one"), 3, guest.put(b"three"), 5)
    assert guest.call("vmsplice", writer, vector, 2, flags) == 8
    room = guest.room(16)
    assert guest.call("vmsplice", reader, struct.pack("<2I", room, 16), 1, flags) == 8
    assert guest.memory.read(room, 8) == b"onethree"
    bad = struct.pack("<2I", 4, 16)
    assert guest.call("vmsplice", writer, bad, 1, flags) == -errno.EFAULT

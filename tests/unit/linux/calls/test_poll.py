"""Waiting: poll, select, epoll, timers; and ioctl."""

import errno
import os
import pty
import signal
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.state.fdtable import OpenFile

POLLIN, POLLOUT, POLLHUP, POLLNVAL = 1, 4, 16, 32
O_RDWR = 2


@pytest.fixture
def pipe(guest: Any) -> tuple[int, int]:
    pair = guest.room(8)
    guest.call("pipe", pair)
    one, two = struct.unpack("<ii", guest.memory.read(pair, 8))
    return one, two


def _pollfds(*entries: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<ihh", fd, events, 0x55) for fd, events in entries)


def test_poll(guest: Any, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    fds = guest.put(_pollfds((reader, POLLIN), (-1, POLLIN), (writer, POLLOUT)))
    assert guest.call("poll", fds, 3, 0) == 1
    revents = [struct.unpack("<ihh", guest.memory.read(fds + 8 * i, 8))[2] for i in range(3)]
    assert revents == [0, 0, POLLOUT]
    guest.call("write", writer, b"x", 1)
    assert guest.call("poll", fds, 3, -1) == 2
    guest.call("close", writer)
    assert guest.call("poll", fds, 3, -1) == 2
    revents = [struct.unpack("<ihh", guest.memory.read(fds + 8 * i, 8))[2] for i in range(3)]
    assert revents == [POLLIN | POLLHUP, 0, POLLNVAL]
    assert guest.call("poll", 0x500000, 1, 0) == -errno.EFAULT
    assert guest.call("poll", fds, 1 << 20, 0) == -errno.EINVAL


def test_poll_times_out(guest: Any, pipe: tuple[int, int]) -> None:
    start = time.monotonic()
    assert guest.call("poll", _pollfds((pipe[0], POLLIN)), 1, 30) == 0
    assert 0.02 < time.monotonic() - start < 5


def is_left_of_five(seconds: int, start: float) -> bool:
    """Whether so many whole seconds can be left of a wait of five that began after ``start``."""
    return 4 - (time.monotonic() - start) <= seconds <= 4


def test_ppoll_gives_the_remaining_time_back(guest: Any, pipe: tuple[int, int]) -> None:
    start = time.monotonic()
    fds = guest.put(_pollfds((pipe[1], POLLOUT)))
    narrow, wide = guest.put(struct.pack("<ii", 5, 0)), guest.put(struct.pack("<qq", 5, 0))
    assert guest.call("ppoll", fds, 1, narrow, 0, 8) == 1
    assert is_left_of_five(struct.unpack("<ii", guest.memory.read(narrow, 8))[0], start)
    assert guest.call("ppoll_time64", fds, 1, wide, 0, 8) == 1
    assert is_left_of_five(struct.unpack("<qq", guest.memory.read(wide, 16))[0], start)
    assert guest.call("ppoll", fds, 1, struct.pack("<ii", 0, 10**9), 0, 8) == -errno.EINVAL
    assert guest.call("ppoll", fds, 1, 0, narrow, 4) == -errno.EINVAL


def test_a_signal_ends_the_wait(guest: Any, pipe: tuple[int, int]) -> None:
    caught: list[int] = []
    guest.kernel.signals.interrupted = lambda: bool(caught)
    before = signal.signal(signal.SIGALRM, lambda number, _: caught.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        assert guest.call("poll", _pollfds((pipe[0], POLLIN)), 1, 5000) == -errno.EINTR
    finally:
        signal.signal(signal.SIGALRM, before)
    assert signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_an_ignored_signal_does_not(guest: Any, pipe: tuple[int, int]) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    start = time.monotonic()
    try:
        assert guest.call("poll", _pollfds((pipe[0], POLLIN)), 1, 100) == 0
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start > 0.09


def test_select(guest: Any, pipe: tuple[int, int]) -> None:
    start = time.monotonic()
    reader, writer = pipe
    guest.call("dup2", writer, 40)
    guest.call("write", writer, b"x", 1)
    read = guest.put(struct.pack("<II", 1 << reader, 0))
    write = guest.put(struct.pack("<II", 1 << writer, 1 << 8))
    timeout = guest.put(struct.pack("<ii", 5, 0))
    assert guest.call("_newselect", 41, read, write, 0, timeout) == 3
    assert guest.memory.read(read, 8) == struct.pack("<II", 1 << reader, 0)
    assert guest.memory.read(write, 8) == struct.pack("<II", 1 << writer, 1 << 8)
    assert is_left_of_five(struct.unpack("<ii", guest.memory.read(timeout, 8))[0], start)
    guest.call("read", reader, guest.room(4), 4)
    zero = struct.pack("<ii", 0, 0)
    assert guest.kernel.threads.current.sleep_until is None  # the next call has its own deadline
    assert guest.call("_newselect", reader + 1, read, 0, 0, zero) == 0
    assert guest.memory.read(read, 4) == bytes(4)
    bad = struct.pack("<II", 0, 1 << 30)
    assert guest.call("_newselect", 64, bad, 0, 0, zero) == -errno.EBADF
    assert guest.call("_newselect", -1, 0, 0, 0, zero) == -errno.EINVAL
    assert guest.call("_newselect", 64, 0x500000, 0, 0, zero) == -errno.EFAULT
    arguments = struct.pack("<iIIII", 41, 0, write, 0, timeout)
    assert guest.call("select", arguments) == 2
    assert guest.call("pselect6", 41, 0, write, 0, timeout, 0) == 2


def test_epoll(guest: Any, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    epoll = guest.call("epoll_create1", 0o2000000)
    event = struct.pack("<I4xQ", POLLIN, 0x1122334455667788)
    assert guest.call("epoll_ctl", epoll, 1, reader, event) == 0
    assert guest.call("epoll_ctl", epoll, 1, reader, event) == -errno.EEXIST
    assert guest.call("epoll_ctl", epoll, 1, 99, event) == -errno.EBADF
    out = guest.room(64)
    assert guest.call("epoll_wait", epoll, out, 4, 0) == 0
    guest.call("write", writer, b"x", 1)
    assert guest.call("epoll_wait", epoll, out, 4, -1) == 1
    assert guest.memory.read(out, 16) == event
    assert guest.call("epoll_pwait2", epoll, out, 4, struct.pack("<qq", 1, 0), 0, 8) == 1
    assert guest.call("epoll_wait", epoll, out, 0, 0) == -errno.EINVAL
    assert guest.call("epoll_wait", epoll, 0x500000, 1, 0) == -errno.EFAULT
    assert guest.call("epoll_ctl", epoll, 2, reader, 0) == 0
    assert guest.call("epoll_wait", epoll, out, 4, 0) == 0


def test_timers(guest: Any) -> None:
    timer = guest.call("timerfd_create", 1, 0)
    assert guest.call("timerfd_settime", timer, 0, struct.pack("<iiii", 0, 0, 0, 1000), 0) == 0
    buffer = guest.room(32)
    assert guest.call("read", timer, buffer, 8) == 8
    assert guest.memory.load(buffer, 8) == 1
    long = struct.pack("<qqqq", 7, 0, 100, 0)
    assert guest.call("timerfd_settime64", timer, 0, long, 0) == 0
    assert guest.call("timerfd_gettime", timer, buffer) == 0
    interval, _, seconds, _ = struct.unpack("<iiii", guest.memory.read(buffer, 16))
    assert (interval, seconds) == (7, 99)


# -- ioctl --------------------------------------------------------------------------------------------


def test_ioctl_of_files(guest: Any, home: Path, pipe: tuple[int, int]) -> None:
    (home / "file").touch()
    fd = guest.call("open", "file", O_RDWR, 0)
    assert guest.call("ioctl", fd, 0x5401, guest.room(64)) == -errno.ENOTTY
    assert guest.call("ioctl", fd, 0x12345678, 0) == -errno.ENOTTY
    assert guest.call("ioctl", fd, 0x5451, 0) == 0  # FIOCLEX
    assert guest.call("fcntl64", fd, 1, 0) == 1
    guest.call("write", pipe[1], b"12345", 5)
    count = guest.room(4)
    assert guest.call("ioctl", pipe[0], 0x541B, count) == 0  # FIONREAD
    assert guest.memory.load(count, 4) == 5
    assert guest.call("ioctl", pipe[0], 0x541B, 0x500000) == -errno.EFAULT
    assert guest.call("ioctl", pipe[0], 0x5421, struct.pack("<i", 1)) == 0  # FIONBIO
    assert guest.call("fcntl64", pipe[0], 3, 0) & 0o4000
    assert guest.call("ioctl", pipe[0], 0x5452, struct.pack("<i", 1)) == 0  # FIOASYNC
    assert guest.call("fcntl64", pipe[0], 3, 0) & 0o20000
    assert guest.call("ioctl", pipe[0], 0x5452, struct.pack("<i", 0)) == 0
    assert not guest.call("fcntl64", pipe[0], 3, 0) & 0o20000


def test_terminals(guest: Any) -> None:
    master, slave = pty.openpty()
    fd = guest.kernel.files.add(slave, OpenFile())
    size = struct.pack("<HHHH", 50, 132, 0, 0)
    assert guest.call("ioctl", fd, 0x5414, size) == 0
    buffer = guest.room(64)
    assert guest.call("ioctl", fd, 0x5413, buffer) == 0
    assert guest.memory.read(buffer, 8) == size
    assert guest.call("ioctl", fd, 0x5401, buffer) == 0
    shape = guest.kernel.abi.layout("termios")
    mode = shape.unpack(guest.memory.read(buffer, 36))["lflag"]
    assert mode & 8  # ECHO
    guest.memory.store(buffer + 12, 4, mode & ~8)
    assert guest.call("ioctl", fd, 0x5402, buffer) == 0
    guest.call("ioctl", fd, 0x802C542A, buffer)  # TCGETS2
    found = guest.kernel.abi.layout("termios2").unpack(guest.memory.read(buffer, 44))
    assert not found["lflag"] & 8
    assert found["ospeed"] == 38400
    assert guest.call("ioctl", fd, 0x5401, 0x500000) == -errno.EFAULT
    os.close(master)


def test_nobody_sleeps_on_a_clock_that_is_only_read(guest: Any) -> None:
    duration = guest.room(8)
    for clock, error in ((3, errno.EOPNOTSUPP), (4, errno.EOPNOTSUPP), (99, errno.EINVAL)):
        assert guest.call("clock_nanosleep", clock, 0, duration, 0) == -error

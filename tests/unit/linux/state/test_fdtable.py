"""Descriptor numbers, their flags, and what duplicates share."""

import errno
import os
import struct
from pathlib import Path
from typing import Any

import pytest

O_RDWR, O_CREAT, O_CLOEXEC = 2, 0o100, 0o2000000
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC = 0, 1, 2, 3, 4, 1030


@pytest.fixture
def fd(guest: Any) -> int:
    return int(guest.call("open", "file", O_RDWR | O_CREAT, 0o644))


def test_the_lowest_free_number_is_taken(guest: Any, fd: int) -> None:
    assert fd == 3
    assert guest.call("dup", fd) == 4
    assert guest.call("dup", fd) == 5
    assert guest.call("close", 4) == 0
    assert guest.call("dup", fd) == 4
    assert guest.call("close", 4) == 0
    assert guest.call("close", 4) == -errno.EBADF


def test_numbers_of_the_host_mean_nothing(guest: Any, fd: int) -> None:
    host_fd = guest.kernel.files.host_fd(fd)
    assert host_fd != fd
    assert guest.call("write", host_fd, b"x", 1) == -errno.EBADF
    assert guest.call("close", host_fd) == -errno.EBADF
    assert not os.get_inheritable(host_fd)


def test_closing_standard_output_leaves_the_host_s_open(guest: Any) -> None:
    assert guest.call("close", 1) == 0
    os.fstat(1)
    assert guest.call("write", 1, b"x", 1) == -errno.EBADF
    assert guest.call("open", "file", O_RDWR | O_CREAT, 0o644) == 1


def test_duplicates_share_the_position(guest: Any, fd: int) -> None:
    copy = guest.call("dup", fd)
    assert guest.call("write", fd, b"abcd", 4) == 4
    assert guest.call("lseek", copy, 0, 1) == 4
    guest.call("close", fd)
    assert guest.call("pread64", copy, guest.room(8), 8, 0, 0, 0) == 4


def test_dup2_and_dup3(guest: Any, fd: int) -> None:
    assert guest.call("dup2", fd, 40) == 40
    assert guest.call("dup2", fd, fd) == fd
    assert guest.call("dup2", 99, 99) == -errno.EBADF
    assert guest.call("dup2", fd, 1 << 20) == -errno.EBADF
    assert guest.call("dup3", fd, fd, 0) == -errno.EINVAL
    assert guest.call("dup3", fd, 41, 1) == -errno.EINVAL
    assert guest.call("dup3", fd, 41, O_CLOEXEC) == 41
    assert guest.call("fcntl64", 41, F_GETFD, 0) == 1
    assert guest.call("fcntl64", 40, F_GETFD, 0) == 0


def test_close_on_exec(guest: Any, fd: int) -> None:
    kept = guest.call("fcntl64", fd, F_DUPFD, 10)
    closed = guest.call("fcntl64", fd, F_DUPFD_CLOEXEC, 10)
    assert (kept, closed) == (10, 11)
    flagged = guest.call("open", "file", O_RDWR | O_CLOEXEC, 0)
    assert guest.call("fcntl64", fd, F_SETFD, 1) == 0
    guest.kernel.files.close_on_exec()
    assert [n for n in guest.kernel.files if n > 2] == [kept]
    assert flagged not in guest.kernel.files


def test_dup_is_not_close_on_exec(guest: Any) -> None:
    fd = guest.call("open", "file", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    assert guest.call("fcntl64", guest.call("dup", fd), F_GETFD, 0) == 0


def test_the_limit(guest: Any, fd: int) -> None:
    guest.kernel.files.limit = 5
    assert guest.call("dup", fd) == 4
    assert guest.call("dup", fd) == -errno.EMFILE
    assert guest.call("pipe", guest.room(8)) == -errno.EMFILE
    assert guest.call("fcntl64", fd, F_DUPFD, 5) == -errno.EINVAL
    guest.call("close", 4)
    assert guest.call("pipe", guest.room(8)) == -errno.EMFILE  # one number is not enough
    assert list(guest.kernel.files) == [0, 1, 2, 3]


def test_a_pipe_whose_numbers_cannot_be_told_leaves_nothing(guest: Any) -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert guest.call("pipe", 0x500000) == -errno.EFAULT
    assert list(guest.kernel.files) == [0, 1, 2]
    assert len(os.listdir("/proc/self/fd")) == before


def test_status_flags_have_the_guest_s_numbers(guest: Any, fd: int) -> None:
    assert guest.call("fcntl64", fd, F_GETFL, 0) == O_RDWR
    assert guest.call("fcntl64", fd, F_SETFL, 0o2000 | 0o4000) == 0  # APPEND, NONBLOCK
    assert guest.call("fcntl64", fd, F_GETFL, 0) == O_RDWR | 0o2000 | 0o4000
    directory = guest.call("open", ".", 0o40000, 0)  # ARM's O_DIRECTORY
    assert directory > 0
    assert guest.call("open", "file", 0o40000, 0) == -errno.ENOTDIR


def test_a_forked_child_has_the_same_numbers(guest: Any, fd: int, home: Path) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(guest.call("write", fd, b"child", 5))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert guest.call("write", fd, b"+", 1) == 1  # the position is shared
    assert (home / "file").read_bytes() == b"child+"


def test_close_range(guest: Any, fd: int) -> None:
    for _ in range(3):
        guest.call("dup", fd)
    assert guest.call("close_range", 4, 0xFFFFFFFF, 4) == 0
    assert guest.call("fcntl64", 5, F_GETFD, 0) == 1
    assert guest.call("close_range", 4, 5, 0) == 0
    assert [n for n in guest.kernel.files if n > 2] == [3, 6]


# -- locks ------------------------------------------------------------------------------------------

F_GETLK, F_SETLK, F_GETLK64, F_SETLK64, F_OFD_GETLK, F_OFD_SETLK = 5, 6, 12, 13, 36, 37
RDLCK, WRLCK, UNLCK = 0, 1, 2


def _lock64(kind: int, start: int, length: int, pid: int = 0) -> bytes:
    return struct.pack("<hh4xqqi4x", kind, 0, start, length, pid)


def _in_child(action: Any) -> int:
    """Run in a forked child, which holds none of the parent's record locks."""
    pid = os.fork()
    if pid == 0:
        os._exit(action() & 0xFF)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_record_locks_of_64_bits(guest: Any, fd: int) -> None:
    start = 1 << 32
    assert guest.call("fcntl64", fd, F_SETLK64, _lock64(WRLCK, start, 10)) == 0

    def conflict() -> int:
        denied = guest.call("fcntl64", fd, F_SETLK64, _lock64(WRLCK, start + 5, 1))
        free = guest.call("fcntl64", fd, F_SETLK64, _lock64(WRLCK, start + 10, 1))
        return int(denied == -errno.EAGAIN and free == 0)

    assert _in_child(conflict) == 1

    def question() -> int:
        asked = guest.put(_lock64(WRLCK, start, 0))
        guest.call("fcntl64", fd, F_GETLK64, asked)
        answer = struct.unpack("<hh4xqqi4x", guest.memory.read(asked, 32))
        return int(answer == (WRLCK, 0, start, 10, os.getppid()))

    assert _in_child(question) == 1


def test_record_locks_of_32_bits(guest: Any, fd: int) -> None:
    lock = struct.pack("<hhiii", WRLCK, 0, 100, 10, 0)
    assert guest.call("fcntl64", fd, F_SETLK, lock) == 0

    def question() -> int:
        asked = guest.put(struct.pack("<hhiii", RDLCK, 0, 0, 0, 0))
        guest.call("fcntl64", fd, F_GETLK, asked)
        answer = struct.unpack("<hhiii", guest.memory.read(asked, 16))
        return int(answer == (WRLCK, 0, 100, 10, os.getppid()))

    assert _in_child(question) == 1


def test_closing_any_descriptor_drops_record_locks(guest: Any, fd: int) -> None:
    guest.call("fcntl64", fd, F_SETLK64, _lock64(WRLCK, 0, 0))
    guest.call("close", guest.call("open", "file", O_RDWR, 0))
    assert _in_child(lambda: guest.call("fcntl64", fd, F_SETLK64, _lock64(WRLCK, 0, 0)) == 0) == 1


def test_locks_of_open_files(guest: Any, fd: int) -> None:
    other = guest.call("open", "file", O_RDWR, 0)
    assert guest.call("fcntl64", fd, F_OFD_SETLK, _lock64(WRLCK, 0, 0)) == 0
    assert guest.call("fcntl64", other, F_OFD_SETLK, _lock64(WRLCK, 0, 0)) == -errno.EAGAIN
    asked = guest.put(_lock64(RDLCK, 0, 0))
    assert guest.call("fcntl64", other, F_OFD_GETLK, asked) == 0
    assert struct.unpack("<hh4xqqi4x", guest.memory.read(asked, 32)) == (WRLCK, 0, 0, 0, -1)
    assert guest.call("fcntl64", other, F_OFD_GETLK, asked + 0x500000) == -errno.EFAULT
    assert guest.call("flock", fd, 2 | 4) == 0
    assert guest.call("flock", other, 2 | 4) == -errno.EAGAIN

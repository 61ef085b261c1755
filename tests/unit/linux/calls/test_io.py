"""Reading and writing guest memory: counts, positions, and where bad memory is met."""

import errno
import os
import struct
from pathlib import Path
from typing import Any

import pytest

O_RDWR, O_CREAT = 2, 0o100
BAD = 0x500000


@pytest.fixture
def fd(guest: Any, home: Path) -> int:
    (home / "file").write_bytes(bytes(range(100)))
    return int(guest.call("open", "file", O_RDWR, 0))


def test_read_goes_into_guest_memory(guest: Any, fd: int) -> None:
    buffer = guest.room(200)
    assert guest.call("read", fd, buffer, 200) == 100
    assert guest.memory.read(buffer, 100) == bytes(range(100))
    assert guest.call("read", fd, buffer, 200) == 0


def test_a_buffer_that_ends_in_bad_memory_is_filled_as_far_as_it_goes(guest: Any, fd: int) -> None:
    assert guest.call("read", fd, guest.end - 10, 50) == 10
    assert guest.memory.read(guest.end - 10, 10) == bytes(range(10))
    assert guest.call("lseek", fd, 0, 1) == 10
    assert guest.call("write", fd, guest.end - 4, 50) == 4
    assert guest.call("pread64", fd, guest.end - 10, 50, 0, 0, 0) == 10


def test_bad_buffers(guest: Any, fd: int) -> None:
    for name in ("read", "write"):
        assert guest.call(name, fd, BAD, 10) == -errno.EFAULT
        assert guest.call(name, fd, BAD, 0) == 0
        assert guest.call(name, fd, 0xFFFFFFF0, 0x20) == -errno.EFAULT
        assert guest.call(name, 99, BAD, 10) == -errno.EBADF
    assert guest.call("lseek", fd, 0, 2) == 100
    assert guest.call("read", fd, BAD, 10) == 0  # at the end of the file nothing is copied
    directory = guest.call("open", ".", 0, 0)
    assert guest.call("read", directory, BAD, 10) == -errno.EISDIR


def test_memory_that_may_only_be_read(guest: Any, fd: int) -> None:
    guest.memory.map(0x300000, 0x1000, 1)
    assert guest.call("read", fd, 0x300000, 10) == -errno.EFAULT
    assert guest.memory.read(0x300000, 10) == bytes(10)
    assert guest.call("write", fd, 0x300000, 10) == 10


def test_reading_over_translated_code_invalidates_it(guest: Any, fd: int) -> None:
    seen: list[int] = []

    def invalidate(page: int) -> None:
        seen.append(page)
        guest.memory.clear_code(page)

    guest.memory.on_code_write = invalidate
    guest.memory.mark_code(0x15)
    assert guest.call("read", fd, 0x15800, 10) == 10
    assert seen == [0x15]


def test_wide_offsets(guest: Any, fd: int, home: Path) -> None:
    offset = (3 << 32) + 5
    low, high = offset & 0xFFFFFFFF, offset >> 32
    assert guest.call("pwrite64", fd, b"far", 3, 0, low, high) == 3
    assert (home / "file").stat().st_size == offset + 3
    buffer = guest.room(8)
    assert guest.call("pread64", fd, buffer, 8, 0, low, high) == 3
    assert guest.memory.read(buffer, 3) == b"far"
    assert guest.call("pread64", fd, buffer, 8, 0, 0xFFFFFFFF, 0xFFFFFFFF) == -errno.EINVAL
    assert guest.call("_llseek", fd, high, low, buffer, 0) == 0
    assert guest.memory.read(buffer, 8) == struct.pack("<Q", offset)
    assert guest.call("lseek", fd, 0, 1) == -errno.EOVERFLOW
    assert guest.call("lseek", fd, 0, 2) == -errno.EOVERFLOW
    assert guest.call("ftruncate64", fd, 0, 7, 1) == 0
    assert (home / "file").stat().st_size == (1 << 32) + 7


def _vector(*parts: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<II", *part) for part in parts)


def test_readv_and_writev(guest: Any, fd: int) -> None:
    one, two = guest.room(8), guest.room(8)
    assert guest.call("readv", fd, _vector((one, 3), (two, 4)), 2) == 7
    assert guest.memory.read(one, 3) + guest.memory.read(two, 4) == bytes(range(7))
    assert guest.call("pwritev", fd, _vector((one, 2), (two, 2)), 2, 90, 0) == 4
    buffer = guest.room(8)
    assert guest.call("pread64", fd, buffer, 4, 0, 90, 0) == 4
    assert guest.memory.read(buffer, 4) == bytes([0, 1, 3, 4])


def test_bad_vectors(guest: Any, fd: int) -> None:
    good = guest.put(b"abcd")
    assert guest.call("writev", fd, _vector((good, 4), (BAD, 4), (good, 4)), 3) == 4
    assert guest.call("writev", fd, _vector((BAD, 4), (good, 4)), 2) == -errno.EFAULT
    assert guest.call("writev", fd, _vector((good, 4), (guest.end - 2, 4)), 2) == 6
    assert guest.call("writev", fd, BAD, 1) == -errno.EFAULT
    assert guest.call("writev", fd, _vector((good, 0x80000000)), 1) == -errno.EINVAL
    assert guest.call("writev", fd, _vector((0xFFFFFFF0, 0x20)), 1) == -errno.EFAULT
    assert guest.call("writev", fd, guest.room(8), 1025) == -errno.EINVAL
    assert guest.call("writev", fd, _vector(), 0) == 0
    assert guest.call("writev", 99, _vector((good, 4)), 1) == -errno.EBADF


def test_sendfile_brings_the_offset_up_to_date(guest: Any, fd: int, home: Path) -> None:
    out = guest.call("open", "out", O_RDWR | O_CREAT, 0o644)
    offset = guest.put(struct.pack("<i", 10))
    assert guest.call("sendfile", out, fd, offset, 20) == 20
    assert guest.memory.read(offset, 4) == struct.pack("<i", 30)
    wide = guest.put(struct.pack("<q", 30))
    assert guest.call("sendfile64", out, fd, wide, 5) == 5
    assert guest.call("sendfile", out, fd, BAD, 5) == -errno.EFAULT
    assert (home / "out").read_bytes() == bytes(range(10, 35))


def test_pipes_and_events(guest: Any) -> None:
    pair = guest.room(8)
    assert guest.call("pipe2", pair, 0o4000) == 0
    reader, writer = struct.unpack("<ii", guest.memory.read(pair, 8))
    buffer = guest.room(16)
    assert guest.call("read", reader, buffer, 16) == -errno.EAGAIN
    assert guest.call("write", writer, b"data", 4) == 4
    assert guest.call("read", reader, BAD, 4) == -errno.EFAULT
    assert guest.call("read", reader, buffer, 16) == 4
    event = guest.call("eventfd2", 5, 0)
    assert guest.call("read", event, buffer, 8) == 8
    assert guest.memory.load(buffer, 8) == 5
    memory = guest.call("memfd_create", "name", 1)
    assert guest.call("ftruncate", memory, 100) == 0
    assert guest.call("fchmod", memory, 0o600) == 0


def test_an_interrupted_read_is_eintr(guest: Any) -> None:
    import signal

    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        pair = guest.room(8)
        guest.call("pipe", pair)
        reader = guest.memory.load(pair, 4)
        assert guest.call("read", reader, guest.room(8), 8) == -errno.EINTR
    finally:
        signal.signal(signal.SIGALRM, before)


def test_socket_pairs(guest: Any) -> None:
    pair = guest.room(8)
    assert guest.call("socketpair", 1, 1, 0, pair) == 0
    one, two = struct.unpack("<ii", guest.memory.read(pair, 8))
    assert guest.call("send", one, b"hello", 5, 0) == 5
    buffer = guest.room(16)
    message = struct.pack("<IIIIIII", 0, 0, guest.put(_vector((buffer, 3))), 1, 0, 0, 0)
    assert guest.call("recvmsg", two, message, 0) == 3
    assert guest.call("recv", two, buffer + 8, 8, 0) == 2
    assert guest.memory.read(buffer, 10) == b"hel" + bytes(5) + b"lo"
    assert guest.call("shutdown", one, 1) == 0
    assert guest.call("recv", two, buffer, 8, 0) == 0
    assert guest.call("socket", 2, 1, 0) == -errno.EAFNOSUPPORT
    assert guest.call("socketpair", 2, 1, 0, pair) == -errno.EAFNOSUPPORT
    timeout = struct.pack("<ii", 3, 500000)
    assert guest.call("setsockopt", two, 1, 20, timeout, 8) == 0
    value, size = guest.room(8), guest.put(struct.pack("<I", 8))
    assert guest.call("getsockopt", two, 1, 20, value, size) == 0
    assert guest.memory.read(value, 8) == timeout


def test_what_was_cut_off_a_datagram_is_told(guest: Any) -> None:
    truncated = 0x20
    pair, buffer = guest.room(8), guest.room(16)
    assert guest.call("socketpair", 1, 2, 0, pair) == 0
    one, two = struct.unpack("<ii", guest.memory.read(pair, 8))
    vector = guest.put(_vector((buffer, 4)))
    for size, flags, count, told in [
        (10, 0, 4, truncated),
        (10, truncated, 10, truncated),
        (4, 0, 4, 0),
    ]:
        message = guest.put(struct.pack("<IIIIIII", 0, 0, vector, 1, 0, 0, 0))
        assert guest.call("send", one, bytes(size), size, 0) == size
        assert guest.call("recvmsg", two, message, flags) == count
        assert struct.unpack("<7I", guest.memory.read(message, 28))[6] == told


def test_host_descriptors_stay_closed_behind_errors(guest: Any, home: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (home / "d").mkdir()
    for _ in range(3):
        guest.call("open", "d", O_RDWR, 0)
        guest.call("open", "/proc/self/maps", O_RDWR, 0)
        guest.call("rmdir", "none")
        guest.call("chmod", "d", 0o755)
        guest.call("access", "d", 4)
        guest.call("stat64", "d", BAD)
    assert len(os.listdir("/proc/self/fd")) == before


def test_openat2(guest: Any, home: Path) -> None:
    def how(flags: int, mode: int = 0, resolve: int = 0) -> bytes:
        return struct.pack("<QQQ", flags, mode, resolve)

    made = guest.call("openat2", -100, "new", how(O_RDWR | O_CREAT, 0o600), 24)
    assert made > 2
    assert (home / "new").exists()
    assert guest.call("openat2", -100, "new", how(0) + bytes(8), 32) > 2
    for block, size, error in (
        (how(0), 23, errno.EINVAL),
        (how(0), 4097, errno.E2BIG),
        (how(0) + b"x" * 8, 32, errno.E2BIG),
        (how(0, 0o600), 24, errno.EINVAL),
        (how(1 << 40), 24, errno.EINVAL),
        (how(1 << 30), 24, errno.EINVAL),
        (how(O_CREAT, 0o10000), 24, errno.EINVAL),
        (how(0, 0, 8), 24, errno.EINVAL),
    ):
        assert guest.call("openat2", -100, "new", block, size) == -error
    assert list(guest.kernel.unknown_syscalls) == ["restricted look-ups (openat2 with RESOLVE_...)"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("eventfd2", (0, 0x10)), ("epoll_create1", (0x10,)), ("inotify_init1", (0x10,)),
        ("timerfd_create", (1, 0x10)), ("dup3", (0, 5, 0x10)), ("socket", (1, 0x11, 0)),
    ],
)  # fmt: skip
def test_flags_without_a_name_are_einval(guest: Any, name: str, arguments: tuple[int]) -> None:
    assert guest.call(name, *arguments) == -errno.EINVAL

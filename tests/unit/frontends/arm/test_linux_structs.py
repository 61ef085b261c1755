"""Layouts of ARM: offsets and sizes as arm-linux-gnueabi-gcc gives them for the kernel's headers."""

import os
import struct

import pytest

from frontends.arm.linux_structs import layout, open_flags_from_host, open_flags_to_host

SIZES = {
    "stat64": 104, "stat": 64, "statfs": 64, "statfs64": 84, "statx": 256, "flock": 16,
    "flock64": 32, "termios": 36, "termios2": 44, "winsize": 8, "timespec": 8, "timespec64": 16,
    "timeval": 8, "itimerspec": 16, "itimerspec64": 32, "iovec": 8, "pollfd": 8,
    "epoll_event": 16, "rlimit": 8, "rlimit64": 16, "msghdr": 28, "cmsghdr": 12, "sockaddr_un": 110, "shmid64_ds": 84, "semid64_ds": 64,
    "msqid64_ds": 88, "utimbuf": 8,
}  # fmt: skip

OFFSETS = {
    "stat64": {
        "dev": (0, 8), "ino32": (12, 4), "mode": (16, 4), "nlink": (20, 4), "uid": (24, 4),
        "gid": (28, 4), "rdev": (32, 8), "size": (48, 8), "blksize": (56, 4), "blocks": (64, 8),
        "atime": (72, 4), "atime_nsec": (76, 4), "mtime": (80, 4), "mtime_nsec": (84, 4),
        "ctime": (88, 4), "ctime_nsec": (92, 4), "ino": (96, 8),
    },
    "stat": {
        "dev": (0, 4), "ino": (4, 4), "mode": (8, 2), "nlink": (10, 2), "uid": (12, 2),
        "gid": (14, 2), "rdev": (16, 4), "size": (20, 4), "blksize": (24, 4), "blocks": (28, 4),
        "atime": (32, 4), "mtime": (40, 4), "ctime": (48, 4), "ctime_nsec": (52, 4),
    },
    "statfs64": {
        "type": (0, 4), "bsize": (4, 4), "blocks": (8, 8), "bfree": (16, 8), "bavail": (24, 8),
        "files": (32, 8), "ffree": (40, 8), "fsid": (48, 8), "namelen": (56, 4),
        "frsize": (60, 4), "flags": (64, 4),
    },
    "statfs": {"blocks": (8, 4), "ffree": (24, 4), "fsid": (28, 8), "namelen": (36, 4), "flags": (44, 4)},
    "statx": {
        "mask": (0, 4), "blksize": (4, 4), "nlink": (16, 4), "mode": (28, 2), "ino": (32, 8),
        "size": (40, 8), "blocks": (48, 8), "atime": (64, 8), "atime_nsec": (72, 4),
        "btime": (80, 8), "ctime": (96, 8), "mtime": (112, 8), "rdev_major": (128, 4),
        "dev_major": (136, 4), "mnt_id": (144, 8),
    },
    "flock": {"type": (0, 2), "whence": (2, 2), "start": (4, 4), "len": (8, 4), "pid": (12, 4)},
    "flock64": {"type": (0, 2), "whence": (2, 2), "start": (8, 8), "len": (16, 8), "pid": (24, 4)},
    "epoll_event": {"events": (0, 4), "data": (8, 8)},
    "dirent64": {"ino": (0, 8), "off": (8, 8), "reclen": (16, 2), "type": (18, 1)},
    "dirent": {"ino": (0, 4), "off": (4, 4), "reclen": (8, 2)},
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name: str) -> None:
    assert layout(name).size == SIZES[name]
    assert len(layout(name).pack()) == SIZES[name]


@pytest.mark.parametrize("name", OFFSETS)
def test_every_member_stands_where_the_compiler_puts_it(name: str) -> None:
    shape = layout(name)
    for member, (offset, size) in OFFSETS[name].items():
        packed = shape.pack(**{member: -1})
        expected = bytearray(shape.size)
        expected[offset : offset + size] = b"\xff" * size
        assert packed == expected, member
        assert shape.unpack(packed)[member] & ((1 << 8 * size) - 1) == (1 << 8 * size) - 1


@pytest.mark.parametrize(
    ("name", "size", "offsets"),
    [
        ("stat64", 96, {"size": 44, "blocks": 56, "ino": 88}),
        ("flock64", 24, {"start": 4, "len": 12, "pid": 20}),
        ("epoll_event", 12, {"data": 4}),
    ],
)
def test_the_old_abi_packs_to_four(name: str, size: int, offsets: dict[str, int]) -> None:
    shape = layout(name, "oabi")
    assert shape.size == size
    for member, offset in offsets.items():
        assert shape.pack(**{member: 1}).index(1) == offset
    assert layout("stat", "oabi") is layout("stat")


def test_termios_keeps_its_characters() -> None:
    data = struct.pack("<IIIIB19s", 1, 2, 3, 4, 5, bytes(range(19)))
    shape = layout("termios")
    assert shape.unpack(data)["lflag"] == 4
    assert shape.unpack_bytes(data, "cc") == bytes(range(19))
    assert shape.pack(iflag=1, oflag=2, cflag=3, lflag=4, line=5, cc=bytes(range(19))) == data


def test_integers_wrap_and_are_checked() -> None:
    shape = layout("flock")
    assert shape.unpack(shape.pack(start=1 << 31))["start"] == -(1 << 31)
    assert shape.fits("start", (1 << 31) - 1)
    assert not shape.fits("start", 1 << 31)
    assert not layout("statfs").fits("blocks", 1 << 32)


ARM_FLAGS = {
    "O_CREAT": 0o100, "O_EXCL": 0o200, "O_TRUNC": 0o1000, "O_APPEND": 0o2000,
    "O_NONBLOCK": 0o4000, "O_DIRECTORY": 0o40000, "O_NOFOLLOW": 0o100000, "O_DIRECT": 0o200000,
    "O_NOATIME": 0o1000000, "O_CLOEXEC": 0o2000000, "O_SYNC": 0o4010000, "O_PATH": 0o10000000,
    "O_TMPFILE": 0o20040000,
}  # fmt: skip


@pytest.mark.parametrize("name", ARM_FLAGS)
def test_open_flags(name: str) -> None:
    assert open_flags_to_host(ARM_FLAGS[name]) == getattr(os, name)
    assert open_flags_from_host(getattr(os, name) | os.O_RDWR) == ARM_FLAGS[name] | 2


def test_largefile_means_nothing_to_the_host() -> None:
    assert open_flags_to_host(0o400002) == os.O_RDWR

"""The structures and open flags that Linux and 32-bit ARM programs exchange.

Offsets follow the kernel's headers (``arch/arm/include/uapi/asm``, ``asm-generic``) and were
compared with what arm-linux-gnueabi-gcc says (``tests/unit/frontends/arm/test_linux_structs.py``
keeps them as literal numbers). The OABI differs where a 64-bit member aligns to 4
(sys_oabi-compat.c).
"""

import os
import struct
from collections.abc import Callable, Mapping
from itertools import repeat
from operator import and_

from dbt.typing import Any, NamedTuple

Fields = tuple[tuple[str, int, str], ...]


class _Packing(NamedTuple):
    """How a structure is packed: the offset, format and bits of each member (0 bits: bytes), the
    whole, and for each member the mask that cuts an integer to its width (0: bytes)."""

    members: Mapping[str, tuple[int, struct.Struct, int]]
    whole: struct.Struct
    masks: tuple[int, ...]


class Struct:
    """A guest structure: ``size`` bytes, and (name, offset, format) of its members.

    Formats are those of the ``struct`` module, little-endian: integers, or ``19s`` for bytes.
    """

    __slots__ = ("_made", "fields", "name", "size")

    def __init__(self, name: str, size: int, fields: Fields) -> None:
        self.name, self.size, self.fields = name, size, fields
        self._made: _Packing | None = None

    @property
    def _packing(self) -> _Packing:
        """Made when it is first needed: a run uses few of the structures that there are."""
        if self._made is None:
            self._made = _packing(self.size, self.fields)
        return self._made

    def pack(self, **values: int | bytes) -> bytes:
        """The structure's bytes. Members that are not given are zero; integers are cut to the width
        of their member."""
        members, whole, masks = self._packing
        if not members.keys() >= values.keys():
            unknown = values.keys() - members.keys()
            raise TypeError(f"struct {self.name} has no {', '.join(sorted(unknown))}")
        get: Callable[[str, Any], Any] = values.get
        if all(masks):
            return whole.pack(*map(and_, map(get, members, repeat(0)), masks))
        return whole.pack(
            *[
                get(n, 0) & mask if mask else get(n, b"")
                for n, mask in zip(members, masks, strict=True)
            ]
        )

    def unpack(self, data: bytes) -> dict[str, int]:
        """Values of the integer members by name. ``unpack_bytes`` reads the others."""
        return {
            name: int(packer.unpack_from(data, offset)[0])
            for name, (offset, packer, bits) in self._packing.members.items()
            if bits
        }

    def unpack_bytes(self, data: bytes, name: str) -> bytes:
        """The value of a member of bytes."""
        offset, packer, _ = self._packing.members[name]
        return bytes(packer.unpack_from(data, offset)[0])

    def fits(self, name: str, value: int) -> bool:
        """True when an integer fits a member."""
        _, packer, bits = self._packing.members[name]
        if packer.format[-1].islower():
            return -(1 << (bits - 1)) <= value < 1 << (bits - 1)
        return 0 <= value < 1 << bits


def _packing(size: int, fields: Fields) -> _Packing:
    members = {}
    parts = ["<"]
    end = 0
    for name, offset, format_ in fields:
        packer = struct.Struct("<" + format_)
        bits = 0 if format_.endswith("s") else 8 * packer.size
        members[name] = (offset, packer, bits)
        # Packed as unsigned, after a mask: any integer wraps to its member's width.
        parts.append(f"{offset - end}x{format_.upper() if bits else format_}")
        end = offset + packer.size
    parts.append(f"{size - end}x")
    masks = tuple((1 << bits) - 1 for _, _, bits in members.values())
    return _Packing(members, struct.Struct("".join(parts)), masks)


_STAT64_TIMES: Fields = (
    ("atime", 72, "I"), ("atime_nsec", 76, "I"), ("mtime", 80, "I"), ("mtime_nsec", 84, "I"),
    ("ctime", 88, "I"), ("ctime_nsec", 92, "I"), ("ino", 96, "Q"),
)  # fmt: skip

STAT64 = Struct("stat64", 104, (
    ("dev", 0, "Q"), ("ino32", 12, "I"), ("mode", 16, "I"), ("nlink", 20, "I"), ("uid", 24, "I"),
    ("gid", 28, "I"), ("rdev", 32, "Q"), ("size", 48, "q"), ("blksize", 56, "I"),
    ("blocks", 64, "Q"), *_STAT64_TIMES,
))  # fmt: skip

STAT = Struct("stat", 64, (
    ("dev", 0, "I"), ("ino", 4, "I"), ("mode", 8, "H"), ("nlink", 10, "H"), ("uid", 12, "H"),
    ("gid", 14, "H"), ("rdev", 16, "I"), ("size", 20, "I"), ("blksize", 24, "I"),
    ("blocks", 28, "I"), ("atime", 32, "I"), ("atime_nsec", 36, "I"), ("mtime", 40, "I"),
    ("mtime_nsec", 44, "I"), ("ctime", 48, "I"), ("ctime_nsec", 52, "I"),
))  # fmt: skip

_STATFS_HEAD: Fields = (("type", 0, "I"), ("bsize", 4, "I"))

STATFS = Struct("statfs", 64, (
    *_STATFS_HEAD, ("blocks", 8, "I"), ("bfree", 12, "I"), ("bavail", 16, "I"), ("files", 20, "I"),
    ("ffree", 24, "I"), ("fsid", 28, "Q"), ("namelen", 36, "I"), ("frsize", 40, "I"),
    ("flags", 44, "I"),
))  # fmt: skip

# ARM packs statfs64 to 4 (ARCH_PACK_STATFS64): 84 bytes, not 88.
STATFS64 = Struct("statfs64", 84, (
    *_STATFS_HEAD, ("blocks", 8, "Q"), ("bfree", 16, "Q"), ("bavail", 24, "Q"), ("files", 32, "Q"),
    ("ffree", 40, "Q"), ("fsid", 48, "Q"), ("namelen", 56, "I"), ("frsize", 60, "I"),
    ("flags", 64, "I"),
))  # fmt: skip

STATX = Struct("statx", 256, (
    ("mask", 0, "I"), ("blksize", 4, "I"), ("attributes", 8, "Q"), ("nlink", 16, "I"),
    ("uid", 20, "I"), ("gid", 24, "I"), ("mode", 28, "H"), ("ino", 32, "Q"), ("size", 40, "Q"),
    ("blocks", 48, "Q"), ("attributes_mask", 56, "Q"),
    ("atime", 64, "q"), ("atime_nsec", 72, "I"), ("btime", 80, "q"), ("btime_nsec", 88, "I"),
    ("ctime", 96, "q"), ("ctime_nsec", 104, "I"), ("mtime", 112, "q"), ("mtime_nsec", 120, "I"),
    ("rdev_major", 128, "I"), ("rdev_minor", 132, "I"), ("dev_major", 136, "I"),
    ("dev_minor", 140, "I"), ("mnt_id", 144, "Q"),
))  # fmt: skip

FLOCK = Struct("flock", 16, (
    ("type", 0, "h"), ("whence", 2, "h"), ("start", 4, "i"), ("len", 8, "i"), ("pid", 12, "i"),
))  # fmt: skip
FLOCK64 = Struct("flock64", 32, (
    ("type", 0, "h"), ("whence", 2, "h"), ("start", 8, "q"), ("len", 16, "q"), ("pid", 24, "i"),
))  # fmt: skip

# Names longer than the head follow it; the type of the old dirent is its last byte.
DIRENT64 = Struct("dirent64", 19, (
    ("ino", 0, "Q"), ("off", 8, "q"), ("reclen", 16, "H"), ("type", 18, "B"),
))  # fmt: skip
DIRENT = Struct("dirent", 10, (("ino", 0, "I"), ("off", 4, "I"), ("reclen", 8, "H")))

_TERMIOS: Fields = (
    ("iflag", 0, "I"), ("oflag", 4, "I"), ("cflag", 8, "I"), ("lflag", 12, "I"), ("line", 16, "B"),
    ("cc", 17, "19s"),
)  # fmt: skip
TERMIOS = Struct("termios", 36, _TERMIOS)
TERMIOS2 = Struct("termios2", 44, (*_TERMIOS, ("ispeed", 36, "I"), ("ospeed", 40, "I")))
WINSIZE = Struct("winsize", 8, (
    ("row", 0, "H"), ("col", 2, "H"), ("xpixel", 4, "H"), ("ypixel", 6, "H"),
))  # fmt: skip

TIMESPEC = Struct("timespec", 8, (("sec", 0, "i"), ("nsec", 4, "i")))
TIMESPEC64 = Struct("timespec64", 16, (("sec", 0, "q"), ("nsec", 8, "i")))
TIMEVAL = Struct("timeval", 8, (("sec", 0, "i"), ("usec", 4, "i")))
ITIMERSPEC = Struct("itimerspec", 16, (
    ("interval_sec", 0, "i"), ("interval_nsec", 4, "i"), ("value_sec", 8, "i"),
    ("value_nsec", 12, "i"),
))  # fmt: skip
ITIMERSPEC64 = Struct("itimerspec64", 32, (
    ("interval_sec", 0, "q"), ("interval_nsec", 8, "i"), ("value_sec", 16, "q"),
    ("value_nsec", 24, "i"),
))  # fmt: skip
UTIMBUF = Struct("utimbuf", 8, (("actime", 0, "i"), ("modtime", 4, "i")))

IOVEC = Struct("iovec", 8, (("base", 0, "I"), ("len", 4, "I")))
POLLFD = Struct("pollfd", 8, (("fd", 0, "i"), ("events", 4, "h"), ("revents", 6, "h")))
EPOLL_EVENT = Struct("epoll_event", 16, (("events", 0, "I"), ("data", 8, "Q")))
SIGSET_ARGUMENT = Struct("sigset_argument", 8, (("set", 0, "I"), ("size", 4, "I")))
RLIMIT = Struct("rlimit", 8, (("cur", 0, "I"), ("max", 4, "I")))
RLIMIT64 = Struct("rlimit64", 16, (("cur", 0, "Q"), ("max", 8, "Q")))
MSGHDR = Struct("msghdr", 28, (
    ("name", 0, "I"), ("namelen", 4, "I"), ("iov", 8, "I"), ("iovlen", 12, "I"),
    ("control", 16, "I"), ("controllen", 20, "I"), ("flags", 24, "I"),
))  # fmt: skip
CMSGHDR = Struct("cmsghdr", 12, (("len", 0, "I"), ("level", 4, "i"), ("type", 8, "i")))
_SOCKADDR_UN: Fields = (("family", 0, "H"), ("path", 2, "108s"))
SOCKADDR_UN = Struct("sockaddr_un", 110, _SOCKADDR_UN)
# asm-generic/ipcbuf.h, shmbuf.h, sembuf.h, msgbuf.h: the mode has 16 bits, times have upper halves.
_IPC_PERM: Fields = (
    ("key", 0, "i"), ("uid", 4, "I"), ("gid", 8, "I"), ("cuid", 12, "I"), ("cgid", 16, "I"),
    ("mode", 20, "H"), ("seq", 24, "H"),
)  # fmt: skip
SHMID64_DS = Struct("shmid64_ds", 84, (
    *_IPC_PERM, ("segsz", 36, "I"), ("atime", 40, "I"), ("atime_high", 44, "I"),
    ("dtime", 48, "I"), ("dtime_high", 52, "I"), ("ctime", 56, "I"), ("ctime_high", 60, "I"),
    ("cpid", 64, "i"), ("lpid", 68, "i"), ("nattch", 72, "I"),
))  # fmt: skip
SEMID64_DS = Struct("semid64_ds", 64, (
    *_IPC_PERM, ("otime", 36, "I"), ("otime_high", 40, "I"), ("ctime", 44, "I"),
    ("ctime_high", 48, "I"), ("nsems", 52, "I"),
))  # fmt: skip
MSQID64_DS = Struct("msqid64_ds", 88, (
    *_IPC_PERM, ("stime", 36, "I"), ("stime_high", 40, "I"), ("rtime", 44, "I"),
    ("rtime_high", 48, "I"), ("ctime", 52, "I"), ("ctime_high", 56, "I"), ("cbytes", 60, "I"),
    ("qnum", 64, "I"), ("qbytes", 68, "I"), ("lspid", 72, "i"), ("lrpid", 76, "i"),
))  # fmt: skip

_EABI = {
    layout.name: layout
    for layout in (
        STAT64, STAT, STATFS, STATFS64, STATX, FLOCK, FLOCK64, DIRENT64, DIRENT, TERMIOS, TERMIOS2,
        WINSIZE, TIMESPEC, TIMESPEC64, TIMEVAL, ITIMERSPEC, ITIMERSPEC64, UTIMBUF, IOVEC, POLLFD,
        EPOLL_EVENT, SIGSET_ARGUMENT, RLIMIT, RLIMIT64, MSGHDR,
        CMSGHDR, SOCKADDR_UN, SHMID64_DS, SEMID64_DS, MSQID64_DS,
    )
}  # fmt: skip

# struct oldabi_stat64, oabi_flock64, oabi_epoll_event: packed to 4.
_OABI = _EABI | {
    "stat64": Struct("stat64", 96, (
        ("dev", 0, "Q"), ("ino32", 12, "I"), ("mode", 16, "I"), ("nlink", 20, "I"),
        ("uid", 24, "I"), ("gid", 28, "I"), ("rdev", 32, "Q"), ("size", 44, "q"),
        ("blksize", 52, "I"), ("blocks", 56, "Q"), ("atime", 64, "I"), ("atime_nsec", 68, "I"),
        ("mtime", 72, "I"), ("mtime_nsec", 76, "I"), ("ctime", 80, "I"), ("ctime_nsec", 84, "I"),
        ("ino", 88, "Q"),
    )),
    "flock64": Struct("flock64", 24, (
        ("type", 0, "h"), ("whence", 2, "h"), ("start", 4, "q"), ("len", 12, "q"),
        ("pid", 20, "i"),
    )),
    "sockaddr_un": Struct("sockaddr_un", 112, _SOCKADDR_UN),
    "epoll_event": Struct("epoll_event", 12, (("events", 0, "I"), ("data", 4, "Q"))),
}  # fmt: skip


def layout(name: str, variant: str = "") -> Struct:
    """A structure by its Linux name; ``variant`` is ``oabi`` for calls in the old convention."""
    return (_OABI if variant == "oabi" else _EABI)[name]


# -- open flags (arch/arm/include/uapi/asm/fcntl.h; the rest is asm-generic) --------------------

O_LARGEFILE = 0o400000
_OPEN_FLAGS = (
    (0o100, os.O_CREAT), (0o200, os.O_EXCL), (0o400, os.O_NOCTTY), (0o1000, os.O_TRUNC),
    (0o2000, os.O_APPEND), (0o4000, os.O_NONBLOCK), (0o10000, os.O_DSYNC), (0o20000, os.O_ASYNC),
    (0o40000, os.O_DIRECTORY), (0o100000, os.O_NOFOLLOW), (0o200000, os.O_DIRECT),
    (0o1000000, os.O_NOATIME), (0o2000000, os.O_CLOEXEC), (0o4000000, os.O_SYNC & ~os.O_DSYNC),
    (0o10000000, os.O_PATH), (0o20000000, os.O_TMPFILE & ~os.O_DIRECTORY),
)  # fmt: skip

OPEN_FLAG_NAMES = (
    ("O_APPEND", 0o2000), ("O_CREAT", 0o100), ("O_DIRECTORY", 0o40000), ("O_EXCL", 0o200),
    ("O_LARGEFILE", O_LARGEFILE), ("O_NOCTTY", 0o400), ("O_NOFOLLOW", 0o100000),
    ("O_NONBLOCK", 0o4000), ("O_DSYNC", 0o10000), ("__O_SYNC", 0o4000000), ("O_TRUNC", 0o1000),
    ("O_DIRECT", 0o200000), ("O_NOATIME", 0o1000000), ("O_CLOEXEC", 0o2000000),
    ("O_PATH", 0o10000000), ("__O_TMPFILE", 0o20000000),
)  # fmt: skip
"""Names of the guest's open flags, in the order in which they are shown."""


def open_flags_to_host(flags: int) -> int:
    """The host's ``O_*`` for those of the guest, without unknown bits and O_LARGEFILE."""
    out = flags & 3
    for guest, host in _OPEN_FLAGS:
        if flags & guest:
            out |= host
    return out


def open_flags_from_host(flags: int) -> int:
    """The guest's ``O_*`` for those of the host (F_GETFL), without O_LARGEFILE."""
    out = flags & 3
    for guest, host in _OPEN_FLAGS:
        if host and flags & host == host:
            out |= guest
    return out

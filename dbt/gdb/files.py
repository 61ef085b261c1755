"""Packets ``vFile``: a debugger reads files as the guest sees them, its program and its libraries
("File-I/O Protocol" and "Host I/O Packets" in gdb's manual). Nothing is written."""

import errno
import os
import stat
import struct
from collections.abc import Callable

from dbt.gdb.context import INVALID, Answer, Context, first_part
from dbt.gdb.packets import MOST, Malformed, bytes_of, escaped, number

_MOST_OPEN = 64
_WRITING = 0x1 | 0x2 | 0x8 | 0x200 | 0x400 | 0x800
"""Flags of the protocol: O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_TRUNC, O_EXCL."""
_ERRORS = {
    "EPERM": 1, "ENOENT": 2, "EINTR": 4, "EBADF": 9, "EACCES": 13, "ENODEV": 19, "ENOTDIR": 20,
    "EISDIR": 21, "EINVAL": 22, "ENFILE": 23, "EMFILE": 24, "EROFS": 30, "ENOSYS": 88,
    "ENAMETOOLONG": 91,
}  # fmt: skip
_UNKNOWN = 9999
_STAT = struct.Struct(">7I3Q3I")
_WORD = 0xFFFFFFFF


class Files:
    """Answers packets ``vFile``."""

    def __init__(self, context: Context) -> None:
        self._debuggee = context.debuggee
        self._open: dict[int, int] = {}
        self._operations: dict[bytes, Callable[[bytes], bytes]] = {
            b"setfs": lambda _: b"F0",
            b"open": self._open_file,
            b"pread": self._read,
            b"fstat": self._status,
            b"close": self._close,
        }
        self.answers: dict[bytes, Answer] = {b"vFile": self._answer}

    def close(self) -> None:
        """Close what is open."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def _answer(self, rest: bytes) -> bytes:
        name, operands = first_part(rest, b":")
        operation = self._operations.get(name)
        if operation is None:
            return b""
        try:
            return operation(operands)
        except OSError as error:
            known = _ERRORS.get(errno.errorcode.get(error.errno or 0, ""), _UNKNOWN)
            return b"F-1,%x" % known

    def _open_file(self, rest: bytes) -> bytes:
        path, flags, _ = _three(rest)
        if number(flags) & _WRITING:
            raise OSError(errno.EROFS, "nothing can be written")
        if len(self._open) >= _MOST_OPEN:
            raise OSError(errno.EMFILE, "too many are open")
        name = bytes_of(path)
        if b"\0" in name:
            return INVALID
        descriptor = self._debuggee.open(name)
        given = next(n for n in range(_MOST_OPEN) if n not in self._open)
        self._open[given] = descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(self._open.pop(given))
            raise OSError(errno.EACCES, "no plain file")
        return b"F%x" % given

    def _read(self, rest: bytes) -> bytes:
        which, count, offset = _three(rest)
        size = min(number(count), MOST // 2 - 16)  # each byte may take two
        data = os.pread(self._descriptor(which), size, number(offset, (1 << 63) - 1))
        return b"F%x;" % len(data) + escaped(data)

    def _status(self, rest: bytes) -> bytes:
        status = os.fstat(self._descriptor(rest))
        values = (
            status.st_dev, status.st_ino, status.st_mode, status.st_nlink, status.st_uid,
            status.st_gid, status.st_rdev,
        )  # fmt: skip
        times = (int(time) & _WORD for time in (status.st_atime, status.st_mtime, status.st_ctime))
        sizes = status.st_size, status.st_blksize, status.st_blocks
        data = _STAT.pack(*(value & _WORD for value in values), *sizes, *times)
        return b"F%x;" % len(data) + escaped(data)

    def _close(self, rest: bytes) -> bytes:
        os.close(self._descriptor(rest))
        del self._open[number(rest)]
        return b"F0"

    def _descriptor(self, text: bytes) -> int:
        found = self._open.get(number(text))
        if found is None:
            raise OSError(errno.EBADF, "not open")
        return found


def _three(text: bytes) -> tuple[bytes, bytes, bytes]:
    parts = text.split(b",")
    if len(parts) != 3:
        raise Malformed
    return parts[0], parts[1], parts[2]

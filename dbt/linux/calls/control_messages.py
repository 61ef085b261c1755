"""Control data of messages (cmsg(3)): descriptors, credentials and what the network tells.

The header of a piece has 12 bytes in a 32-bit guest, and 16 on the host.
"""

import errno
import os
import stat
import struct
from collections.abc import Iterator

from dbt.classes import attrs
from dbt.linux.errors import failure
from dbt.linux.state.fdtable import OpenFile
from dbt.linux.structs import layout
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

SOL_SOCKET, SCM_RIGHTS, SCM_CREDENTIALS, SO_TIMESTAMP = 1, 1, 2, 29
MSG_CTRUNC = 8
_MOST_BYTES = 20480
"""Bytes of control data that may be sent (net.core.optmem_max)."""
_MOST_DESCRIPTORS = 253  # SCM_MAX_FD
_HOST = struct.Struct("=Qii")
_PLAIN = {
    (SOL_SOCKET, SCM_CREDENTIALS),
    (0, 1), (0, 2), (0, 8),  # IP_TOS, IP_TTL, IP_PKTINFO
    (41, 50), (41, 52), (41, 67),  # IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS
}  # fmt: skip
"""Level and type of pieces that are the same for guest and host."""


@attrs.frozen
class Piece:
    """One control message: its level, type and data."""

    level: int
    type: int
    data: bytes


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to


# -- sending ---------------------------------------------------------------------------------------


def to_host(kernel: "Kernel", address: int, size: int) -> bytes:
    """The guest's control data for the host's kernel. EINVAL, ENOBUFS (net/core/scm.c)."""
    if size > _MOST_BYTES:
        raise failure(errno.ENOBUFS)
    out = b""
    for piece in _pieces(kernel, kernel.memory.read(address, size)):
        data = piece.data
        if (piece.level, piece.type) == (SOL_SOCKET, SCM_RIGHTS):
            data = _host_descriptors(kernel, data)
        elif (piece.level, piece.type) not in _PLAIN:
            raise failure(errno.EINVAL)
        out += _host_piece(piece.level, piece.type, data)
    return out


def _pieces(kernel: "Kernel", data: bytes) -> Iterator[Piece]:
    """The pieces of the guest's control data. EINVAL for one of a wrong length (CMSG_OK)."""
    head = layout(kernel, "cmsghdr")
    at = 0
    while len(data) - at >= head.size:
        found = head.unpack(data[at : at + head.size])
        length = found["len"]
        if not head.size <= length <= len(data) - at:
            raise failure(errno.EINVAL)
        yield Piece(found["level"], found["type"], data[at + head.size : at + length])
        at += _aligned(length, 4)


def _host_piece(level: int, kind: int, data: bytes) -> bytes:
    length = _HOST.size + len(data)
    return (_HOST.pack(length, level, kind) + data).ljust(_aligned(length, 8), b"\0")


def _host_descriptors(kernel: "Kernel", data: bytes) -> bytes:
    """The host's descriptors for those of the guest. EBADF; EINVAL for too many, and for a made up
    directory, which is nothing to another process."""
    numbers = struct.unpack(f"<{len(data) // 4}i", data[: len(data) // 4 * 4])
    if len(numbers) > _MOST_DESCRIPTORS:
        raise failure(errno.EINVAL)
    found = [kernel.files.get(number) for number in numbers]
    if any(one.file.made_up and one.file.entries is not None for one in found):
        raise failure(errno.EINVAL)
    return struct.pack(f"={len(found)}i", *(one.host for one in found))


# -- receiving -------------------------------------------------------------------------------------


def host_room(size: int) -> int:
    """Bytes of control data to take from the host for a guest that has room for ``size``."""
    return 0 if not size else min(2 * size + 64, 4 * _MOST_BYTES)


def to_guest(kernel: "Kernel", data: bytes, room: int, *, cloexec: bool) -> tuple[bytes, int]:
    """What the host's kernel gave, for a guest that has ``room`` bytes: the control data, and
    MSG_CTRUNC when something did not fit. Descriptors that do not fit are closed."""
    head = layout(kernel, "cmsghdr")
    out, truncated = b"", 0
    for piece in _host_pieces(data):
        left = room - len(out) - head.size
        content = piece.data
        if (piece.level, piece.type) == (SOL_SOCKET, SCM_RIGHTS):
            content = _guest_descriptors(kernel, piece.data, left // 4, cloexec=cloexec)
        elif (piece.level, piece.type) == (SOL_SOCKET, SO_TIMESTAMP):
            seconds, rest = struct.unpack("=qq", piece.data)
            content = struct.pack("<II", seconds & 0xFFFFFFFF, rest)
        elif (piece.level, piece.type) not in _PLAIN:
            truncated = MSG_CTRUNC
            continue
        if left < 0 or len(content[: max(left, 0)]) < _wanted(piece, content):
            truncated = MSG_CTRUNC
            content = content[: max(left, 0)]
        if left >= 0 and (content or not piece.data):
            length = head.size + len(content)
            header = head.pack(len=length, level=piece.level, type=piece.type)
            out += (header + content).ljust(_aligned(length, 4), b"\0")
    return out[:room], truncated


def _wanted(piece: Piece, content: bytes) -> int:
    """Bytes that a whole piece has."""
    rights = (piece.level, piece.type) == (SOL_SOCKET, SCM_RIGHTS)
    return len(piece.data) if rights else len(content)


def _host_pieces(data: bytes) -> Iterator[Piece]:
    at = 0
    while len(data) - at >= _HOST.size:
        length, level, kind = _HOST.unpack_from(data, at)
        if length < _HOST.size:
            return
        yield Piece(level, kind, data[at + _HOST.size : at + length])
        at += _aligned(length, 8)


def _guest_descriptors(kernel: "Kernel", data: bytes, most: int, *, cloexec: bool) -> bytes:
    """Give received descriptors numbers, as many as fit. The others are closed."""
    out = []
    found = [fd for (fd,) in struct.iter_unpack("=i", data)]
    for index, fd in enumerate(found):
        try:
            if index >= most:
                raise failure(errno.EMFILE)
            kernel.files.lowest()
        except OSError:
            for rest in found[index:]:
                os.close(rest)
            break
        out.append(kernel.files.add(fd, received(kernel, fd), cloexec=cloexec))
    return struct.pack(f"<{len(out)}i", *out)


def received(kernel: "Kernel", fd: int) -> OpenFile:
    """What is known of an open file that another process has sent: its layer is found by where it
    lies now."""
    from dbt.linux.calls.directories import list_directory
    from dbt.linux.state.objects import Handle, where

    mode = os.fstat(fd).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return OpenFile(changeable=not stat.S_ISCHR(mode))
    path, _ = where(Handle(fd, borrowed=True))
    for tree in kernel.paths.view.every():
        guest = tree.guest_path(path)
        if guest is None or not tree.sight(guest):
            continue
        file = OpenFile(tree, changeable=tree.may_change(guest))
        if stat.S_ISDIR(mode):
            file.entries = list_directory(kernel.paths, tree)
        return file
    return OpenFile()

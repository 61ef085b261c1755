"""Reading and writing: read, write and their vector and positioned forms, lseek."""

import errno
import os
import struct
from functools import partial

from dbt.linux import host
from dbt.linux.calls import signalfd
from dbt.linux.calls.transfer import may_wait, write_all
from dbt.linux.errors import failure
from dbt.linux.guestio import Span, pack_iovec, read_iovec, read_vector, spans
from dbt.linux.state import waiting
from dbt.linux.state.fdtable import Descriptor
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2


def _one(call: str, fd: int, parts: list[Span], *position: int) -> int:
    """``call`` on one buffer, or its vector form when the buffer's end is not accessible."""
    if len(parts) == 1:
        return host.call(call, fd, *parts[0], *position)
    vector = {"pread64": "preadv", "pwrite64": "pwritev"}.get(call, call + "v")
    return host.call(vector, fd, pack_iovec(parts), len(parts), *position)


def _file(kernel: "Kernel", fd: int) -> int:
    """The host descriptor to read from: a directory cannot be read."""
    found = kernel.files.get(fd)
    if found.file.entries is not None:
        raise failure(errno.EISDIR)
    return found.host


@syscall("read")
def read(kernel: "Kernel", fd: int, buffer: int, count: int) -> int:
    host_fd = _file(kernel, fd)
    if kernel.files.get(fd).file.signals is not None:
        return signalfd.read(kernel, kernel.files.get(fd), buffer, count)
    waiting.wait_for(kernel, host_fd, waiting.POLLIN)
    return _one("read", host_fd, spans(kernel, buffer, count, writable=True))


@syscall("write")
def write(kernel: "Kernel", fd: int, buffer: int, count: int) -> int:
    found = kernel.files.get(fd)
    if found.file.sink is not None:
        return _give(kernel, found, [(buffer, count)])
    host_fd = found.host
    parts = spans(kernel, buffer, count, writable=False)
    if may_wait(kernel, host_fd):
        return write_all(kernel, host_fd, parts, partial(_one, "write", host_fd))
    return _one("write", host_fd, parts)


@syscall("pread64")
def pread64(kernel: "Kernel", fd: int, buffer: int, count: int, offset: int) -> int:
    parts = spans(kernel, buffer, count, writable=True)
    return _one("pread64", _file(kernel, fd), parts, offset)


@syscall("pwrite64")
def pwrite64(kernel: "Kernel", fd: int, buffer: int, count: int, offset: int) -> int:
    host_fd = _seekable(kernel, fd)
    return _one("pwrite64", host_fd, spans(kernel, buffer, count, writable=False), offset)


@syscall("readv")
def readv(kernel: "Kernel", fd: int, vector: int, count: int) -> int:
    host_fd = _file(kernel, fd)
    parts = read_iovec(kernel, vector, count, writable=True)
    waiting.wait_for(kernel, host_fd, waiting.POLLIN)
    return host.call("readv", host_fd, pack_iovec(parts), len(parts))


@syscall("writev")
def writev(kernel: "Kernel", fd: int, vector: int, count: int) -> int:
    found = kernel.files.get(fd)
    if found.file.sink is not None:
        return _give(kernel, found, read_vector(kernel, vector, count))
    host_fd = found.host
    parts = read_iovec(kernel, vector, count, writable=False)
    if may_wait(kernel, host_fd):
        return write_all(kernel, host_fd, parts, partial(_writev, host_fd))
    return _writev(host_fd, parts)


def _give(kernel: "Kernel", found: Descriptor, parts: list[tuple[int, int]]) -> int:
    """Write to a made up file: each part of guest memory is a write of its own, and none moves the
    position."""
    sink = found.file.sink
    assert sink is not None
    for address, size in parts:
        content = sink.write(kernel.memory.read(address, min(size, sink.most)))
        os.ftruncate(found.host, 0)
        os.pwrite(found.host, content, 0)
    return sum(size for _, size in parts)


def _seekable(kernel: "Kernel", fd: int) -> int:
    """The host descriptor to write to at a position: a made up file has none (ESPIPE)."""
    found = kernel.files.get(fd)
    if found.file.sink is not None:
        raise failure(errno.ESPIPE)
    return found.host


def _writev(host_fd: int, parts: list[Span]) -> int:
    return host.call("writev", host_fd, pack_iovec(parts), len(parts))


@syscall("preadv")
def preadv(kernel: "Kernel", fd: int, vector: int, count: int, offset: int) -> int:
    host_fd = _file(kernel, fd)
    parts = read_iovec(kernel, vector, count, writable=True)
    return host.call("preadv", host_fd, pack_iovec(parts), len(parts), offset)


@syscall("pwritev")
def pwritev(kernel: "Kernel", fd: int, vector: int, count: int, offset: int) -> int:
    host_fd = _seekable(kernel, fd)
    parts = read_iovec(kernel, vector, count, writable=False)
    return host.call("pwritev", host_fd, pack_iovec(parts), len(parts), offset)


@syscall("preadv2")
def preadv2(kernel: "Kernel", fd: int, vector: int, count: int, offset: int, flags: int) -> int:
    if flags:
        raise failure(errno.EOPNOTSUPP)
    if offset == -1:
        return readv(kernel, fd, vector, count)
    return preadv(kernel, fd, vector, count, offset)


@syscall("pwritev2")
def pwritev2(kernel: "Kernel", fd: int, vector: int, count: int, offset: int, flags: int) -> int:
    if flags:
        raise failure(errno.EOPNOTSUPP)
    if offset == -1:
        return writev(kernel, fd, vector, count)
    return pwritev(kernel, fd, vector, count, offset)


# -- positions -------------------------------------------------------------------------------------


def seek(found: Descriptor, offset: int, whence: int) -> int:
    """Move a file's position; of a directory, that in its listing."""
    file = found.file
    if file.entries is None:
        return host.call("lseek", found.host, offset, whence)
    if whence == SEEK_CUR:
        offset += file.position
    elif whence != SEEK_SET:
        raise failure(errno.EINVAL)
    if not 0 <= offset < 1 << 63:
        raise failure(errno.EINVAL)
    if offset == 0:
        file.listing = None
    file.position = offset
    return offset


@syscall("lseek")
def lseek(kernel: "Kernel", fd: int, offset: int, whence: int) -> int:
    found = kernel.files.get(fd)
    before = seek(found, 0, SEEK_CUR)
    position = seek(found, offset, whence)
    if position > 0x7FFFFFFF:
        seek(found, before, SEEK_SET)
        raise failure(errno.EOVERFLOW)
    return position


@syscall("_llseek")
def llseek(kernel: "Kernel", fd: int, high: int, low: int, result: int, whence: int) -> int:
    found = kernel.files.get(fd)
    offset = low | high << 32
    position = seek(found, offset - (1 << 64) if offset >> 63 else offset, whence)
    kernel.memory.write(result, struct.pack("<Q", position))
    return 0

"""Pipes and other descriptors without a name, and moving data between descriptors."""

import ctypes
import errno
import fcntl
import os
import struct

from dbt.linux import host
from dbt.linux.calls.transfer import PIPE_BUF, may_wait
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.guestio import pack_iovec, read_iovec, read_path
from dbt.linux.state import waiting
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_PIPE_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_DIRECT
_MFD_CLOEXEC, _MFD_ALLOW_SEALING = 1, 2
_SPLICE_F_NONBLOCK = 2
_EFD_SEMAPHORE = 1
_MAX_NARROW, _MAX_WIDE = (1 << 31) - 1, (1 << 63) - 1


def add_pair(kernel: "Kernel", first: int, second: int, pointer: int, *, cloexec: bool) -> int:
    """Give two host descriptors numbers and write these to the guest; nothing stays on failure."""
    try:
        one = kernel.files.add(first, cloexec=cloexec)
    except OSError:
        os.close(second)
        raise
    try:
        two = kernel.files.add(second, cloexec=cloexec)
    except OSError:
        kernel.files.close(one)
        raise
    try:
        kernel.memory.write(pointer, struct.pack("<ii", one, two))
    except BaseException:
        kernel.files.close(one)
        kernel.files.close(two)
        raise
    return 0


@syscall("pipe")
def pipe(kernel: "Kernel", pointer: int) -> int:
    return pipe2(kernel, pointer, 0)


@syscall("pipe2")
def pipe2(kernel: "Kernel", pointer: int, guest_flags: int) -> int:
    flags = only_flags(kernel, guest_flags, _PIPE_FLAGS)
    first, second = os.pipe2(flags | os.O_CLOEXEC)
    return add_pair(kernel, first, second, pointer, cloexec=bool(flags & os.O_CLOEXEC))


@syscall("memfd_create")
def memfd_create(kernel: "Kernel", name: int, flags: int) -> int:
    if flags & ~(_MFD_CLOEXEC | _MFD_ALLOW_SEALING):
        raise failure(errno.EINVAL)
    title = read_path(kernel, name)
    if len(title) > 249:
        raise failure(errno.EINVAL)
    fd = os.memfd_create(os.fsdecode(title), flags | _MFD_CLOEXEC)
    return kernel.files.add(fd, cloexec=bool(flags & _MFD_CLOEXEC))


@syscall("eventfd2")
def eventfd2(kernel: "Kernel", initial: int, guest_flags: int) -> int:
    flags = only_flags(kernel, guest_flags & ~_EFD_SEMAPHORE)
    fd = host.call("eventfd", initial, flags | guest_flags & _EFD_SEMAPHORE | os.O_CLOEXEC)
    return kernel.files.add(fd, cloexec=bool(flags & os.O_CLOEXEC))


@syscall("eventfd")
def eventfd(kernel: "Kernel", initial: int) -> int:
    return eventfd2(kernel, initial, 0)


# -- copying ---------------------------------------------------------------------------------------


def _sendfile(
    kernel: "Kernel", out: int, source: int, offset: int, count: int, form: str, most: int
) -> int:
    """``form`` is the format of the offset in guest memory, which is brought up to date; ``most``
    the position at which the call ends, the highest that the format takes (do_sendfile)."""
    host_source = kernel.files.host_fd(source)
    if count > 0x7FFFFFFF:  # negative as the guest's kernel sees it (rw_verify_area)
        raise failure(errno.EINVAL)
    host_out = _target(kernel, out)
    if may_wait(kernel, host_out):
        waiting.wait_for(kernel, host_out, waiting.POLLOUT)
        count = min(count, PIPE_BUF)
    if not offset:
        return host.call("sendfile", host_out, host_source, 0, count)
    size = struct.calcsize(form)
    position = ctypes.c_int64(struct.unpack(form, kernel.memory.read(offset, size))[0])
    kernel.memory.view(offset, size, writable=True).release()
    if position.value + count > most:
        if position.value >= most:
            raise failure(errno.EOVERFLOW)
        count = most - position.value
    sent = host.call("sendfile", host_out, host_source, ctypes.addressof(position), count)
    kernel.memory.write(offset, struct.pack(form, position.value))
    return sent


def _target(kernel: "Kernel", fd: int) -> int:
    """The host descriptor to move something to. EINVAL for a made up file, which only takes
    writes."""
    found = kernel.files.get(fd)
    if found.file.sink is not None:
        raise failure(errno.EINVAL)
    return found.host


@syscall("sendfile")
def sendfile(kernel: "Kernel", out: int, source: int, offset: int, count: int) -> int:
    return _sendfile(kernel, out, source, offset, count, "<i", _MAX_NARROW)


@syscall("sendfile64")
def sendfile64(kernel: "Kernel", out: int, source: int, offset: int, count: int) -> int:
    return _sendfile(kernel, out, source, offset, count, "<q", _MAX_WIDE)


def _move(
    kernel: "Kernel",
    name: str,
    fds: tuple[int, int],
    offsets: tuple[int, int],
    count: int,
    flags: int,
) -> int:
    """splice and copy_file_range: two descriptors, each with an optional 64-bit position."""
    source, target = kernel.files.host_fd(fds[0]), _target(kernel, fds[1])
    if name == "splice" and kernel.threads.others:
        flags |= _wait_for_both(kernel, source, target, flags)
    values: list[ctypes.c_int64 | None] = []
    for address in offsets:
        if address:
            kernel.memory.view(address, 8, writable=True).release()
            values.append(ctypes.c_int64(kernel.memory.load(address, 8)))
        else:
            values.append(None)
    pointers = [ctypes.addressof(value) if value is not None else 0 for value in values]
    moved = host.call(name, source, pointers[0], target, pointers[1], count, flags)
    for address, value in zip(offsets, values, strict=True):
        if value is not None:
            kernel.memory.store(address, 8, value.value & (1 << 64) - 1)
    return moved


@syscall("splice")
def splice(
    kernel: "Kernel", source: int, at: int, target: int, to: int, count: int, flags: int
) -> int:
    return _move(kernel, "splice", (source, target), (at, to), count, flags)


@syscall("copy_file_range")
def copy_file_range(
    kernel: "Kernel", source: int, at: int, target: int, to: int, count: int, flags: int
) -> int:
    return _move(kernel, "copy_file_range", (source, target), (at, to), count, flags)


@syscall("vmsplice")
def vmsplice(kernel: "Kernel", fd: int, vector: int, count: int, flags: int) -> int:
    """Memory into a pipe, or out of one: as the descriptor is open. The guest's pages are the
    host's."""
    host_fd = kernel.files.host_fd(fd)
    writes = fcntl.fcntl(host_fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    parts = read_iovec(kernel, vector, count, writable=not writes)
    if not flags & _SPLICE_F_NONBLOCK:
        waiting.wait_for(kernel, host_fd, waiting.POLLOUT if writes else waiting.POLLIN)
    return host.call("vmsplice", host_fd, pack_iovec(parts), len(parts), flags)


@syscall("tee")
def tee(kernel: "Kernel", source: int, target: int, count: int, flags: int) -> int:
    host_source, host_target = kernel.files.host_fd(source), kernel.files.host_fd(target)
    if kernel.threads.others:
        flags |= _wait_for_both(kernel, host_source, host_target, flags)
    return host.call("tee", host_source, host_target, count, flags)


def _wait_for_both(kernel: "Kernel", source: int, target: int, flags: int) -> int:
    """Wait until something can be moved between pipes, unless the flags say not to. The flag that
    keeps the host from waiting."""
    if not flags & _SPLICE_F_NONBLOCK:
        waiting.wait_for(kernel, source, waiting.POLLIN)
        waiting.wait_for(kernel, target, waiting.POLLOUT)
    return _SPLICE_F_NONBLOCK

"""Descriptors as such: dup, fcntl with its locks, flock."""

import ctypes
import errno
import fcntl as constants
import os
import struct
from functools import partial

from dbt.linux import host
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.structs import layout, load, store
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW = range(8)
F_SETOWN, F_GETOWN = 8, 9
F_GETLK64, F_SETLK64, F_SETLKW64 = 12, 13, 14
F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 36, 37, 38
F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ = 1030, 1031, 1032
F_ADD_SEALS, F_GET_SEALS = 1033, 1034
FD_CLOEXEC = 1

# A 64-bit host has one numbering, that of the 32-bit guest's first three, for its 64-bit locks.
_LOCKS = {
    F_GETLK: (F_GETLK, "flock"), F_SETLK: (F_SETLK, "flock"), F_SETLKW: (F_SETLKW, "flock"),
    F_GETLK64: (F_GETLK, "flock64"), F_SETLK64: (F_SETLK, "flock64"),
    F_SETLKW64: (F_SETLKW, "flock64"), F_OFD_GETLK: (F_OFD_GETLK, "flock64"),
    F_OFD_SETLK: (F_OFD_SETLK, "flock64"), F_OFD_SETLKW: (F_OFD_SETLKW, "flock64"),
}  # fmt: skip
_GETS = (F_GETLK, F_GETLK64, F_OFD_GETLK)
_TRIES = {F_SETLKW: F_SETLK, F_OFD_SETLKW: F_OFD_SETLK}
"""Commands that wait, and the ones that do not."""
_HOST_FLOCK = struct.Struct("=hh4xqqi4x")
_PASSED = (F_GETOWN, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS)
_SETTABLE = os.O_APPEND | os.O_ASYNC | os.O_DIRECT | os.O_NOATIME | os.O_NONBLOCK


@syscall("dup")
def dup(kernel: "Kernel", fd: int) -> int:
    return kernel.files.duplicate(fd)


@syscall("dup2")
def dup2(kernel: "Kernel", fd: int, new: int) -> int:
    if fd == new:
        kernel.files.get(fd)
        return new
    return kernel.files.duplicate_to(fd, new)


@syscall("dup3")
def dup3(kernel: "Kernel", fd: int, new: int, flags: int) -> int:
    host_flags = only_flags(kernel, flags, os.O_CLOEXEC)
    if fd == new:
        raise failure(errno.EINVAL)
    return kernel.files.duplicate_to(fd, new, cloexec=bool(host_flags))


@syscall("flock")
def flock(kernel: "Kernel", fd: int, operation: int) -> int:
    host_fd = kernel.files.host_fd(fd)
    if not kernel.threads.others or operation & constants.LOCK_NB:
        return host.call("flock", host_fd, operation)
    return waiting.attempt(
        kernel, partial(host.call, "flock", host_fd, operation | constants.LOCK_NB)
    )


@syscall("fcntl", "fcntl64")
def fcntl(kernel: "Kernel", fd: int, command: int, argument: int) -> int:
    found = kernel.files.get(fd)
    if command in (F_DUPFD, F_DUPFD_CLOEXEC):
        if argument >= kernel.files.limit:
            raise failure(errno.EINVAL)
        cloexec = command == F_DUPFD_CLOEXEC
        return kernel.files.duplicate(fd, minimum=argument, cloexec=cloexec)
    if command == F_GETFD:
        return FD_CLOEXEC if found.cloexec else 0
    if command == F_SETFD:
        found.cloexec = bool(argument & FD_CLOEXEC)
        return 0
    if command == F_GETFL:
        # Files are always opened with O_NOFOLLOW here, after links were followed.
        flags = host.call("fcntl", found.host, F_GETFL, 0) & ~os.O_NOFOLLOW
        return kernel.abi.open_flags_from_host(flags)
    if command == F_SETFL:
        flags = kernel.abi.open_flags_to_host(argument) & _SETTABLE
        return host.call("fcntl", found.host, constants.F_SETFL, flags)
    if command in _LOCKS:
        return _lock(kernel, found.host, command, argument)
    if command == F_SETOWN:
        if found.file.inherited or argument not in (0, os.getpid()):
            raise failure(errno.EINVAL)
        return host.call("fcntl", found.host, command, argument)
    if command in _PASSED:
        return host.call("fcntl", found.host, command, argument)
    raise failure(errno.EINVAL)


def _lock(kernel: "Kernel", host_fd: int, command: int, pointer: int) -> int:
    """Record locks: the host's, with the structure converted both ways."""
    host_command, name = _LOCKS[command]
    wanted = load(kernel, name, pointer)
    values = [wanted[member] for member in ("type", "whence", "start", "len", "pid")]
    if host_command < F_OFD_GETLK:
        values[4] = 0
    buffer = ctypes.create_string_buffer(_HOST_FLOCK.pack(*values), _HOST_FLOCK.size)
    lock = partial(host.call, "fcntl", host_fd)
    if kernel.threads.others and host_command in _TRIES:
        waiting.attempt(kernel, partial(lock, _TRIES[host_command], ctypes.addressof(buffer)))
    else:
        lock(host_command, ctypes.addressof(buffer))
    if command not in _GETS:
        return 0
    members = ("type", "whence", "start", "len", "pid")
    found = dict(zip(members, _HOST_FLOCK.unpack(buffer.raw), strict=True))
    shape = layout(kernel, name)
    if not (shape.fits("start", found["start"]) and shape.fits("len", found["len"])):
        raise failure(errno.EOVERFLOW)
    store(kernel, name, pointer, **found)
    return 0

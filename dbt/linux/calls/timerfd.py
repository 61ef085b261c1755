"""Descriptors for timers: timerfd."""

import ctypes
import os
import struct

from dbt.linux import host
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.structs import load, store
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_HOST_ITIMERSPEC = struct.Struct("=qqqq")
_MEMBERS = ("interval_sec", "interval_nsec", "value_sec", "value_nsec")


def _flags(kernel: "Kernel", guest_flags: int) -> int:
    """TFD_* and SFD_* flags are open flags."""
    return only_flags(kernel, guest_flags)


@syscall("timerfd_create")
def timerfd_create(kernel: "Kernel", clock: int, guest_flags: int) -> int:
    flags = _flags(kernel, guest_flags)
    fd = host.call("timerfd_create", clock, flags | os.O_CLOEXEC)
    return kernel.files.add(fd, cloexec=bool(flags & os.O_CLOEXEC))


def _settime(kernel: "Kernel", fd: int, flags: int, new: int, old: int, name: str) -> int:
    wanted = load(kernel, name, new)
    data = _HOST_ITIMERSPEC.pack(*(wanted[member] for member in _MEMBERS))
    before = ctypes.create_string_buffer(_HOST_ITIMERSPEC.size)
    host.call("timerfd_settime", kernel.files.host_fd(fd), flags, data, before)
    if old:
        _give(kernel, name, old, before.raw)
    return 0


def _gettime(kernel: "Kernel", fd: int, current: int, name: str) -> int:
    buffer = ctypes.create_string_buffer(_HOST_ITIMERSPEC.size)
    host.call("timerfd_gettime", kernel.files.host_fd(fd), buffer)
    _give(kernel, name, current, buffer.raw)
    return 0


def _give(kernel: "Kernel", name: str, address: int, data: bytes) -> None:
    values = dict(zip(_MEMBERS, _HOST_ITIMERSPEC.unpack(data), strict=True))
    store(kernel, name, address, **values)


@syscall("timerfd_settime")
def timerfd_settime(kernel: "Kernel", fd: int, flags: int, new: int, old: int) -> int:
    return _settime(kernel, fd, flags, new, old, "itimerspec")


@syscall("timerfd_settime64")
def timerfd_settime64(kernel: "Kernel", fd: int, flags: int, new: int, old: int) -> int:
    return _settime(kernel, fd, flags, new, old, "itimerspec64")


@syscall("timerfd_gettime")
def timerfd_gettime(kernel: "Kernel", fd: int, current: int) -> int:
    return _gettime(kernel, fd, current, "itimerspec")


@syscall("timerfd_gettime64")
def timerfd_gettime64(kernel: "Kernel", fd: int, current: int) -> int:
    return _gettime(kernel, fd, current, "itimerspec64")

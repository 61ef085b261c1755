"""epoll, made of the host's: each guest descriptor has a host descriptor of its own, which the
host's epoll can watch."""

import ctypes
import errno
import os
import struct

from dbt.linux import host
from dbt.linux.calls.poll import Deadline, kept, stop_if_interrupted, temporary_mask
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.structs import layout, load
from dbt.linux.table import syscall
from dbt.linux.timespec import read_nanoseconds
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

EPOLL_CTL_DEL = 2
# x86-64 alone packs struct epoll_event.
_HOST_EVENT = struct.Struct("=IQ" if os.uname().machine == "x86_64" else "=I4xQ")


@syscall("epoll_create")
def epoll_create(kernel: "Kernel", size: int) -> int:
    if size <= 0:
        raise failure(errno.EINVAL)
    return epoll_create1(kernel, 0)


@syscall("epoll_create1")
def epoll_create1(kernel: "Kernel", guest_flags: int) -> int:
    flags = only_flags(kernel, guest_flags, os.O_CLOEXEC)
    return kernel.files.add(host.call("epoll_create1", os.O_CLOEXEC), cloexec=bool(flags))


@syscall("epoll_ctl")
def epoll_ctl(kernel: "Kernel", fd: int, operation: int, target: int, pointer: int) -> int:
    event = None
    if operation != EPOLL_CTL_DEL:
        wanted = load(kernel, "epoll_event", pointer)
        event = _HOST_EVENT.pack(wanted["events"], wanted["data"])
    host_fd, host_target = kernel.files.host_fd(fd), kernel.files.host_fd(target)
    return host.call("epoll_ctl", host_fd, operation, host_target, event)


def _wait(kernel: "Kernel", fd: int, pointer: int, room: int, deadline: Deadline) -> int:
    if not 0 < room <= 0x7FFFFFFF // 16:
        raise failure(errno.EINVAL)
    host_fd = kernel.files.host_fd(fd)
    room = min(room, 1024)
    shape = layout(kernel, "epoll_event")
    kernel.memory.view(pointer, shape.size, writable=True).release()
    buffer = ctypes.create_string_buffer(room * _HOST_EVENT.size)
    while True:
        timespec = deadline.host_timespec()
        try:
            stop_if_interrupted(kernel)
            watched = [(host_fd, waiting.POLLIN)]
            if kernel.threads.others and deadline.is_ahead and not any(waiting.ready(watched)):
                waiting.block(kernel, fds=watched, until=deadline.end)
            count = host.call("epoll_pwait2", host_fd, buffer, room, timespec, None)
            break
        except OSError as error:
            if error.errno != errno.EINTR or kernel.signals.interrupted() or kernel.overdue():
                raise
    events = list(_HOST_EVENT.iter_unpack(buffer.raw[: count * _HOST_EVENT.size]))
    data = b"".join(shape.pack(events=mask, data=data) for mask, data in events)
    kernel.memory.write(pointer, data)
    return count


def _milliseconds(kernel: "Kernel", timeout: int) -> Deadline:
    return kept(kernel, None if timeout < 0 else timeout * 1_000_000)


@syscall("epoll_wait")
def epoll_wait(kernel: "Kernel", fd: int, pointer: int, room: int, timeout: int) -> int:
    return _wait(kernel, fd, pointer, room, _milliseconds(kernel, timeout))


@syscall("epoll_pwait")
def epoll_pwait(
    kernel: "Kernel", fd: int, pointer: int, room: int, timeout: int, mask: int, size: int
) -> int:
    temporary_mask(kernel, mask, size)
    return _wait(kernel, fd, pointer, room, _milliseconds(kernel, timeout))


@syscall("epoll_pwait2")
def epoll_pwait2(
    kernel: "Kernel", fd: int, pointer: int, room: int, timeout: int, mask: int, size: int
) -> int:
    temporary_mask(kernel, mask, size)
    wait = read_nanoseconds(kernel, timeout, wide=True) if timeout else None
    return _wait(kernel, fd, pointer, room, kept(kernel, wait))

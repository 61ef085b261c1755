"""Descriptors for signals: signalfd (fs/signalfd.c), made of the host's.

What is pending for the process lies on the host, where the descriptor shows it (``Signals.post``).
What was sent to one of several threads does not: only that thread reads it.
"""

import errno
import os
import struct

from dbt.linux import host
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.guestio import spans
from dbt.linux.state import waiting
from dbt.linux.state.fdtable import Descriptor, OpenFile
from dbt.linux.state.sigaction import SIGCHLD
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.siginfo import SigInfo

_INFO = struct.Struct("<IiiII20xiiQ72x")
"""struct signalfd_siginfo: signal, errno, code, pid, uid, status, the value as number and as
pointer. The rest is zeros."""


@syscall("signalfd4")
def signalfd4(kernel: "Kernel", fd: int, mask: int, size: int, guest_flags: int) -> int:
    """A descriptor from which the signals of a mask are read, or another mask for one."""
    if size != 8:
        raise failure(errno.EINVAL)
    flags = only_flags(kernel, guest_flags)
    wanted = kernel.memory.load(mask, 8)
    signals = wanted.to_bytes(8, "little").ljust(128, b"\0")
    if fd == -1:
        made = host.call("signalfd", -1, signals, flags | os.O_CLOEXEC)
        file = OpenFile(changeable=True, signals=wanted)
        fd = kernel.files.add(made, file, cloexec=bool(flags & os.O_CLOEXEC))
    else:
        host.call("signalfd", kernel.files.host_fd(fd), signals, flags | os.O_CLOEXEC)
        kernel.files.get(fd).file.signals = wanted
    kernel.signals.watch(wanted)
    return fd


@syscall("signalfd")
def signalfd(kernel: "Kernel", fd: int, mask: int, size: int) -> int:
    return signalfd4(kernel, fd, mask, size, 0)


def read(kernel: "Kernel", found: Descriptor, buffer: int, count: int) -> int:
    """Read signals, as many as there is room for."""
    if count < _INFO.size:
        raise failure(errno.EINVAL)
    kernel.memory.view(buffer, count, writable=True).release()
    wanted = found.file.signals or 0
    taken: list[SigInfo] = []
    while len(taken) < count // _INFO.size and (info := kernel.signals.take(wanted)):
        taken.append(info)
    if taken:
        kernel.memory.write(buffer, b"".join(map(_packed, taken)))
        return len(taken) * _INFO.size
    waiting.wait_for(kernel, found.host, waiting.POLLIN, signals=wanted)
    (part,) = spans(kernel, buffer, count, writable=True)
    return host.call("read", found.host, *part)


def _packed(info: "SigInfo") -> bytes:
    value = info.value - ((info.value & 1 << 31) << 1)
    status = value if info.signal == SIGCHLD else 0
    head = info.signal, info.errno, info.code, info.pid, info.uid
    return _INFO.pack(*head, status, value, info.value & 0xFFFFFFFF)

"""System V message queues (ipc/msg.c), made of the host's. A message's type, in front of its text,
has 32 bits in the guest and 64 on the host."""

import errno
import struct
from collections.abc import Callable
from functools import partial

from dbt.linux import host
from dbt.linux.calls import ipc_status
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.state.ipc_objects import IPC_PRIVATE, MESSAGES, operate
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_IPC_CREAT, _IPC_NOWAIT = 0o1000, 0o4000
_MOST_BYTES = 1 << 20
"""More than a message may have on any host (kernel.msgmax)."""
_TYPE = struct.Struct("=q")
_GUEST_TYPE = struct.Struct("<i")


@syscall("msgget")
def msgget(kernel: "Kernel", key: int, flags: int) -> int:
    def make() -> int:
        return host.call("msgget", IPC_PRIVATE, flags & 0o777 | _IPC_CREAT)

    return kernel.process.ipc.get(MESSAGES, key, flags, make)[0]


@syscall("msgsnd")
def msgsnd(kernel: "Kernel", ident: int, message: int, size: int, flags: int) -> int:
    kind = _GUEST_TYPE.unpack(kernel.memory.read(message, _GUEST_TYPE.size))[0]
    if size > _MOST_BYTES or ident < 0 or kind < 1:
        raise failure(errno.EINVAL)
    text = kernel.memory.read(message + _GUEST_TYPE.size, size)
    kernel.process.ipc.key(MESSAGES, ident)
    send = partial(host.call, "msgsnd", ident, _TYPE.pack(kind) + text, size)
    return operate(kernel, partial(_beside_others, kernel, send, flags, errno.EAGAIN))


@syscall("msgrcv")
def msgrcv(kernel: "Kernel", ident: int, message: int, size: int, kind: int, flags: int) -> int:
    if ident < 0 or size >> 31:
        raise failure(errno.EINVAL)
    kernel.process.ipc.key(MESSAGES, ident)
    size = min(size, _MOST_BYTES)
    buffer = memoryview(bytearray(_TYPE.size + size))
    receive = partial(host.call, "msgrcv", ident, host.address_of(buffer), size, kind)

    def take() -> int:
        count = _beside_others(kernel, receive, flags, errno.ENOMSG)
        found = _TYPE.unpack(buffer[: _TYPE.size])[0]
        text = bytes(buffer[_TYPE.size : _TYPE.size + count])
        kernel.memory.write(message, _GUEST_TYPE.pack(found) + text)
        return count

    return operate(kernel, take)


def _beside_others(
    kernel: "Kernel", call: Callable[[int], int], flags: int, would_wait: int
) -> int:
    """Make a call of the host with ``flags``: without waiting, now and then, if there are other
    threads. ``would_wait`` is its errno then."""
    if not kernel.threads.others or flags & _IPC_NOWAIT:
        return call(flags)
    return waiting.attempt(kernel, partial(call, flags | _IPC_NOWAIT), (would_wait,))


@syscall("msgctl")
def msgctl(kernel: "Kernel", ident: int, command: int, buffer: int) -> int:
    if ident < 0 or command < 0:
        raise failure(errno.EINVAL)
    return ipc_status.perform(kernel, MESSAGES, ident, command, buffer)

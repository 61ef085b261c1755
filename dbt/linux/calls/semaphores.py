"""System V semaphores (ipc/sem.c), made of the host's."""

import errno
import struct
from functools import partial

from dbt.linux import host
from dbt.linux.calls import ipc_status
from dbt.linux.calls.poll import kept
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.state.ipc_objects import IPC_64, IPC_PRIVATE, SEMAPHORES, operate
from dbt.linux.table import syscall
from dbt.linux.timespec import read_nanoseconds
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_IPC_CREAT, _IPC_NOWAIT = 0o1000, 0o4000
_GETPID, _GETVAL, _GETALL, _GETNCNT, _GETZCNT, _SETVAL, _SETALL = range(11, 18)
_OPERATION_BYTES = 6  # struct sembuf, the same everywhere
_OPERATION = struct.Struct("=Hhh")
_MOST_OPERATIONS = 500  # SEMOPM


@syscall("semget")
def semget(kernel: "Kernel", key: int, count: int, flags: int) -> int:
    if count < 0:
        raise failure(errno.EINVAL)

    def make() -> int:
        return host.call("semget", IPC_PRIVATE, count, flags & 0o777 | _IPC_CREAT)

    ident, made = kernel.process.ipc.get(SEMAPHORES, key, flags, make)
    if not made and count > ipc_status.status(SEMAPHORES, ident)["nsems"]:
        raise failure(errno.EINVAL)
    return ident


def _operate(kernel: "Kernel", ident: int, operations: int, count: int, wait: int | None) -> int:
    """``wait`` is in nanoseconds; None is for ever."""
    if not count or ident < 0:
        raise failure(errno.EINVAL)
    if count > _MOST_OPERATIONS:
        raise failure(errno.E2BIG)
    data = kernel.memory.read(operations, _OPERATION_BYTES * count)
    kernel.process.ipc.key(SEMAPHORES, ident)
    deadline, trial = kept(kernel, wait), _without_waiting(data)

    def perform() -> int:
        if kernel.threads.others and deadline.is_ahead and trial is not None:
            call = partial(host.call, "semtimedop", ident, trial, count, None)
            return waiting.attempt(kernel, call, until=deadline.end)
        return host.call("semtimedop", ident, data, count, deadline.host_timespec())

    return operate(kernel, perform)


def _without_waiting(data: bytes) -> bytes | None:
    """The operations with IPC_NOWAIT; None if one of them has it already: EAGAIN of the others
    could not be told from its own. Then they wait on the host, which is nudged (``Nudges``)."""
    operations = list(_OPERATION.iter_unpack(data))
    if any(flags & _IPC_NOWAIT for _, _, flags in operations):
        return None
    return b"".join(_OPERATION.pack(*rest, flags | _IPC_NOWAIT) for *rest, flags in operations)


@syscall("semop")
def semop(kernel: "Kernel", ident: int, operations: int, count: int) -> int:
    return _operate(kernel, ident, operations, count, None)


@syscall("semtimedop")
def semtimedop(kernel: "Kernel", ident: int, operations: int, count: int, timeout: int) -> int:
    wait = read_nanoseconds(kernel, timeout, wide=False) if timeout else None
    return _operate(kernel, ident, operations, count, wait)


@syscall("semtimedop_time64")
def semtimedop_time64(
    kernel: "Kernel", ident: int, operations: int, count: int, timeout: int
) -> int:
    wait = read_nanoseconds(kernel, timeout, wide=True) if timeout else None
    return _operate(kernel, ident, operations, count, wait)


@syscall("semctl")
def semctl(kernel: "Kernel", ident: int, number: int, command: int, argument: int) -> int:
    """``argument`` is the union semun: a value, or an address."""
    if ident < 0:
        raise failure(errno.EINVAL)
    plain = command & ~IPC_64
    if plain not in range(_GETPID, _SETALL + 1):
        return ipc_status.perform(kernel, SEMAPHORES, ident, command, argument)
    kernel.process.ipc.key(SEMAPHORES, ident)
    if plain in (_GETALL, _SETALL):
        return _all(kernel, ident, plain, argument)
    return host.call("semctl", ident, number, plain, argument)


def _all(kernel: "Kernel", ident: int, command: int, address: int) -> int:
    """Read or set the values of all semaphores, as an array of 16-bit words."""
    size = 2 * ipc_status.status(SEMAPHORES, ident)["nsems"]
    if command == _SETALL:
        values = memoryview(bytearray(kernel.memory.read(address, size)))
        return host.call("semctl", ident, 0, command, host.address_of(values))
    values = memoryview(bytearray(size))
    host.call("semctl", ident, 0, command, host.address_of(values))
    kernel.memory.write(address, bytes(values))
    return 0

"""The OABI's call for all calls on System V objects (ipc/syscall.c: ksys_ipc)."""

import errno
import struct

from dbt.linux.calls import message_queues, semaphores, shared_memory
from dbt.linux.errors import failure
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SEMOP, _SEMGET, _SEMCTL, _SEMTIMEDOP = 1, 2, 3, 4
_MSGSND, _MSGRCV, _MSGGET, _MSGCTL = 11, 12, 13, 14
_SHMAT, _SHMDT, _SHMGET, _SHMCTL = 21, 22, 23, 24


@syscall("ipc")
def ipc(
    kernel: "Kernel", call: int, first: int, second: int, third: int, address: int, fifth: int
) -> int:
    """The upper half of ``call`` is the version of the interface: 0, or 1 (msgrcv alone)."""
    number, version = call & 0xFFFF, call >> 16
    unsigned = second & 0xFFFFFFFF
    if number in (_SEMOP, _SEMTIMEDOP):
        timeout = fifth & 0xFFFFFFFF if number == _SEMTIMEDOP else 0
        return semaphores.semtimedop(kernel, first, address, unsigned, timeout)
    if number == _SEMGET:
        return semaphores.semget(kernel, first, second, third)
    if number == _SEMCTL:
        return semaphores.semctl(kernel, first, second, third, kernel.memory.load(address, 4))
    if number == _MSGRCV:
        kind = fifth
        if not version:
            address, kind = struct.unpack("<Ii", kernel.memory.read(address, 8))
        return message_queues.msgrcv(kernel, first, address, unsigned, kind, third)
    if number == _SHMAT:
        if version:
            raise failure(errno.EINVAL)
        found = shared_memory.shmat(kernel, first, address, unsigned)
        kernel.memory.store(third & 0xFFFFFFFF, 4, found)
        return 0
    return _plain(kernel, number, (first, second, third), address)


def _plain(kernel: "Kernel", number: int, words: tuple[int, int, int], address: int) -> int:
    """The calls whose arguments are as they are elsewhere. ENOSYS for one that is not there."""
    first, second, third = words
    if number == _MSGSND:
        return message_queues.msgsnd(kernel, first, address, second & 0xFFFFFFFF, third)
    if number == _MSGGET:
        return message_queues.msgget(kernel, first, second)
    if number == _MSGCTL:
        return message_queues.msgctl(kernel, first, second, address)
    if number == _SHMDT:
        return shared_memory.shmdt(kernel, address)
    if number == _SHMGET:
        return shared_memory.shmget(kernel, first, second & 0xFFFFFFFF, third)
    if number == _SHMCTL:
        return shared_memory.shmctl(kernel, first, second, address)
    raise failure(errno.ENOSYS)

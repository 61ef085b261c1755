"""What IPC_STAT tells and IPC_SET takes, for all three kinds of System V objects.

Commands that list the objects of the whole system (IPC_INFO, SHM_INFO, SHM_STAT and their like) are
EINVAL, and so are structures of the time before IPC_64, which no C library of ARM uses.
"""

import errno
import os
import struct

from dbt.linux.errors import failure
from dbt.linux.state.ipc_objects import (
    IPC_64,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    MESSAGES,
    SEMAPHORES,
    SHARED_MEMORY,
    STATUS_BYTES,
    control,
)
from dbt.linux.structs import load, store
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_PERM = "iIIIIIH6x16x"
_PERM_MEMBERS = ("key", "uid", "gid", "cuid", "cgid", "mode", "seq")
_UID_AT, _GID_AT, _MODE_AT = 4, 8, 20
_MESSAGE_BYTES_AT = 88
# x86-64 alone has unused words between the times of semaphores.
_SEMAPHORE_TIMES = "q8xq8x" if os.uname().machine == "x86_64" else "qq"
_HOST = {
    SHARED_MEMORY: (
        struct.Struct(f"={_PERM}QqqqiiQ16x"),
        ("segsz", "atime", "dtime", "ctime", "cpid", "lpid", "nattch"),
    ),
    SEMAPHORES: (struct.Struct(f"={_PERM}{_SEMAPHORE_TIMES}Q16x"), ("otime", "ctime", "nsems")),
    MESSAGES: (
        struct.Struct(f"={_PERM}qqqQQQii16x"),
        ("stime", "rtime", "ctime", "cbytes", "qnum", "qbytes", "lspid", "lrpid"),
    ),
}
_NAMES = {SHARED_MEMORY: "shmid64_ds", SEMAPHORES: "semid64_ds", MESSAGES: "msqid64_ds"}


def status(kind: int, ident: int) -> dict[str, int]:
    """What the host's kernel knows of an object."""
    shape, members = _HOST[kind]
    buffer = memoryview(bytearray(STATUS_BYTES))
    control(kind, ident, IPC_STAT, buffer)
    values = shape.unpack(buffer[: shape.size])
    return dict(zip((*_PERM_MEMBERS, *members), values, strict=True))


def perform(kernel: "Kernel", kind: int, ident: int, command: int, address: int) -> int:
    """IPC_RMID, IPC_STAT and IPC_SET. EINVAL for other commands, and for an id that is not the
    guest's."""
    objects = kernel.process.ipc
    key = objects.key(kind, ident)
    if command & ~IPC_64 == IPC_RMID:
        objects.remove(kind, ident)
    elif command == IPC_STAT | IPC_64:
        found = status(kind, ident)
        found["key"] = key
        store(kernel, _NAMES[kind], address, **_with_halves(found))
    elif command == IPC_SET | IPC_64:
        _set(kernel, kind, ident, address)
    else:
        raise failure(errno.EINVAL)
    return 0


def _with_halves(found: dict[str, int]) -> dict[str, int]:
    """The same with the upper halves of times, which 32-bit structures have beside them."""
    return found | {
        f"{name}_high": value >> 32 for name, value in found.items() if name.endswith("time")
    }


def _set(kernel: "Kernel", kind: int, ident: int, address: int) -> None:
    """Change mode and, of a message queue, size. The owner stays who he is: EPERM."""
    wanted = load(kernel, _NAMES[kind], address)
    buffer = memoryview(bytearray(STATUS_BYTES))
    control(kind, ident, IPC_STAT, buffer)
    owner = struct.unpack_from("=II", buffer, _UID_AT)
    if (wanted["uid"], wanted["gid"]) != owner:
        raise failure(errno.EPERM)
    struct.pack_into("=I", buffer, _MODE_AT, wanted["mode"] & 0o777)
    if kind == MESSAGES:
        struct.pack_into("=Q", buffer, _MESSAGE_BYTES_AT, wanted["qbytes"])
    control(kind, ident, IPC_SET, buffer)

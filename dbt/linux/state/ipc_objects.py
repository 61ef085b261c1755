"""The System V objects of the guest: shared memory, semaphores and message queues.

They are objects of the host's without a key (IPC_PRIVATE), so that neither finds the other's. Their
keys are in a file in memory that all processes of the guest share, and an id that is not in there
does not exist for the guest. The last process removes what is left.
"""

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

SHARED_MEMORY, SEMAPHORES, MESSAGES = 1, 2, 3
IPC_PRIVATE, IPC_CREAT, IPC_EXCL, IPC_NOWAIT = 0, 0o1000, 0o2000, 0o4000
IPC_RMID, IPC_SET, IPC_STAT, IPC_64 = 0, 1, 2, 0x100
STATUS_BYTES = 128
"""Room for any of the host's structures."""
_RECORD = struct.Struct("=iii")  # kind, key, id

Row = tuple[int, int, int]


def control(kind: int, ident: int, command: int, buffer: memoryview | None = None) -> int:
    """shmctl, semctl or msgctl of the host, for IPC_RMID, IPC_SET and IPC_STAT."""
    pointer = 0 if buffer is None else host.address_of(buffer)
    if kind == SEMAPHORES:
        return host.call("semctl", ident, 0, command, pointer)
    return host.call("shmctl" if kind == SHARED_MEMORY else "msgctl", ident, command, pointer)


def operate(kernel: "Kernel", call: Callable[[], int]) -> int:
    """Make a call on an object that may wait. If it is made again, this is done in place of its
    handler: its arguments were read once, and an object that is gone was removed meanwhile
    (EIDRM)."""
    if kernel.call is not None:
        kernel.call.again = partial(_once_more, call)
    return call()


def _once_more(call: Callable[[], int]) -> int:
    try:
        return call()
    except OSError as error:
        raise failure(errno.EIDRM) if error.errno == errno.EINVAL else error from None


class IpcObjects:
    """The objects of one guest, by kind and key."""

    def __init__(self) -> None:
        self._fd = -1
        self._threads = threading.Lock()

    def begin(self) -> None:
        """Make what forked processes share. Called before the first fork, and at each use."""
        if self._fd < 0:
            self._fd = os.memfd_create("ipc")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else changes the list."""
        self.begin()
        with self._threads:
            fcntl.lockf(self._fd, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _rows(self) -> list[Row]:
        if self._fd < 0:
            return []
        size = os.fstat(self._fd).st_size
        return list(_RECORD.iter_unpack(os.pread(self._fd, size, 0)))

    def _write(self, rows: list[Row]) -> None:
        data = b"".join(_RECORD.pack(*row) for row in rows)
        os.ftruncate(self._fd, len(data))
        os.pwrite(self._fd, data, 0)

    def get(self, kind: int, key: int, flags: int, make: Callable[[], int]) -> tuple[int, bool]:
        """The id of the object with a key, and whether ``make`` has made it now (ipc/util.c:
        ipcget). ENOENT, EEXIST."""
        with self._locked():
            rows = self._rows()
            found = self._find(rows, kind, key) if key != IPC_PRIVATE else None
            if found is not None:
                if flags & IPC_CREAT and flags & IPC_EXCL:
                    raise failure(errno.EEXIST)
                return found, False
            if key != IPC_PRIVATE and not flags & IPC_CREAT:
                raise failure(errno.ENOENT)
            made = make()
            self._write([*rows, (kind, key, made)])
            return made, True

    def _find(self, rows: list[Row], kind: int, key: int) -> int | None:
        for row in rows:
            if row[:2] == (kind, key):
                try:
                    control(kind, row[2], IPC_STAT, memoryview(bytearray(STATUS_BYTES)))
                except OSError as error:
                    if error.errno in (errno.EINVAL, errno.EIDRM):  # removed on the host
                        rows.remove(row)
                        continue
                return row[2]
        return None

    def key(self, kind: int, ident: int) -> int:
        """The key of an object of the guest. EINVAL for an id that is not the guest's."""
        for row in self._rows():
            if row[0] == kind and row[2] == ident:
                return row[1]
        raise failure(errno.EINVAL)

    def remove(self, kind: int, ident: int) -> None:
        """Remove an object (IPC_RMID). Shared memory stays until nobody is attached, without its
        key."""
        with self._locked():
            key = self.key(kind, ident)
            control(kind, ident, IPC_RMID)
            rows = self._rows()
            rows.remove((kind, key, ident))
            if kind == SHARED_MEMORY:
                rows.append((kind, IPC_PRIVATE, ident))
            self._write(rows)

    def remove_all(self) -> None:
        """Remove all objects: no process of the guest is left."""
        for kind, _, ident in self._rows():
            with suppress(OSError):
                control(kind, ident, IPC_RMID)
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

"""The ids of threads: no other process of the guest has the same, and none of them is a pid.

A process that makes threads takes a block of ids. Whose it is is in a file in memory, which all
processes of the guest share: one record for each block, in their order.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Container, Iterator
from contextlib import contextmanager

from dbt.linux.errors import failure

FIRST_ID = 1 << 22
"""Linux has no pid above this."""
MOST_THREADS = 1 << 12
"""Ids of a block. A process has one: more threads would leave each less than 1 MiB."""
_BLOCKS = (1 << 30) // MOST_THREADS - FIRST_ID // MOST_THREADS
"""Futexes take ids of threads below 2**30."""
_RECORD = struct.Struct("=i")


class ThreadIds:
    """The block of a process."""

    def __init__(self) -> None:
        self._fd = -1
        self._block: int | None = None
        self._last = 0
        """The number within the block that was given last."""

    def begin(self) -> None:
        """Make what forked processes share. Called before the first fork, and at each use."""
        if self._fd < 0:
            self._fd = os.memfd_create("threads")

    def forked(self) -> None:
        """In a forked child: the block is the parent's."""
        self._block = None

    def free(self, taken: Container[int]) -> int:
        """An id that is not taken. EAGAIN if all are, or no block is free."""
        if self._block is None:
            self._block, self._last = self._take_block(), 0
        first = FIRST_ID + self._block * MOST_THREADS
        for step in range(MOST_THREADS):
            number = (self._last + 1 + step) % MOST_THREADS
            if first + number not in taken:
                self._last = number
                return first + number
        raise failure(errno.EAGAIN)

    def pid_of(self, tid: int) -> int:
        """The process of a thread. ESRCH if no process has such threads."""
        if tid < FIRST_ID:
            return tid
        at = (tid - FIRST_ID) // MOST_THREADS * _RECORD.size
        record = os.pread(self._fd, _RECORD.size, at) if self._fd >= 0 else b""
        if not record:
            raise failure(errno.ESRCH)
        return int(_RECORD.unpack(record)[0])

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take_block(self) -> int:
        self.begin()
        with self._locked():
            block = os.fstat(self._fd).st_size // _RECORD.size
            if block >= _BLOCKS:
                block = self._left_block()
            os.pwrite(self._fd, _RECORD.pack(os.getpid()), block * _RECORD.size)
            return block

    def _left_block(self) -> int:
        """A block whose process is gone. EAGAIN."""
        owners = _RECORD.iter_unpack(os.pread(self._fd, _BLOCKS * _RECORD.size, 0))
        for block, (pid,) in enumerate(owners):
            if not os.path.exists(f"/proc/{pid}"):
                return block
        raise failure(errno.EAGAIN)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

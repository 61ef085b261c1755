"""What the record needs to see of a guest: memory, who it is, what is behind a descriptor."""

import contextlib
import os
import stat
import struct
import time

import attrs

from dbt.spy.events import Who
from dbt.stops import GuestFault
from dbt.syscalls import DecodedCall
from dbt.typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dbt.process import Process

_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe",
          stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}  # fmt: skip


@attrs.frozen
class Behind:
    """What is behind a descriptor, as the system says: ``what`` as in ``Thing``, and the inode's
    number."""

    what: str
    inode: int


class Guest(Protocol):
    """A guest as ``Tap`` sees it. Memory that cannot be read gives nothing, never an error."""

    def now(self) -> int:
        """Nanoseconds on a clock that all processes of the guest share."""

    def who(self) -> Who:
        """The present process."""

    def cwd(self) -> str:
        """The working directory at start."""

    def decode(self, name: str, registers: list[int], result: int | None) -> DecodedCall:
        """A call of now in words; ``result`` None before it has returned."""

    def read(self, address: int, size: int) -> bytes:
        """Guest memory; empty where it cannot be read."""

    def words(self, address: int, count: int) -> tuple[int, ...]:
        """32-bit words, zero where they cannot be read."""

    def behind(self, fd: int) -> Behind | None:
        """What an open descriptor is open on; None when it is not open."""

    def position(self, fd: int) -> int | None:
        """Where in a regular file the next read or write of a descriptor would be."""

    def contents(self, fd: int, offset: int, size: int) -> bytes | None:
        """Bytes of the regular file behind a descriptor; None for anything else."""


@attrs.frozen
class ProcessGuest:
    """The guest that a ``Process`` runs. Reading it changes nothing in it."""

    process: "Process"

    def now(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def who(self) -> Who:
        name = self.process.kernel.process.name.decode(errors="replace")
        return Who(os.getpid(), os.getppid(), os.getuid(), name)

    def cwd(self) -> str:
        return os.fsdecode(self.process.kernel.paths.cwd)

    def decode(self, name: str, registers: list[int], result: int | None) -> DecodedCall:
        return self.process.kernel.decode(name, registers, result)

    def read(self, address: int, size: int) -> bytes:
        try:
            return self.process.memory.read(address, size)
        except GuestFault:
            return b""

    def words(self, address: int, count: int) -> tuple[int, ...]:
        data = self.read(address, 4 * count)
        return struct.unpack(f"<{count}I", data) if data else (0,) * count

    def behind(self, fd: int) -> Behind | None:
        try:
            status = os.fstat(self._host(fd))
        except OSError:
            return None
        return Behind(_KINDS.get(stat.S_IFMT(status.st_mode), "unknown"), status.st_ino)

    def position(self, fd: int) -> int | None:
        try:
            return os.lseek(self._host(fd), 0, os.SEEK_CUR)
        except OSError:
            return None

    def contents(self, fd: int, offset: int, size: int) -> bytes | None:
        try:
            host = self._host(fd)
            if not stat.S_ISREG(os.fstat(host).st_mode):
                return None
            with contextlib.suppress(OSError):
                return os.pread(host, size, offset)
            # Open for writing only: the same file once more, for reading.
            again = os.open(f"/proc/self/fd/{host}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return os.pread(again, size, offset)
        finally:
            os.close(again)

    def _host(self, fd: int) -> int:
        return self.process.kernel.files.host_fd(fd)

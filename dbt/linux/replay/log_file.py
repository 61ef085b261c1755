"""The file of a log: chunks of records, each with a digest, of all processes of a run.

A chunk belongs to one process, and its digest covers the digest of the chunk before it of that
process. Each is appended by one ``write``, so that processes may share the file, and that a run
which is killed leaves what was written so far.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from dbt.linux.replay.wire import Damaged, pack, unpack
from dbt.stops import UsageError
from dbt.typing import Any

VERSION = 1
_MAGIC = b"armdbt log\0"
_HEAD = struct.Struct("<11sB")
_CHUNK = struct.Struct("<IIII16s")
"""Process, number of the chunk in it, bytes, bytes when unpacked, digest."""
_SUM = struct.Struct("<I")
"""CRC-32 of that, behind it: damage there is not taken for a file that was cut short."""
_DIGEST = 16
_FULL = 64 << 10
_LARGEST = 1 << 30
_SECONDS = 0.2
"""After which records are written, however few there are."""
_NEXT_PROCESS, _NEXT_OUTPUT = 0, 1


class LogWriter:
    """Writes the records of a process, and of those that it forks. Raises UsageError, also later,
    when the file cannot be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        except ValueError as error:
            raise UsageError(f"{path!r}: {error}") from None
        self._shared = mmap.mmap(-1, mmap.PAGESIZE)
        self._words = memoryview(self._shared).cast("Q")
        self._words[_NEXT_PROCESS] = 1
        self.process = 0
        self._begin()
        self._write(_HEAD.pack(_MAGIC, VERSION))

    def _begin(self) -> None:
        self._number, self._digest = 0, b""
        self._buffer = bytearray()
        self._due = time.monotonic() + _SECONDS

    def add(self, record: tuple[Any, ...]) -> None:
        """Append a record."""
        pack(record, self._buffer)
        if len(self._buffer) >= _FULL or self.is_due:
            self.flush()

    @property
    def is_due(self) -> bool:
        """Whether there was no record for a while."""
        return time.monotonic() > self._due

    def flush(self) -> None:
        """Have all records be in the file."""
        self._due = time.monotonic() + _SECONDS
        if not self._buffer:
            return
        data = zlib.compress(self._buffer, 1)
        digest = _digest(self._digest, self.process, self._number, data)
        head = _CHUNK.pack(self.process, self._number, len(data), len(self._buffer), digest)
        self._write(head + _SUM.pack(zlib.crc32(head)) + data)
        self._number, self._digest = self._number + 1, digest
        self._buffer.clear()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}") from None

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._fd >= 0:
            try:
                self.flush()
            finally:
                os.close(self._fd)
                self._fd = -1

    # -- several processes -------------------------------------------------------------------------

    def next_process(self) -> int:
        """A number for a process that is about to be forked."""
        with self.locked():
            number = self._words[_NEXT_PROCESS]
            self._words[_NEXT_PROCESS] = number + 1
        return number

    def in_child(self, number: int) -> None:
        """In a forked process: write its records from now on."""
        self.process = number
        self._begin()

    def next_output(self) -> int:
        """The number of something that was written to a standard output, in the order of all
        processes, if the log was locked while it was written."""
        number = self._words[_NEXT_OUTPUT]
        self._words[_NEXT_OUTPUT] = number + 1
        return number

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A context that one process at a time is in."""
        fcntl.lockf(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)


class LogReader:
    """Reads a log. Raises UsageError for what is none, and for a damaged one."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        except ValueError as error:
            raise UsageError(f"{path!r}: {error}") from None
        try:
            self._data = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # no regular file, or an empty one
            raise UsageError(f"{path} is no log of a run") from None
        finally:
            os.close(fd)
        self._chunks: dict[int, list[tuple[int, int, int]]] = {}
        self._scan()

    def _scan(self) -> None:
        data = self._data
        if len(data) < _HEAD.size or _HEAD.unpack_from(data)[0] != _MAGIC:
            raise UsageError(f"{self.path} is no log of a run")
        version = _HEAD.unpack_from(data)[1]
        if version != VERSION:
            raise UsageError(
                f"{self.path} has version {version} of the log, and this armdbt reads {VERSION}"
            )
        digests: dict[int, bytes] = {}
        at = _HEAD.size
        while at + _CHUNK.size + _SUM.size <= len(data):
            process, number, size, unpacked, digest = _CHUNK.unpack_from(data, at)
            begin = at + _CHUNK.size + _SUM.size
            if _SUM.unpack_from(data, at + _CHUNK.size)[0] != zlib.crc32(
                data[at : begin - _SUM.size]
            ):
                raise self._damaged(at)
            if begin + size > len(data):
                break  # the run was killed
            chunks = self._chunks.setdefault(process, [])
            wanted = _digest(digests.get(process, b""), process, number, data[begin : begin + size])
            if number != len(chunks) or digest != wanted or unpacked > _LARGEST:
                raise self._damaged(at)
            digests[process] = digest
            chunks.append((begin, size, unpacked))
            at = begin + size
        if 0 not in self._chunks:
            raise UsageError(f"{self.path} ends before the program has begun")

    def _damaged(self, at: int) -> UsageError:
        return UsageError(f"{self.path} is damaged at byte {at:,}")

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes that have records; 0 is the first one."""
        return sorted(self._chunks)

    def records(self, process: int) -> Iterator[Any]:
        """The records of a process, in order. Raises UsageError."""
        for at, size, unpacked in self._chunks.get(process, ()):
            try:
                unpacking = zlib.decompressobj()
                data = unpacking.decompress(self._data[at : at + size], unpacked)
                if len(data) != unpacked:
                    raise Damaged("too short")
                yield from unpack(data)
            except (zlib.error, Damaged):
                raise self._damaged(at) from None


def _digest(before: bytes, process: int, number: int, data: bytes) -> bytes:
    made = hashlib.blake2b(before, digest_size=_DIGEST)
    made.update(struct.pack("<II", process, number))
    made.update(data)
    return made.digest()

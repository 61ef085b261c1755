"""A jitdump (perf's ``tools/perf/Documentation/jitdump-specification.txt``): a record for each
piece of code, with its bytes and the time since which it is in its place.

``perf inject --jit`` joins it with the samples of ``perf record -k mono``, so that code has its
right name also where other code had been, or was put later. It finds the file by a mapping of its
first page that may be executed.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import struct
import threading
import time
from io import FileIO
from typing import TYPE_CHECKING

from dbt.files import writing
from dbt.interfaces import Executor, HostCode

if TYPE_CHECKING:
    from dbt.perf import Names

MAGIC, VERSION, X86_64 = 0x4A695444, 1, 62
HEADER = struct.Struct("<6I2Q")
"""Magic, version, size of the header, machine, 0, process, time, flags."""
PREFIX = struct.Struct("<2IQ")
"""How a record begins: its kind, its size, a time."""
LOAD = struct.Struct("<2I4Q")
"""Process, thread, virtual and real address, size, a number; the name and the code follow."""
CODE_LOAD, CODE_CLOSE = 0, 3


class Jitdump:
    """``jit-PID.dump`` in a directory. Records are written as code is made."""

    def __init__(self, executor: Executor, names: "Names", directory: str) -> None:
        self._executor = executor
        self._names = names
        self._directory = directory
        self._stream: FileIO | None = None
        self._open()

    def _open(self) -> None:
        self.path = os.path.join(self._directory, f"jit-{os.getpid()}.dump")
        self._count = 0
        self._failure: OSError | None = None
        with contextlib.ExitStack() as undo, writing(self.path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)  # of an earlier process of our number
            stream = undo.enter_context(open(self.path, "x+b", buffering=0))
            place = (MAGIC, VERSION, HEADER.size, X86_64, 0, os.getpid())
            stream.write(HEADER.pack(*place, time.monotonic_ns(), 0))
            prot = mmap.PROT_READ | mmap.PROT_EXEC
            self._marker = mmap.mmap(stream.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=prot)
            undo.pop_all()
        self._stream = stream
        self._executor.follow_code(self._loaded)

    def _loaded(self, code: HostCode, since: int) -> None:
        """Write the record of new code."""
        name = self._names.of(code).encode() + b"\0"
        place = (code.address, code.address, code.size, self._count)
        load = LOAD.pack(os.getpid(), threading.get_native_id(), *place)
        self._write(CODE_LOAD, since, load + name + ctypes.string_at(code.address, code.size))
        self._count += 1

    def _write(self, kind: int, since: int, content: bytes) -> None:
        """Write a record, or note why it cannot be written, which ends the file."""
        if self._stream is None:
            return
        record = PREFIX.pack(kind, PREFIX.size + len(content), since) + content
        try:
            if self._stream.write(record) != len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as failure:
            self._failure = failure
            self._close()

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def begin_in_child(self) -> None:
        """See ``PerfFile.begin_in_child``."""
        if self._stream is not None:
            self._close()
            self._marker.close()
            self._open()

    def finish(self) -> None:
        """See ``PerfFile.finish``."""
        self._write(CODE_CLOSE, time.monotonic_ns(), b"")
        self._close()
        failure, self._failure = self._failure, None
        if failure is not None:
            with writing(self.path):
                raise failure

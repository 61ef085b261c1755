"""The files that a recorded program had mapped, as the log has them."""

import errno
import itertools
import os

from dbt.linux.errors import failure
from dbt.linux.options import LinuxOptions
from dbt.linux.symbolizer import Symbolizer
from dbt.loader.symbols import SymbolFile, read_symbols
from dbt.typing import Any

_stamps = itertools.count()
"""Descriptors are used again: another number for each file of all replays."""


class LoggedFiles:
    """Files in memory with the contents that a log has."""

    def __init__(self) -> None:
        self._descriptors: dict[int, int] = {}
        self._latest: dict[str, int] = {}

    def add(self, number: int, path: str, content: bytes) -> None:
        """A file of the host's ``path`` is known by a number from now on. Raises OSError."""
        fd = os.memfd_create("armdbt-replay", os.MFD_CLOEXEC)
        self._descriptors[number] = self._latest[path] = fd
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]

    def descriptor(self, number: int) -> int:
        """A descriptor of the host for a file. Raises KeyError."""
        return self._descriptors[number]

    def latest(self, path: str) -> int | None:
        """The same for the last file that was known by a path; None for no such."""
        return self._latest.get(path)

    def reopened(self, path: str) -> int:
        """Another descriptor for reading the file of a path, or, if there is none, of the same
        name: links lead there. Raises OSError."""
        named = [
            known for known in self._latest if os.path.basename(known) == os.path.basename(path)
        ]
        found = self._latest.get(path, self._latest[named[0]] if named else None)
        if found is None:
            raise failure(errno.ENOENT)
        return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Give them back."""
        descriptors, self._descriptors = self._descriptors, {}
        self._latest.clear()
        for fd in descriptors.values():
            os.close(fd)


class LoggedSymbolizer(Symbolizer):
    """Symbols from the files of a log."""

    def __init__(
        self, space: Any, abi: Any, state_bits: int, options: LinuxOptions, files: LoggedFiles
    ) -> None:
        super().__init__(space, abi, state_bits, options)
        self._logged = files
        self._read: dict[int, SymbolFile] = {}

    def _symbols(self, path: str) -> SymbolFile:
        fd = self._logged.latest(path)
        if fd is None:
            return SymbolFile(path)
        found = self._read.get(fd)
        if found is None:
            stamp = next(_stamps), -1
            found = read_symbols(f"/proc/self/fd/{fd}", stamp, self._state_bits)
            found.debug, found.path = found.path, path
            self._read[fd] = found
        return found

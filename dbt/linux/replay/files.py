"""The files that a recorded program had mapped, as the log has them."""

import os

from dbt.linux.options import LinuxOptions
from dbt.linux.symbolizer import Symbolizer
from dbt.loader.symbols import SymbolFile, read_symbols
from dbt.typing import Any


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
            found = read_symbols(f"/proc/self/fd/{fd}", (fd, 0), self._state_bits)
            self._read[fd] = found
        return found

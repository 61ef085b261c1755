"""The guest's file descriptors: its numbers, the host descriptors behind them, and their flags.

A guest descriptor has a host descriptor of its own, close-on-exec on the host and under a number
that has nothing to do with the guest's. So dup shares offsets and locks exactly as Linux does. What
the host cannot keep, the layer of the guest's files and the position in a directory, is in
``OpenFile``, which duplicates share. No path is kept: where a file lies is asked of the host.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping

from dbt.classes import attrs
from dbt.linux.errors import failure
from dbt.linux.standard import NOTHING, Source
from dbt.linux.state.layers import Tree
from dbt.linux.state.objects import duplicate
from dbt.linux.state.places import Sink
from dbt.linux.state.procfs import ProcFs
from dbt.linux.state.terminals import Terminals
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

DEFAULT_LIMIT = 1024

Entries = Callable[[int], list[tuple[bytes, int, int]]]
"""Lists a directory, given its host descriptor: names, inodes and types."""


@attrs.define(eq=False)
class OpenFile:
    """An open file description.

    ``tree``: the layer it was found in, None for pipes, sockets, what was inherited and what is
    made up; ``made_up`` is the path of the last. ``changeable``: metadata may be changed through
    it, decided when it was opened. ``entries`` lists a directory and ``listing``, ``position`` say
    how far it was read. ``signals`` is the mask of a descriptor for signals, ``sink`` what is
    written to instead of the host's file.
    """

    tree: Tree | None = None
    made_up: bytes = b""
    changeable: bool = False
    entries: Entries | None = None
    listing: list[tuple[bytes, int, int]] | None = None
    position: int = 0
    signals: int | None = None
    sink: Sink | None = None
    inherited: bool = False
    """It is the host's, too: what has happened to it is not undone."""
    captured: bool = False
    """A file in memory that is kept for the user: a snapshot undoes what was written."""


@attrs.define(eq=False)
class Descriptor:
    """One guest descriptor."""

    host: int
    file: OpenFile
    cloexec: bool = False


class FdTable:
    """Guest descriptor numbers of one process. ``limit`` is RLIMIT_NOFILE."""

    def __init__(self, kernel: "Kernel", standard: Mapping[int, Source] = NOTHING) -> None:
        self._open: dict[int, Descriptor] = {}
        self.limit = DEFAULT_LIMIT
        for fd in range(3):
            source = standard.get(fd) or Source(fd, inherited=True)
            try:
                inherited = duplicate(source.fd)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise
                continue
            if fcntl.fcntl(source.fd, fcntl.F_GETFL) & os.O_PATH:  # in place of a closed one
                os.close(inherited)
                continue
            self._open[fd] = Descriptor(
                inherited, OpenFile(inherited=source.inherited, captured=source.captured)
            )
        kernel.paths.attach(kernel, ProcFs(kernel).look, Terminals(kernel).look)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._open))

    def __contains__(self, fd: int) -> bool:
        return fd in self._open

    # -- looking up --------------------------------------------------------------------------------

    def get(self, fd: int) -> Descriptor:
        """The descriptor with a guest number. EBADF."""
        found = self._open.get(fd)
        if found is None:
            raise failure(errno.EBADF)
        return found

    def host_fd(self, fd: int) -> int:
        """The host descriptor behind a guest number. EBADF."""
        return self.get(fd).host

    # -- opening and closing -----------------------------------------------------------------------

    def lowest(self, minimum: int = 0) -> int:
        """The lowest free number from ``minimum`` on. EMFILE."""
        while minimum in self._open:
            minimum += 1
        if minimum >= self.limit:
            raise failure(errno.EMFILE)
        return minimum

    def add(
        self, host_fd: int, file: OpenFile | None = None, *, cloexec: bool = False, minimum: int = 0
    ) -> int:
        """Give a host descriptor the lowest free number. It is closed if there is none (EMFILE).
        Without ``file`` it is a pipe or the like, the guest's own."""
        try:
            fd = self.lowest(minimum)
        except OSError:
            os.close(host_fd)
            raise
        self._open[fd] = Descriptor(_away(host_fd), file or OpenFile(changeable=True), cloexec)
        return fd

    def duplicate(self, fd: int, *, minimum: int = 0, cloexec: bool = False) -> int:
        """dup and F_DUPFD: a second number for the same open file."""
        old = self.get(fd)
        return self.add(duplicate(old.host), old.file, cloexec=cloexec, minimum=minimum)

    def duplicate_to(self, fd: int, new: int, *, cloexec: bool = False) -> int:
        """dup3: ``new`` becomes a duplicate; what it was before is closed. The numbers differ."""
        old = self.get(fd)
        if not 0 <= new < self.limit:
            raise failure(errno.EBADF)
        copy = Descriptor(duplicate(old.host), old.file, cloexec)
        replaced = self._open.get(new)
        self._open[new] = copy
        if replaced is not None:
            os.close(replaced.host)
        return new

    def put(self, fd: int, descriptor: Descriptor) -> None:
        """Give a free number a descriptor."""
        self._open[fd] = descriptor

    def close(self, fd: int) -> None:
        """Close a number. EBADF; an error of the host's close is reported, the number is free."""
        self.get(fd)
        os.close(self._open.pop(fd).host)

    def close_on_exec(self) -> None:
        """Close what exec closes."""
        self._drop([fd for fd, entry in self._open.items() if entry.cloexec])

    def close_all(self) -> None:
        """Close everything: the process is gone."""
        self._drop(list(self._open))

    def _drop(self, numbers: list[int]) -> None:
        """Close numbers. Errors of the host's close are ignored (fs/file.c: filp_close)."""
        for fd in numbers:
            with contextlib.suppress(OSError):
                self.close(fd)


def _away(host_fd: int) -> int:
    """Move a new host descriptor out of the low numbers that the translator's own files use."""
    if host_fd >= 3:
        return host_fd
    moved = duplicate(host_fd)
    os.close(host_fd)
    return moved

"""The guest's descriptors, as its system calls made them.

A ``Thing`` is what Linux calls an open file description, except that a pipe or a pair of sockets is
one thing with two ends. Duplicates share it, and so do forked children: the host process that runs
the guest is copied whole, and with it this table and the things' ids. That makes a thing's id
the same in every process that can reach it.
"""

import hashlib
import os
from collections.abc import Iterator

import attrs


@attrs.define(eq=False)
class Thing:
    """What a descriptor is open on.

    ``id`` is unique in the whole record: the pid of the process that made it and a number.
    ``what``: ``file directory pipe socket console device eventfd epoll timerfd signalfd memory
    unknown``. ``path`` is absolute in the guest's view.
    """

    id: str
    what: str
    path: str = ""
    inode: int = 0
    _digests: dict[str, "hashlib._Hash | None"] = attrs.field(factory=dict)

    def digest(self, stream: str, data: bytes | None) -> str | None:
        """SHA-256 of all that went through ``stream`` (a direction, an end) so far, in this process
        or before the fork in those it came from, with ``data`` as the latest. ``data`` None: nobody
        saw it, and from then on there is no digest."""
        found = self._digests.setdefault(stream, hashlib.sha256())
        if data is None or found is None:
            self._digests[stream] = None
            return None
        found.update(data)
        return found.hexdigest()


@attrs.frozen
class Handle:
    """A descriptor: the thing, which ``end`` of it (``read`` and ``write`` of pipes, ``first`` and
    ``second`` of pairs), and whether exec closes it."""

    thing: Thing
    end: str = ""
    cloexec: bool = False


class Descriptors:
    """The descriptor table of one process. Numbers are the guest's, as the kernel gave them."""

    def __init__(self) -> None:
        self._open: dict[int, Handle] = {}

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._open))

    def get(self, fd: int) -> Handle | None:
        """The handle of a number; None when it is not open."""
        return self._open.get(fd)

    def open(self, fd: int, thing: Thing, *, end: str = "", cloexec: bool = False) -> Handle:
        """Open a number on a thing; what it was before is forgotten."""
        handle = self._open[fd] = Handle(thing, end, cloexec)
        return handle

    def duplicate(self, old: int, new: int, *, cloexec: bool = False) -> Handle | None:
        """``new`` becomes a duplicate of ``old``, another number."""
        handle = self._open.get(old)
        if handle is not None:
            handle = self._open[new] = attrs.evolve(handle, cloexec=cloexec)
        return handle

    def set_cloexec(self, fd: int, *, cloexec: bool) -> None:
        """F_SETFD and its like."""
        if fd in self._open:
            self._open[fd] = attrs.evolve(self._open[fd], cloexec=cloexec)

    def close(self, fd: int) -> Handle | None:
        """Close a number. Returns the handle it had."""
        return self._open.pop(fd, None)

    def execute(self) -> list[int]:
        """Close what exec closes. Returns these numbers."""
        closed = [fd for fd in self if self._open[fd].cloexec]
        for fd in closed:
            del self._open[fd]
        return closed


class ThingIds:
    """Makes ids of things: unique in the record, as children start theirs with their own pid."""

    def __init__(self) -> None:
        self._made = 0

    def next(self, pid: int) -> str:
        """An id that was never given."""
        self._made += 1
        return f"{pid}.{self._made}"


def absolute(path: str, directory: str) -> str:
    """A guest path as seen from the root, without ``.``, ``..`` and doubled slashes. Links are not
    followed: the path is what the guest asked for."""
    joined = os.path.normpath(os.path.join(directory or "/", path))
    return joined.replace("//", "/", 1) if joined.startswith("//") else joined

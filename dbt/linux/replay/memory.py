"""Guest memory that tells a recorder what an event changes: by construction, for whatever the
kernel does to the guest it does by the methods of ``GuestMemory``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dbt.interfaces import PAGE, WRITE
from dbt.runtime.memory import GuestMemory
from dbt.typing import Any, Protocol

_PIECE = 512


class Changes(Protocol):
    """Takes what an event does to memory."""

    def flush(self) -> None:
        """Note what was written so far: mappings change next."""

    def note(self, name: str, *operands: Any) -> None:
        """Note that an operation was made: a method of ``GuestMemory``, with its arguments."""

    def note_file(self, name: str, *operands: Any, fd: int, size: int, offset: int) -> None:
        """The same of one that maps ``size`` bytes of a file."""

    def refuse(self, reason: str) -> None:
        """Note that the run cannot be recorded from here on."""


class RecordedMemory(GuestMemory):
    """Guest memory. While an event is served, ``changes`` is who is told."""

    def __init__(self) -> None:
        super().__init__()
        self.changes_to: Changes | None = None
        self._written: list[tuple[int, int, bytes | None]] = []
        """Address, size and the content before, if that is known, of what may have been written."""

    # -- contents ----------------------------------------------------------------------------------

    def view(self, address: int, size: int, *, writable: bool = False) -> memoryview:
        found = super().view(address, size, writable=writable)
        if writable and size and self.changes_to is not None:
            self._written.append((address, size, bytes(found)))
        return found

    def poke(self, address: int, data: bytes) -> None:
        super().poke(address, data)
        if data and self.changes_to is not None:
            self._written.append((address, len(data), None))

    def overwrite(self, address: int, data: bytes) -> None:
        super().overwrite(address, data)
        if data and self.changes_to is not None:
            self._written.append((address, len(data), None))

    def take_written(self) -> Iterator[tuple[int, bytes]]:
        """Addresses and contents of what was written since the last call."""
        written, self._written = self._written, []
        for address, size, before in written:
            first, last = address // PAGE, (address + size - 1) // PAGE
            self.protection.expose(first, last - first + 1, writable=False)
            yield from _differences(address, before, bytes(self.raw(address, size)))

    # -- mappings ----------------------------------------------------------------------------------

    def map(self, address: int, size: int, perms: int) -> None:
        with self._changing("map", address, size, perms):
            super().map(address, size, perms)

    def unmap(self, address: int, size: int) -> None:
        with self._changing("unmap", address, size):
            super().unmap(address, size)

    def protect(self, address: int, size: int, perms: int) -> None:
        with self._changing("protect", address, size, perms):
            super().protect(address, size, perms)

    def set_absent(self, address: int, size: int) -> None:
        with self._changing("set_absent", address, size):
            super().set_absent(address, size)

    def set_present(self, address: int, size: int, perms: int) -> None:
        with self._changing("set_present", address, size, perms):
            super().set_present(address, size, perms)

    def advise(self, address: int, size: int, advice: int) -> None:
        with self._changing("advise", address, size, advice):
            super().advise(address, size, advice)

    def move(self, old: int, size: int, new: int, new_size: int, *, shared: bool) -> None:
        changes = self.changes_to
        if changes is not None and shared:
            changes.refuse("the program has moved a shared mapping (mremap)")
        with self._changing("move", old, size, new, new_size):
            super().move(old, size, new, new_size, shared=shared)

    def attach(self, address: int, size: int, perms: int, segment: int, *, writable: bool) -> None:
        super().attach(address, size, perms, segment, writable=writable)
        if self.changes_to is not None:
            self.changes_to.refuse("the program has attached shared memory (shmat)")

    def map_shared(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        def maps() -> None:
            super(RecordedMemory, self).map_shared(address, size, perms, fd, offset)

        if fd < 0:
            with self._changing("map", address, size, perms):
                maps()
            return
        if self.changes_to is not None and perms & WRITE:
            self.changes_to.refuse("the program has mapped a file to write to it (MAP_SHARED)")
        self._map_file(maps, address, size, perms, fd, offset)

    def map_private(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        self._map_file(
            lambda: super(RecordedMemory, self).map_private(address, size, perms, fd, offset),
            address, size, perms, fd, offset,
        )  # fmt: skip

    def _map_file(
        self, maps: Callable[[], None], address: int, size: int, perms: int, fd: int, offset: int
    ) -> None:
        changes = self.changes_to
        try:
            with self._changing():
                maps()
        except OSError:
            if changes is not None and self.free(address, size):
                changes.note("unmap", address, size)
            raise
        if changes is not None:
            changes.note_file("map_file", address, size, perms, fd=fd, size=size, offset=offset)

    @contextmanager
    def _changing(self, name: str = "", *operands: Any) -> Iterator[None]:
        """Within this context an operation is made; what it is made of is not told. It is noted
        when it has succeeded."""
        changes = self.changes_to
        if changes is None:
            yield
            return
        changes.flush()
        self.changes_to = None
        try:
            yield
        finally:
            self.changes_to = changes
        if name:
            changes.note(name, *operands)


def _differences(address: int, before: bytes | None, now: bytes) -> Iterator[tuple[int, bytes]]:
    """The parts of a content that are not as before, in whole pieces."""
    if before is None:
        yield address, now
    elif before != now:
        begin = None
        for at in range(0, len(now), _PIECE):
            same = before[at : at + _PIECE] == now[at : at + _PIECE]
            if same and begin is not None:
                yield address + begin, now[begin:at]
                begin = None
            elif not same and begin is None:
                begin = at
        if begin is not None:
            yield address + begin, now[begin:]

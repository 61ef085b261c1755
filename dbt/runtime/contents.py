"""What guest memory held at one moment, kept so that it can be put back again and again.

The pages lie in a file in memory (memfd_create), in which the offset of a page is its guest
address. The file is mapped *privately* over the guest's pages: the host's kernel copies a page when
it is first written, whoever writes it (translated code, Python, or a system call of the host), and
MADV_DONTNEED drops the copies. So the host notes which pages are written, without privileges and
without a handler, and to put memory back costs a system call a range and a page fault for each page
that is touched again.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from dbt.interfaces import PAGE
from dbt.runtime.hot_pages import HotPages
from dbt.runtime.memory import SPACE, GuestMemory
from dbt.stops import UsageError
from dbt.typing import TypeAlias

Range: TypeAlias = tuple[int, int]
"""The first address, and that behind the last; whole pages."""
_CHUNK = 64 << 10
_ZEROS = bytes(_CHUNK)


class Contents:
    """The contents of some ranges of guest memory at the moment when it was made. ``kept`` are all
    of them, ``tracked`` those among them that the guest may write: the file is mapped over these.

    Raises UsageError when the host has no room.
    """

    def __init__(
        self, memory: GuestMemory, kept: Sequence[Range], tracked: Sequence[Range]
    ) -> None:
        self._memory = memory
        self._tracked, self.hot = tracked, HotPages(memory, tracked)
        self.mapped: list[Range] = []
        """Where this file, or that of contents which were mapped before, may still be mapped."""
        try:
            self._file = os.memfd_create("armdbt-snapshot", os.MFD_CLOEXEC)
        except OSError as error:
            raise _refused(error) from None
        try:
            os.ftruncate(self._file, SPACE)
            for start, end in kept:
                self._save(start, end)
            self.lay(tracked)
        except OSError as error:
            raise _refused(error) from None
        self._became_base()

    def __del__(self) -> None:
        if "_file" in vars(self):
            os.close(self._file)

    # -- saving ------------------------------------------------------------------------------------

    def _save(self, start: int, end: int) -> None:
        for at, data in self._chunks(start, end):
            if data != _ZEROS[: len(data)]:
                os.pwrite(self._file, data, at)

    def _chunks(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """What is in memory now, a chunk at a time, whatever the guest may do there."""
        memory = self._memory
        for at in range(start, end, _CHUNK):
            size = min(_CHUNK, end - at)
            memory.protection.expose(at // PAGE, size // PAGE, writable=False)
            yield at, bytes(memory.raw(at, size))

    # -- putting back ------------------------------------------------------------------------------

    @property
    def is_base(self) -> bool:
        """Whether these contents are what is mapped, with the mappings and permissions that there
        were: then ``rewind`` puts them back."""
        memory = self._memory
        return memory.base_contents is self and memory.changes == self._changes

    def rewind(self) -> None:
        """Drop what was written since."""
        memory, hot = self._memory, self.hot
        for start, end in self._tracked:
            memory.forget_changed_code(start, end - start, self.page)
        if hot.is_due():
            hot.choose([(at, self._read(at, PAGE)) for at in hot.look()])
        hot.rewind()
        for start, end in hot.cold:
            memory.drop(start, end - start)

    def put_back(self, replaced: Iterable[Range], kept: Iterable[Range]) -> None:
        """The same after other mappings: map the file over the tracked ranges and over those that
        were ``replaced``, and write what differs in the ``kept`` ones. Permissions are the
        caller's: ``settle`` comes behind them. Raises OSError."""
        for start, end in self._tracked:
            self._memory.forget_changed_code(start, end - start, self.page)
        self.lay([*self._tracked, *replaced])
        for start, end in kept:
            for at, data in self._chunks(start, end):
                was = self._read(at, len(data))
                if was != data:
                    self._memory.overwrite(at, was)

    def settle(self) -> None:
        """Mappings and permissions are as they were, too."""
        self._became_base()

    def lay(self, ranges: Sequence[Range]) -> None:
        """Map the file over ranges. Raises OSError."""
        for start, end in ranges:
            self._memory.map_contents(start, end - start, self._file)
        self.mapped = merged([*self.mapped, *ranges])

    def _became_base(self) -> None:
        memory = self._memory
        before = memory.base_contents
        if before is not None and before is not self:
            self.mapped = merged([*self.mapped, *before.mapped])
        memory.base_contents = self
        self._changes = memory.changes

    def page(self, number: int) -> bytes:
        """What a page held."""
        return self._read(number * PAGE, PAGE)

    def _read(self, address: int, size: int) -> bytes:
        return os.pread(self._file, size, address)

    def covers(self, address: int, size: int) -> bool:
        """Whether a file of contents may be mapped in a range."""
        return any(start < address + size and address < end for start, end in self.mapped)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Ranges in ascending order, those that touch or overlap as one."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _refused(error: OSError) -> UsageError:
    return UsageError(f"the host has no room for a snapshot of guest memory: {error.strerror}")

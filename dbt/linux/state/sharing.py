"""What one mapping or process does to memory that others share.

A flush of one mapping's range makes an ARM processor, all of its cores, fetch anew from the memory
behind it (ARMv7 manual, B2.2.9). So a flush drops the translations of the other mappings of that
memory too: in this process, and in those that are related to it by fork. They also have to notice
files that become shorter.
"""

import mmap
import os
from collections.abc import Callable

from dbt.interfaces import EXEC, PAGE
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.state.address_space import AddressSpace, Area

_SIZE = 8


class Sharing:
    """Drops translations of shared pages that were flushed, and the pages that a file has lost,
    here or in a related process."""

    def __init__(self, space: "AddressSpace") -> None:
        self._space = space
        self._mark: mmap.mmap | None = None
        """Shared with forked processes. Each change stores a random value, so every change is
        noticed without a lock."""
        self._seen = bytes(_SIZE)
        self.words = False
        """Whether other processes may have memory that this one can write, or could."""
        self.on_words: Callable[[], None] = _nothing
        """Called when that becomes so."""

    def mapped(self, area: "Area") -> None:
        """An area was mapped."""
        if area.shared and area.writable and not self.words:
            self.words = True
            self.on_words()

    def prepare_fork(self) -> None:
        """Make the value that a child shares."""
        if self._mark is None:
            self._mark = mmap.mmap(-1, PAGE)

    def flush(self, start: int, end: int) -> None:
        """Drop the translations made from a range, and from what else shows the same memory."""
        self._space.memory.forget_code(start, end - start)
        flushed = {area.object for area in self._space.within(start, end) if area.shared}
        if flushed:
            self._drop(lambda area: area.object in flushed)
            self.announce()

    def announce(self) -> None:
        """Let the other processes notice a change at their next ``catch_up``."""
        if self._mark is not None:
            self._mark[:_SIZE] = os.urandom(_SIZE)

    def catch_up(self) -> None:
        """Drop what other processes have made stale since the last call."""
        if self._mark is not None and (now := self._mark[:_SIZE]) != self._seen:
            self._seen = now
            self._drop(lambda area: bool(area.perms & EXEC))
            self._space.look_at_sizes()

    def _drop(self, chosen: Callable[["Area"], bool]) -> None:
        for area in self._space.areas:
            if area.shared and chosen(area):
                self._space.memory.forget_code(area.start, area.end - area.start)


def _nothing() -> None:
    """Default of ``on_words``: does nothing."""

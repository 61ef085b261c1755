"""The pages of a range that nearly every round writes to, between two rewinds.

To drop a page's copy and to have the host make it again at the next write takes several times as
long as to write the page's old content over it. Which pages are the host's copies is in
``/proc/self/pagemap`` (Documentation/admin-guide/mm/pagemap.rst), which it is looked up in now and
then.
"""

import os
from collections.abc import Iterator, Sequence

from dbt.interfaces import CODE, PAGE, WRITE
from dbt.runtime.memory import GuestMemory

MOST = 16
"""Hot pages: with more, dropping all is not slower."""
_LOOKS = 8
"""There is a look after so many rewinds, then after so many times as many, and so on."""
_LARGEST = 1 << 16
"""Pages of ranges that are looked at."""
_PRESENT, _OF_FILE = 1 << 63, 1 << 61


class HotPages:
    """The hot pages of some ranges, and the ranges without them (``cold``)."""

    def __init__(self, memory: GuestMemory, ranges: Sequence[tuple[int, int]]) -> None:
        self._memory, self._ranges = memory, ranges
        self.cold = ranges
        self._pages: list[tuple[int, bytes]] = []
        """Addresses and contents."""
        self._rewinds, self._look_at = 0, _LOOKS

    def is_due(self) -> bool:
        """Counts a rewind. Returns whether it is time to look which pages are hot."""
        self._rewinds += 1
        return self._rewinds >= self._look_at

    def look(self) -> list[int]:
        """The addresses of the pages that have been written, before they are dropped."""
        self._look_at *= _LOOKS
        if sum(end - start for start, end in self._ranges) > _LARGEST * PAGE:
            return []
        try:
            fd = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            return [page for start, end in self._ranges for page in self._copies(fd, start, end)]
        except OSError:
            return []
        finally:
            os.close(fd)

    def _copies(self, fd: int, start: int, end: int) -> Iterator[int]:
        count = (end - start) // PAGE
        entries = os.pread(fd, 8 * count, (self._memory.base + start) // PAGE * 8)
        for index, entry in enumerate(memoryview(entries).cast("Q")):
            if entry & (_PRESENT | _OF_FILE) == _PRESENT:
                yield start + index * PAGE

    def choose(self, pages: list[tuple[int, bytes]]) -> None:
        """Have these pages, with their contents, be hot, and no others. Too many are none."""
        self._pages = pages if len(pages) <= MOST else []
        addresses = [address for address, _ in self._pages]
        self.cold = list(_without(self._ranges, addresses)) if addresses else self._ranges

    def rewind(self) -> None:
        """Write the contents. Where the guest may not write, or has run code, no page is hot any
        more: then all are cold, to be dropped."""
        memory = self._memory
        perms = memory.perms
        for address, _ in self._pages:
            if perms[address // PAGE] & (WRITE | CODE) != WRITE:
                self.choose([])
                return
        for address, content in self._pages:
            memory.raw(address, PAGE)[:] = content


def _without(ranges: Sequence[tuple[int, int]], pages: list[int]) -> Iterator[tuple[int, int]]:
    """Ranges without some pages, which ascend."""
    for start, end in ranges:
        at = start
        for page in pages:
            if at <= page < end:
                if page > at:
                    yield at, page
                at = page + PAGE
        if at < end:
            yield at, end

"""What is mapped where: the kernel's list of areas, and where new ones go.

The layout is that of an ARM kernel with a 3G/1G split and no randomization: programs low, position-
independent ones at 4 MiB, the heap above them, mappings downward from below the stack.
"""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import attrs

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux.shared_code import SharedCode
from dbt.runtime.memory import GuestMemory

TASK_SIZE = 0xBF000000
STACK_TOP = TASK_SIZE
MMAP_TOP = 0xB7000000
MMAP_MIN = 0x8000
PIE_BASE = 0x00400000
_COPY = 1 << 20


def page_up(value: int) -> int:
    """Rounded up to whole pages."""
    return -(-value // PAGE) * PAGE


@attrs.frozen
class Area:
    """A mapped range. ``perms`` are READ, WRITE, EXEC as asked for.

    ``path`` is the host's file when it was mapped, ``offset`` where in it the area starts,
    ``valid_end`` the first address past the file's last page (access from there on is SIGBUS).
    ``object`` tells memory that areas share: device and inode of a file, (1, number) of shared
    anonymous memory, (0, 0) of what has no other owner. ``writable`` is False when a shared mapping
    of a read-only descriptor may never become writable.
    """

    start: int
    end: int
    perms: int
    shared: bool = False
    path: str = ""
    offset: int = 0
    valid_end: int = 1 << 32
    writable: bool = True
    object: tuple[int, int] = (0, 0)

    def cut(self, start: int, end: int) -> "Area":
        """The part within bounds."""
        start, end = max(start, self.start), min(end, self.end)
        offset = self.offset + start - self.start if self.offset or self.path else 0
        return attrs.evolve(self, start=start, end=end, offset=offset)


class AddressSpace:
    """The areas of one process, over its guest memory. Addresses and sizes are whole pages."""

    def __init__(self, memory: GuestMemory) -> None:
        self.memory = memory
        self.areas: list[Area] = []
        self.brk_start = self.brk = 0
        self.read_implies_exec = False
        self.code = SharedCode(self)
        self._anonymous_objects = 0

    def reset(self) -> None:
        """Unmap everything (exec)."""
        for area in self.areas:
            self.memory.unmap(area.start, area.end - area.start)
        self.areas = []
        self.brk_start = self.brk = 0
        self.read_implies_exec = False

    # -- looking -----------------------------------------------------------------------------------

    def at(self, address: int) -> Area | None:
        """The area an address lies in."""
        index = bisect_right(self.areas, address, key=_start) - 1
        if index >= 0 and address < self.areas[index].end:
            return self.areas[index]
        return None

    def within(self, start: int, end: int) -> Iterator[Area]:
        """Parts of areas within bounds, ascending."""
        first = max(0, bisect_right(self.areas, start, key=_start) - 1)
        for area in list(self.areas[first:]):
            if area.start >= end:
                return
            if area.end > start:
                yield area.cut(start, end)

    def covered(self, start: int, end: int) -> bool:
        """True when every page is mapped."""
        return sum(area.end - area.start for area in self.within(start, end)) == end - start

    def is_free(self, start: int, end: int) -> bool:
        """True when no page is mapped."""
        return next(self.within(start, end), None) is None

    def find(self, size: int, hint: int = 0) -> int | None:
        """A free place for ``size`` bytes: at the hint, else as high as possible."""
        if MMAP_MIN <= hint <= TASK_SIZE - size and self.is_free(hint, hint + size):
            return hint
        for limit in (MMAP_TOP, TASK_SIZE):
            top = limit
            for area in reversed(self.areas):
                if area.start < top and top - area.end >= size:
                    break
                top = min(top, area.start)
            if top - MMAP_MIN >= size:
                return top - size
        return None

    # -- changing ----------------------------------------------------------------------------------

    def map(self, area: Area) -> None:
        """Map zeroed pages over whatever was there."""
        self._forget(area.start, area.end)
        self.memory.map(area.start, area.end - area.start, area.perms)
        self._remember(area)

    def map_shared(self, area: Area, fd: int) -> None:
        """Map pages shared with a file, or with forked children when ``fd`` is -1."""
        self._forget(area.start, area.end)
        valid = min(area.end, area.valid_end)
        if valid > area.start:
            # The host's pages stay writable where a later mprotect may allow the guest to write.
            host = READ | (WRITE if area.writable else 0)
            self.memory.map_shared(area.start, valid - area.start, host, fd, area.offset)
        if fd < 0:
            self._anonymous_objects += 1
            area = attrs.evolve(area, object=(1, self._anonymous_objects))
        self._apply(area)
        self._remember(area)

    def map_file(self, area: Area, fd: int) -> None:
        """Map a private copy of a file."""
        self._forget(area.start, area.end)
        valid = min(area.end, area.valid_end)
        self.memory.map(area.start, area.end - area.start, READ | WRITE)
        self.fill(area.start, max(0, valid - area.start), fd, area.offset)
        self._apply(area)
        self._remember(area)

    def fill(self, address: int, size: int, fd: int, offset: int) -> None:
        """Read a file into writable pages, as far as it goes."""
        while size > 0:
            view = self.memory.view(address, min(size, _COPY), writable=True)
            count = os.preadv(fd, [view], offset)
            if count == 0:
                return
            address, size, offset = address + count, size - count, offset + count

    def unmap(self, start: int, end: int) -> None:
        """Drop pages."""
        for part in self.within(start, end):
            self.memory.unmap(part.start, part.end - part.start)
        self._forget(start, end)

    def protect(self, start: int, end: int, perms: int) -> None:
        """Change what may be done with mapped pages."""
        for part in self.within(start, end):
            changed = attrs.evolve(part, perms=perms)
            self._forget(part.start, part.end)
            self._apply(changed)
            self._remember(changed)

    def move(self, old: int, size: int, new: Area) -> None:
        """Map ``new`` with the content of ``size`` bytes at ``old``, then drop those."""
        area = self.at(old)
        self.map(attrs.evolve(new, perms=READ | WRITE))
        for done in range(0, size, _COPY):
            chunk = self.memory.peek(old + done, min(_COPY, size - done))
            if chunk.count(0) != len(chunk):
                self.memory.poke(new.start + done, chunk)
        self.protect(new.start, new.end, area.perms if area else new.perms)
        self.unmap(old, old + size)

    def _apply(self, area: Area) -> None:
        valid = max(area.start, min(area.end, area.valid_end))
        if valid > area.start:
            self.memory.protect(area.start, valid - area.start, area.perms)
        if valid < area.end:
            self.memory.protect(valid, area.end - valid, 0)

    def _forget(self, start: int, end: int) -> None:
        first = bisect_right(self.areas, start, key=_start) - 1
        if first < 0 or self.areas[first].end <= start:
            first += 1
        last = bisect_left(self.areas, end, key=_start)
        if first >= last:
            return
        head, tail = self.areas[first], self.areas[last - 1]
        kept = [head.cut(head.start, start)] if head.start < start else []
        kept += [tail.cut(end, tail.end)] if tail.end > end else []
        self.areas[first:last] = kept

    def _remember(self, area: Area) -> None:
        index = bisect_right(self.areas, area.start, key=_start)
        before = self.areas[index - 1] if index else None
        if before and before.end == area.start and _anonymous_alike(before, area):
            self.areas[index - 1] = attrs.evolve(before, end=area.end)
        else:
            self.areas.insert(index, area)


def _start(area: Area) -> int:
    return area.start


def _anonymous_alike(a: Area, b: Area) -> bool:
    return not (a.shared or b.shared or a.path or b.path) and a.perms == b.perms


def protection(prot: int, *, read_implies_exec: bool) -> int:
    """Permissions of PROT_* bits. What can be written or executed can be read, as on ARMv7."""
    if not prot & 7:
        return 0
    executable = prot & 4 or (read_implies_exec and prot & 1)
    return READ | (WRITE if prot & 2 else 0) | (EXEC if executable else 0)

"""What is mapped where: the kernel's list of areas, and where new ones go.

The layout is that of a kernel without randomization: programs low, the heap above them, mappings
downward from below the stack, which is at the top.
"""

import errno
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from dbt.classes import attrs
from dbt.interfaces import ABSENT, EXEC, PAGE, READ, WRITE
from dbt.linux.errors import failure
from dbt.linux.options import STACK_GAP
from dbt.linux.state.mapped_files import MappedFile, MappedFiles
from dbt.linux.state.mapping_budget import MappingBudget
from dbt.linux.state.sharing import Sharing
from dbt.runtime.memory import GuestMemory
from dbt.syscalls import SyscallAbi
from dbt.typing import Any

PRIVATE = (0, 0)
"""The object of memory that is the guest's alone."""
SEGMENT = -1
"""First of the object of a System V segment; the second is its id."""
WIPE, OMIT = 1, 2
_COPY = 1 << 20


def page_up(value: int) -> int:
    """Rounded up to whole pages."""
    return -(-value // PAGE) * PAGE


def page_align(size: int) -> int:
    """``page_up`` for a word of the guest: one that is too large for it becomes 0 (PAGE_ALIGN)."""
    return page_up(size) & 0xFFFFFFFF


@attrs.frozen
class Area:
    """A mapped range. ``perms`` are READ, WRITE, EXEC as asked for.

    ``path`` is the host's file when it was mapped, ``offset`` where in it the area starts.
    ``object`` identifies what is mapped: device and inode of a file, (1, number) of shared
    anonymous memory, (-1, id) of a System V segment, (0, 0) of what is the guest's alone. ``file``
    has its size where that is known. ``writable`` is False when a shared mapping of a read-only
    descriptor may never become writable. ``fork`` is what a forked child gets instead of a copy:
    WIPE (zeros), OMIT (nothing).
    """

    start: int
    end: int
    perms: int
    shared: bool = False
    path: str = ""
    offset: int = 0
    writable: bool = True
    object: tuple[int, int] = (0, 0)
    file: MappedFile | None = None
    fork: int = 0
    locked: bool = False
    grows_down: bool = False

    def cut(self, start: int, end: int) -> "Area":
        """The part within bounds."""
        if start <= self.start and end >= self.end:
            return self
        start = max(start, self.start)
        return self.reach(start, min(end, self.end), self.start)

    def reach(self, start: int, end: int, origin: int) -> "Area":
        """The same with other bounds, when ``offset`` is that of the address ``origin``."""
        offset = self.offset + start - origin if self.object != PRIVATE else 0
        return Area(  # attrs.evolve takes three times as long
            start,
            end,
            self.perms,
            self.shared,
            self.path,
            offset,
            self.writable,
            self.object,
            self.file,
            self.fork,
            self.locked,
            self.grows_down,
        )


class AddressSpace:
    """The areas of one process, over its guest memory. Addresses and sizes are whole pages.

    The bounds are the kernel's: a program may map from ``lowest`` up to ``top``, where its stack
    ends; ``mmap_top`` is where mappings without an address begin, downward.
    """

    def __init__(self, memory: GuestMemory, abi: SyscallAbi) -> None:
        self.memory = memory
        self.lowest = abi.mmap_min
        self.top = abi.task_size
        self.mmap_top = abi.task_size - STACK_GAP
        self.areas: list[Area] = []
        self.brk_start = self.brk = 0
        self.read_implies_exec = False
        self.lock_future = False
        """What is mapped from now on is locked (mlockall)."""
        self.sharing = Sharing(self)
        self.files = MappedFiles()
        self._budget = MappingBudget()
        self._anonymous_objects = 0
        memory.on_absent = self._look_again

    def reset(self) -> None:
        """Unmap everything (exec)."""
        for area in self.areas:
            self.memory.unmap(area.start, area.end - area.start)
        self.areas = []
        self.brk_start = self.brk = 0
        self.read_implies_exec = self.lock_future = False

    def close(self) -> None:
        """Give the files of mappings back. The list stays, for those who look at it."""
        self.areas = [attrs.evolve(area, file=None) for area in self.areas]

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
        for area in self.areas[first : bisect_left(self.areas, end, first, key=_start)]:
            if area.end > start < end:
                yield area.cut(start, end)

    def covered(self, start: int, end: int) -> bool:
        """True when every page is mapped."""
        return sum(area.end - area.start for area in self.within(start, end)) == end - start

    def is_free(self, start: int, end: int) -> bool:
        """True when no page is mapped."""
        return next(self.within(start, end), None) is None

    def find(self, size: int, hint: int = 0) -> int | None:
        """A free place for ``size`` bytes: at the hint, else as high as possible."""
        if self.lowest <= hint <= self.top - size and self.is_free(hint, hint + size):
            return hint
        for limit in (self.mmap_top, self.top):
            top = limit
            for area in reversed(self.areas):
                if area.start < top:
                    if top - area.end >= size:
                        break
                    top = area.start
            if top - self.lowest >= size:
                return top - size
        return None

    # -- changing ----------------------------------------------------------------------------------

    def map(self, area: Area) -> None:
        """Map zeroed pages over whatever was there. Raises OSError (ENOMEM)."""
        self._take_for_edges(area.start, area.end)
        self.memory.map(area.start, area.end - area.start, area.perms)
        self._forget(area.start, area.end)
        self._remember(area)

    def map_shared(self, area: Area) -> None:
        """Map zeroed pages shared with forked children. Raises OSError."""
        self._anonymous_objects += 1
        self._map_host(attrs.evolve(area, object=(1, self._anonymous_objects)), -1)

    def map_file(self, area: Area, fd: int, status: os.stat_result, *, writable: bool) -> None:
        """Map part of a regular file with this ``status``; ``writable``: it is open for writing.
        Raises OSError."""
        area = attrs.evolve(
            area,
            path=os.readlink(f"/proc/self/fd/{fd}"),
            writable=writable or not area.shared,
            object=(status.st_dev, status.st_ino),
        )
        self._map_host(attrs.evolve(area, file=self.files.get(area.object, fd)), fd)
        self._cut_off(area, status.st_size)

    def map_segment(self, area: Area) -> None:
        """Attach a System V segment, whose id is the second of ``area.object``. Raises OSError."""
        self._budget.take()
        start, size = area.start, area.end - area.start
        try:
            self.memory.attach(start, size, area.perms, area.object[1], writable=area.writable)
        except OSError:
            if self.memory.free(start, size):
                self._forget(area.start, area.end)
            raise
        self._forget(area.start, area.end)
        self._remember(area)
        self.sharing.mapped(area)

    def _map_host(self, area: Area, fd: int) -> None:
        self._budget.take()
        start, size = area.start, area.end - area.start
        # The host's pages stay writable where a later mprotect may allow the guest to write.
        host = READ | (WRITE if area.writable else 0)
        map_ = self.memory.map_shared if area.shared else self.memory.map_private
        try:
            map_(start, size, host, fd, area.offset)
        except OSError:
            if self.memory.free(start, size):
                self._forget(area.start, area.end)
            raise
        self.memory.protect(start, size, area.perms)
        self._forget(area.start, area.end)
        self._remember(area)
        self.sharing.mapped(area)

    def unmap(self, start: int, end: int) -> None:
        """Drop pages. Raises OSError (ENOMEM)."""
        self._take_for_edges(start, end)
        for part in self.within(start, end):
            self.memory.unmap(part.start, part.end - part.start)
            self._forget(part.start, part.end)

    def _take_for_edges(self, start: int, end: int) -> None:
        """Reserve room for the mappings that cutting this range creates."""
        if self._budget.has_room():
            return
        first = bisect_left(self.areas, start, key=_start)
        last = bisect_left(self.areas, end, first, key=_start)
        for index, at in ((first, start), (last, end)):
            if index and self.areas[index - 1].end > at and self.areas[index - 1].object != PRIVATE:
                self._budget.take()

    def protect(self, start: int, end: int, perms: int) -> None:
        """Change what may be done with mapped pages."""
        for part in self.within(start, end):
            self.memory.protect(part.start, part.end - part.start, perms)
            if perms != part.perms:
                self.change(part, perms=perms)

    def change(self, part: Area, **attributes: Any) -> None:
        """Give a part of an area other attributes."""
        self._forget(part.start, part.end)
        self._remember(attrs.evolve(part, **attributes))

    def in_child(self) -> None:
        """In a forked child: drop the areas marked OMIT, clear those marked WIPE, and lock none
        (kernel/fork.c)."""
        self.lock_future = False
        for area in list(self.areas):
            if area.fork & OMIT:
                self.unmap(area.start, area.end)
            elif area.fork & WIPE:
                self.memory.map(area.start, area.end - area.start, area.perms)
            if area.locked and not area.fork & OMIT:
                self.change(area, locked=False)

    def move(self, old: Area, start: int, size: int, *, keep: bool) -> None:
        """Move ``old``, a part of an area, to ``start`` and make it ``size`` bytes there, which are
        not fewer. ``keep``: the old range stays mapped, as a new mapping. Raises OSError."""
        self._budget.take()
        self._take_for_edges(old.start, old.end)
        length = old.end - old.start
        try:
            if old.object == PRIVATE and self.memory.has_base(old.start, length):
                raise failure(errno.EFAULT)  # zeros must stay there, not what a snapshot has
            self.memory.move(old.start, length, start, size, shared=old.shared)
        except OSError:
            if old.object != PRIVATE:
                raise
            self._copy(old, start, size)
        if old.object == PRIVATE:
            self.memory.set_present(start, size, old.perms)
        self._forget(start, start + size)
        self._remember(attrs.evolve(old, start=start, end=start + size))
        if not keep:
            self.memory.unmap(old.start, length)
            self._forget(old.start, old.end)

    def _copy(self, old: Area, start: int, size: int) -> None:
        """Move anonymous memory that the host has as several mappings."""
        self.memory.map(start, size, READ | WRITE)
        for at in range(old.start, old.end, _COPY):
            chunk = self.memory.peek(at, min(_COPY, old.end - at))
            if chunk.count(0) != len(chunk):
                self.memory.poke(start + at - old.start, chunk)
        self.memory.protect(start, size, old.perms)
        self.memory.map(old.start, old.end - old.start, old.perms)

    # -- files that grow and shrink ----------------------------------------------------------------

    def resized(self, fd: int) -> None:
        """The guest may have changed the size of the file open as ``fd``."""
        status = os.fstat(fd)
        mapped = [a for a in self.areas if a.object == (status.st_dev, status.st_ino)]
        for area in mapped:
            self._cut_off(area, status.st_size)
        if mapped:
            self.sharing.announce()

    def look_at_sizes(self) -> None:
        """Another process may have changed the size of a file."""
        for area in self.areas:
            if area.file is not None:
                self._cut_off(area, area.file.size)

    def _cut_off(self, area: Area, size: int) -> None:
        """Make the pages past the end of a file of ``size`` bytes absent. Translations of the last
        page are dropped too, because what follows the file's end has become zeros."""
        valid = max(area.start, min(area.end, area.start + page_up(size - area.offset)))
        last = max(area.start, valid - PAGE)
        self.memory.forget_code(last, valid - last)
        if valid < area.end:
            self.memory.set_absent(valid, area.end - valid)

    def _look_again(self, page: int) -> bool:
        """Make an absent page present if the file has grown past it. Returns whether it has."""
        address = page * PAGE
        area = self.at(address)
        if area is None or not self.memory.has_page(address):
            return False
        valid = address + PAGE
        if area.file is not None:
            valid = max(valid, area.start + page_up(area.file.size - area.offset))
        self.memory.set_present(area.start, min(valid, area.end) - area.start, area.perms)
        return True

    def has_appeared(self, address: int) -> bool:
        """Whether to repeat an access that failed, because the file has grown. A page that the host
        no longer has, because another process made the file shorter, becomes absent."""
        page = address // PAGE
        if self.memory.perms[page] == ABSENT:
            return self._look_again(page)
        area = self.at(address)
        if area is not None and not self.memory.has_page(page * PAGE):
            self.memory.set_absent(page * PAGE, area.end - page * PAGE)
        return False

    def lack(self, address: int) -> str:
        """Why an access that is allowed cannot be made, in words."""
        if self.memory.perms[address // PAGE] == ABSENT:
            return "beyond the end of a mapped file"
        return "for which the host has no room (a full disk?)"

    # -- the list ----------------------------------------------------------------------------------

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
        end = index
        if index and _continues(self.areas[index - 1], area):
            index -= 1
            area = area.reach(self.areas[index].start, area.end, area.start)
        if end < len(self.areas) and _continues(area, self.areas[end]):
            area = area.reach(area.start, self.areas[end].end, area.start)
            end += 1
        self.areas[index:end] = [area]


def _start(area: Area) -> int:
    return area.start


def _continues(area: Area, after: Area) -> bool:
    """Whether ``after`` continues ``area``, so that they become one (mm/vma.c:
    can_vma_merge_after)."""
    return (
        area.end == after.start
        and area.perms == after.perms
        and area.object == after.object
        and area.shared == after.shared
        and area.path == after.path
        and area.writable == after.writable
        and area.fork == after.fork
        and area.locked == after.locked
        and area.grows_down == after.grows_down
        and (area.object == PRIVATE or area.offset + area.end - area.start == after.offset)
    )


def protection(prot: int, *, read_implies_exec: bool) -> int:
    """Permissions of PROT_* bits. What can be written or executed can be read, as on ARMv7."""
    if not prot & 7:
        return 0
    executable = prot & 4 or (read_implies_exec and prot & 1)
    return READ | (WRITE if prot & 2 else 0) | (EXEC if executable else 0)

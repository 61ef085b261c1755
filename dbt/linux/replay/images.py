"""Images of guest memory: what is mapped, with which permissions, and what it holds."""

from dbt.interfaces import ABSENT, MAPPED, PAGE
from dbt.runtime.memory import PAGES, GuestMemory
from dbt.typing import Any

_CHUNK = 16 * PAGE
_ZEROS = bytes(_CHUNK)
_IS_MAPPED = bytes(bool(perms & MAPPED or perms == ABSENT) for perms in range(256))


class MemoryImage:
    """Guest memory as it was when this was made. Contents that are those of ``before``, an older
    image, are shared with it. All of it is private memory, as a replay's is."""

    def __init__(self, memory: GuestMemory, before: "MemoryImage | None") -> None:
        self._chunks: dict[int, bytes] = {}
        self._perms: dict[int, bytes] = {}
        for start, end in _mapped(memory):
            self._perms[start] = memory.permissions(start, end - start)
            for at in range(start, end, _CHUNK):
                data = _held(memory, at, min(_CHUNK, end - at))
                known = None if before is None else before._chunks.get(at)
                if data == _ZEROS[: len(data)]:
                    data = _ZEROS[: len(data)] if len(data) < _CHUNK else _ZEROS
                elif known == data:
                    data = known
                self._chunks[at] = data

    def put_back(self, memory: GuestMemory) -> None:
        """Make memory as it was. What has not changed keeps its translations."""
        for start, end in _mapped(memory):
            for gap in self._gaps(start, end):
                memory.unmap(gap[0], gap[1] - gap[0])
        for start, perms in self._perms.items():
            size = len(perms) * PAGE
            for at in range(start, start + size, _CHUNK):
                self._put(memory, at, min(_CHUNK, start + size - at))
            there = memory.permissions(start, size)
            for page, one in enumerate(perms):
                if there != perms and there[page] != one:
                    memory.set_permissions(start + page * PAGE, perms[page : page + 1])

    def _put(self, memory: GuestMemory, at: int, size: int) -> None:
        wanted, there = self._chunks[at], _held(memory, at, size)
        if there == wanted:
            return
        for begin in range(0, size, PAGE):
            page = wanted[begin : begin + PAGE]
            if there[begin : begin + PAGE] != page:
                memory.overwrite(at + begin, page)

    def _gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a range that were not mapped."""
        found = []
        for first, perms in sorted(self._perms.items()):
            behind = first + len(perms) * PAGE
            if behind > start and first < end:
                if first > start:
                    found.append((start, first))
                start = max(start, behind)
        if start < end:
            found.append((start, end))
        return found


def _held(memory: GuestMemory, at: int, size: int) -> bytes:
    """What pages hold, whatever the guest may do with them; zeros for absent ones."""
    memory.protection.expose(at // PAGE, size // PAGE, writable=False)
    perms: Any = memory.perms[at // PAGE : (at + size) // PAGE]
    if ABSENT not in perms:
        return bytes(memory.raw(at, size))
    return b"".join(
        bytes(PAGE) if one == ABSENT else bytes(memory.raw(at + index * PAGE, PAGE))
        for index, one in enumerate(perms)
    )


def _mapped(memory: GuestMemory) -> list[tuple[int, int]]:
    """The ranges in which pages are mapped."""
    marks = bytes(memory.perms).translate(_IS_MAPPED)
    found = []
    first = marks.find(1)
    while first >= 0:
        behind = marks.find(0, first)
        behind = PAGES if behind < 0 else behind
        found.append((first * PAGE, behind * PAGE))
        first = marks.find(1, behind)
    return found

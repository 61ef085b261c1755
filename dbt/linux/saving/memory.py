"""What is kept of an address space: its areas, permissions and contents."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from dbt.interfaces import ABSENT, PAGE, WRITE
from dbt.linux.saving.kept import Kept
from dbt.linux.state.address_space import Area
from dbt.runtime.contents import Contents, Range, merged
from dbt.stops import InternalError, UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.runtime.memory import GuestMemory

_OF_SPACE = ("areas", "brk_start", "brk", "read_implies_exec", "lock_future")


class Memory:
    """An address space as it was when this was made. Raises UsageError for one with memory that
    other processes may have, too, and that may be written."""

    def __init__(self, kernel: "Kernel") -> None:
        space, memory = kernel.space, kernel.memory
        for area in space.areas:
            if area.shared and area.perms & WRITE:
                raise UsageError(
                    f"snapshot: the shared mapping at {area.start:#x} may be written, by other"
                    " processes, too: its contents cannot be put back"
                )
        self._space = Kept(space, _OF_SPACE)
        self._areas = space.areas.copy()
        self._perms = [
            (area.start, memory.permissions(area.start, area.end - area.start))
            for area in self._areas
        ]
        private = [area for area in self._areas if not area.shared]
        written = [area for area in private if area.perms & WRITE]
        self._fixed = [
            (area, list(_present(memory, area))) for area in private if not area.perms & WRITE
        ]
        kept = [part for area in private for part in _present(memory, area)]
        tracked = [part for area in written for part in _present(memory, area)]
        self._contents = Contents(memory, merged(kept), merged(tracked))

    def rewind(self) -> bool:
        """Put the contents back if nothing else has changed. Returns whether that is so."""
        if not self._contents.is_base:
            return False
        self._contents.rewind()
        return True

    def put_back(self, kernel: "Kernel") -> None:
        """Put areas, permissions and contents back. Raises UsageError, and then has changed
        nothing."""
        space, memory = kernel.space, kernel.memory
        there = {_mapping(area) for area in _split(space.areas, self._areas)}
        for area in self._areas:
            if area.shared and _mapping(area) not in there:
                raise UsageError(
                    f"restore: the shared mapping at {area.start:#x} was changed since the"
                    " snapshot, which cannot be undone"
                )
        wanted = {_mapping(area) for area in _split(self._areas, space.areas)}
        for area in _split(space.areas, self._areas):
            if _mapping(area) not in wanted:
                memory.unmap(area.start, area.end - area.start)
        replaced: list[Range] = []
        kept: list[Range] = []
        for area, parts in self._fixed:
            (kept if _mapping(area) in there else replaced).extend(parts)
        try:
            self._contents.put_back(replaced, kept)
        except OSError as error:
            raise InternalError(f"restore: the host cannot map memory: {error}") from error
        for start, perms in self._perms:
            memory.set_permissions(start, perms)
        self._space.restore()
        self._contents.settle()


def _mapping(area: Area) -> tuple[object, ...]:
    """What has to be equal for a mapping of the host to be still the same."""
    return area.start, area.end, area.object, area.shared, area.offset


def _split(areas: Iterable[Area], at: Iterable[Area]) -> Iterator[Area]:
    """Areas in parts, cut where others begin or end."""
    borders = sorted({border for area in at for border in (area.start, area.end)})
    for area in areas:
        start = area.start
        for border in borders[bisect_right(borders, start) : bisect_left(borders, area.end)]:
            yield area.cut(start, border)
            start = border
        yield area.cut(start, area.end)


def _present(memory: "GuestMemory", area: Area) -> Iterator[Range]:
    """The ranges of an area that are not past the end of its file."""
    perms = memory.permissions(area.start, area.end - area.start)
    start = 0
    while start < len(perms):
        end = perms.find(ABSENT, start)
        end = len(perms) if end < 0 else end
        if end > start:
            yield area.start + start * PAGE, area.start + end * PAGE
        start = end + 1

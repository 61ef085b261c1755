"""Pages of guest memory that the host could not give when they were accessed.

The handler in ``backends/native/guard.py`` has replaced them by empty ones, and has noted them.
"""

import ctypes
from collections.abc import Callable

from dbt.interfaces import (
    ABSENT,
    LOST_AT,
    LOST_PAGES,
    LOST_PAGES_AT,
    LOST_WINDOW,
    LOST_WINDOW_AT,
    PAGE,
    PERMS_DISTANCE,
)
from dbt.runtime import host_map
from dbt.runtime.host_map import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_NORESERVE,
    MAP_PRIVATE,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    PROT_NONE,
    libc,
)
from dbt.stops import Access, GuestFault, InternalError


class LostPages:
    """The handler's notes in a reservation ``whole`` at the host address ``perms_base``, and what
    has to be done about them."""

    def __init__(self, whole: memoryview, perms_base: int, perms: memoryview) -> None:
        libc.mprotect(perms_base + LOST_PAGES_AT, PERMS_DISTANCE - LOST_PAGES_AT, PROT_NONE)
        self._perms_base, self._perms = perms_base, perms
        self.notes = whole[LOST_AT : LOST_AT + 8 + 8 * LOST_PAGES].cast("Q")
        """The number of lost pages, and the address of each access that has met one."""
        self._neighbours = whole[LOST_WINDOW_AT : LOST_WINDOW_AT + 8 + LOST_WINDOW]

    def close(self) -> None:
        """Release the views of the reservation."""
        self.notes.release()
        self._neighbours.release()

    def __bool__(self) -> bool:
        return bool(self.notes[0])

    def __contains__(self, page: int) -> bool:
        return page in self.pages()

    def pages(self) -> list[int]:
        """The numbers of the pages that were lost and are replaced."""
        count = min(self.notes[0], LOST_PAGES)
        return [address // PAGE for address in self.notes[1 : 1 + count]]

    def take(self, gone: Callable[[int], None], changed: Callable[[int, int], None]) -> int | None:
        """Move the pages back and make them ABSENT. Calls ``gone`` with each page, and ``changed``
        with pages (the first, how many) whose permissions have changed. Returns the guest address
        of the first access, or None when there was none."""
        count = self.notes[0]
        if not count:
            return None
        if count > LOST_PAGES:
            raise InternalError("too many pages of mapped files have gone at once")
        lost = list(self.notes[1 : 1 + count])
        self.notes[0] = 0
        first, *_ = self._neighbours[:8].cast("Q")
        for page, perms in enumerate(self._neighbours[8:], first):
            if self._perms[page] == ABSENT:
                self._perms[page] = perms
        changed(first, LOST_WINDOW)
        for index, address in enumerate(lost):
            self._move_back(self._perms_base + LOST_PAGES_AT + index * PAGE, address // PAGE)
            gone(address // PAGE)
            self._perms[address // PAGE] = ABSENT
            changed(address // PAGE, 1)
        return int(lost[0])

    def _move_back(self, aside: int, page: int) -> None:
        to = self._perms_base + PERMS_DISTANCE + page * PAGE
        if libc.mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to:
            raise OSError(ctypes.get_errno(), "cannot move a page of guest memory")
        flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
        host_map.mmap(aside, PAGE, PROT_NONE, flags)

    def check(self, address: int, size: int, access: Access) -> None:
        """Raise GuestFault when a page of a range that Python has just accessed was lost. It stays
        noted as lost."""
        for page in range(address // PAGE, (address + size - 1) // PAGE + 1):
            if self._perms[page] == ABSENT:
                raise GuestFault(max(address, page * PAGE), access)

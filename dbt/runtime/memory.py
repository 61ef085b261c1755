"""The guest's address space: 4 GiB reserved once, one permission byte per page.

Host pages stay readable and writable wherever the guest has none, so translated code can never hurt
the host: any 32-bit guest address falls inside the reservation. The permission bytes decide what
the guest may do and make its faults exact. Pages are committed by the host on first touch.
"""

import contextlib
import ctypes
import errno
from collections.abc import Callable

from dbt.interfaces import (
    ABSENT,
    CODE,
    EXEC,
    LOST_AT,
    LOST_PAGES,
    LOST_PAGES_AT,
    LOST_WINDOW,
    LOST_WINDOW_AT,
    MAPPED,
    PAGE,
    PERMS_DISTANCE,
    READ,
    WRITE,
)
from dbt.reservation import Reservation
from dbt.runtime import host_map
from dbt.runtime.host_map import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_FIXED_NOREPLACE,
    MAP_NORESERVE,
    MAP_PRIVATE,
    MAP_SHARED,
    MREMAP_DONTUNMAP,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    PROT_NONE,
    PROT_READ,
    PROT_WRITE,
    libc,
)
from dbt.stops import Access, GuestFault, InternalError, UsageError

SPACE = 1 << 32
PAGES = SPACE // PAGE
GUARD = 64 << 10

_EPOLL_CTL_ADD = 1
_RESERVATION = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE

_IS_CODE = bytes(bool(perms & CODE) for perms in range(256))
_PROTECTED = [
    bytes(ABSENT if old == ABSENT else perms | MAPPED for old in range(256)) for perms in range(8)
]
_PRESENT = [
    bytes(perms | MAPPED if old == ABSENT else old for old in range(256)) for perms in range(8)
]

_NUMBERS = frozenset({1, 2, 4, 8})


def _stays_absent(page: int) -> bool:
    """Nobody knows better."""
    del page
    return False


def _clearing(perms: memoryview) -> Callable[[int], None]:
    """What is done on a write to code while nobody has translations. It does not hold the memory,
    which would then wait for the collector of cycles."""

    def clear(page: int) -> None:
        perms[page] &= ~CODE

    return clear


def _no_number(size: object) -> UsageError:
    return UsageError(f"a number has 1, 2, 4 or 8 bytes, not {size!r}")


class GuestMemory:
    """Guest memory and its permissions. Sizes in bytes; map operations take whole pages.

    ``on_code_write(page)`` is called before a checked store changes a page with the CODE bit; it
    must invalidate that page's translations (which clears the bit). ``on_absent(page)`` is called
    when a page is wanted that is ABSENT: True when it has made it present.
    """

    def __init__(self) -> None:
        self._reservation = Reservation(PERMS_DISTANCE + SPACE + GUARD, "guest memory")
        self.perms_base = self._reservation.address
        self.base = self.perms_base + PERMS_DISTANCE
        libc.mprotect(self.base + SPACE, GUARD, PROT_NONE)
        # One page of zeros follows the permission bytes: what lies past the last page is forbidden.
        libc.mprotect(self.perms_base + LOST_PAGES_AT, LOST_PAGES * PAGE, PROT_NONE)
        whole = self._reservation.view
        self._lost = whole[LOST_AT : LOST_AT + 8 + 8 * LOST_PAGES].cast("Q")
        self._neighbours = whole[LOST_WINDOW_AT : LOST_WINDOW_AT + 8 + LOST_WINDOW]
        self.perms = whole[:PAGES]
        self._bytes = whole[PERMS_DISTANCE : PERMS_DISTANCE + SPACE]
        self.on_code_write: Callable[[int], None] = _clearing(self.perms)
        self.on_absent: Callable[[int], bool] = _stays_absent

    def close(self) -> None:
        """Give the reservation back, when the last view of it goes. Nothing may use this object, or
        code made for it, any more."""
        self._lost.release()
        self._neighbours.release()
        self.perms.release()
        self._bytes.release()
        self._reservation.close()

    # -- mapping -----------------------------------------------------------------------------------

    def map(self, address: int, size: int, perms: int) -> None:
        """Map zeroed private pages, over whatever was there."""
        self.unmap(address, size)
        first, count = address // PAGE, -(-size // PAGE)
        self.perms[first : first + count] = bytes([perms | MAPPED]) * count

    def map_shared(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        """Map host pages shared with a file (``fd``) or, with fd -1, with forked children.

        Without WRITE among ``perms``, ``protect`` must not allow it later.
        """
        prot = PROT_READ | (PROT_WRITE if perms & WRITE or fd < 0 else 0)
        flags = MAP_SHARED | (MAP_ANONYMOUS if fd < 0 else 0)
        self._map_over(address, size, prot, flags, fd, offset)
        self.protect(address, size, perms)

    def map_private(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        """Map pages of a file that become the guest's own when it writes to them."""
        flags = MAP_PRIVATE | MAP_NORESERVE
        self._map_over(address, size, PROT_READ | PROT_WRITE, flags, fd, offset)
        self.protect(address, size, perms)

    def _map_over(
        self, address: int, size: int, prot: int, flags: int, fd: int, offset: int
    ) -> None:
        self.forget_code(address, size)
        first, count = address // PAGE, size // PAGE
        try:
            host_map.mmap(self.base + address, size, prot, flags | MAP_FIXED, fd, offset)
        except OSError:
            self._close_hole(address, size)
            raise
        self.perms[first : first + count] = bytes(count)

    def _close_hole(self, address: int, size: int) -> None:
        """Some kernels have unmapped what was at a fixed address when they find that nothing can be
        mapped there. Without such a hole this fails, and changes nothing."""
        with contextlib.suppress(OSError):
            flags = _RESERVATION | MAP_FIXED_NOREPLACE
            host_map.mmap(self.base + address, size, PROT_READ | PROT_WRITE, flags)
            self.perms[address // PAGE : (address + size) // PAGE] = bytes(size // PAGE)

    def move(self, old: int, size: int, new: int, new_size: int, *, shared: bool) -> None:
        """Move ``size`` bytes of one mapping to ``new``, and make it ``new_size`` bytes there.

        What was at ``old`` stays mapped: ``shared`` pages are there twice, others are as when they
        were mapped. The pages come to ``new`` with their permissions, the rest of ``new`` is
        absent. Raises OSError, and has changed nothing then; EFAULT when the host has more than
        one mapping there.
        """
        self.forget_code(old, size)
        self.forget_code(new, new_size)
        perms = bytes(self.perms[old // PAGE : (old + size) // PAGE])
        # Never a hole in the guest's memory, which another thread's mapping could fall into: pages
        # leave the old place without unmapping it, and come to the new one over what is there.
        if shared:
            at, length = host_map.mremap(self.base + old, 0, new_size), new_size
        else:
            at, length = (
                host_map.mremap(self.base + old, size, size, MREMAP_DONTUNMAP),
                size,
            )
        try:
            if length != new_size:
                at, length = host_map.mremap(at, size, new_size), new_size
            host_map.mremap(at, new_size, new_size, MREMAP_FIXED, self.base + new)
        except OSError:
            self._close_hole(new, new_size)
            if shared:
                libc.munmap(at, length)
            else:
                host_map.mremap(at, length, size, MREMAP_FIXED, self.base + old)
            raise
        absent = bytes([ABSENT]) * ((new_size - size) // PAGE)
        self.perms[new // PAGE : (new + new_size) // PAGE] = perms + absent

    def unmap(self, address: int, size: int) -> None:
        """Drop pages: their content is gone and every access faults."""
        if not self.free(address, size):
            self.forget_code(address, size)
            first, count = address // PAGE, -(-size // PAGE)
            flags = _RESERVATION | MAP_FIXED
            host_map.mmap(self.base + address, count * PAGE, PROT_READ | PROT_WRITE, flags)
            self.perms[first : first + count] = bytes(count)

    def protect(self, address: int, size: int, perms: int) -> None:
        """Set what the guest may do with pages (READ, WRITE, EXEC); they count as mapped. Absent
        pages stay absent."""
        self.forget_code(address, size)
        self._translate(address, size, _PROTECTED[perms])

    def set_absent(self, address: int, size: int) -> None:
        """The end of the file has moved below these pages of a mapping."""
        self.forget_code(address, size)
        first, count = address // PAGE, size // PAGE
        self.perms[first : first + count] = bytes([ABSENT]) * count

    def set_present(self, address: int, size: int, perms: int) -> None:
        """The end of the file has moved above these pages: those absent get ``perms``."""
        self._translate(address, size, _PRESENT[perms])

    def _translate(self, address: int, size: int, table: bytes) -> None:
        first, count = address // PAGE, -(-size // PAGE)
        window = self.perms[first : first + count]
        window[:] = bytes(window).translate(table)

    def has_page(self, address: int) -> bool:
        """Whether the host has a page here: False past the end of a mapped file."""
        if address // PAGE in (lost // PAGE for lost in self._lost[1 : 1 + self._lost[0]]):
            return False  # what is there now only stands in for it
        # Any call will do that fails after it has copied from memory: this one does for fd -1.
        libc.epoll_ctl(-1, _EPOLL_CTL_ADD, 0, ctypes.c_void_p(self.base + address))
        return ctypes.get_errno() != errno.EFAULT

    def mapped(self, address: int, size: int = 1) -> bool:
        """True when every page of the range is mapped."""
        first, last = address // PAGE, (address + size - 1) // PAGE
        return last < PAGES and all(p & MAPPED for p in self.perms[first : last + 1])

    def free(self, address: int, size: int) -> bool:
        """True when no page of the range is mapped."""
        first, count = address // PAGE, -(-size // PAGE)
        return bytes(self.perms[first : first + count]).count(0) == count

    # -- code pages --------------------------------------------------------------------------------

    def mark_code(self, page: int) -> None:
        """Remember that translations were made from a page (a page number)."""
        self.perms[page] |= CODE

    def clear_code(self, page: int) -> None:
        """Forget it."""
        self.perms[page] &= ~CODE

    def forget_code(self, address: int, size: int) -> None:
        """Invalidate the translations of the pages of a range: what they were made from may have
        changed without a store that met the CODE bit."""
        first, count = address // PAGE, -(-(address % PAGE + size) // PAGE)
        marked = bytes(self.perms[first : first + count]).translate(_IS_CODE)
        index = marked.find(1)
        while index >= 0:
            self.on_code_write(first + index)
            index = marked.find(1, index + 1)

    # -- pages that the host could not give --------------------------------------------------------

    def take_lost(self) -> int | None:
        """The first guest address whose access met a page that the host could not give: its file is
        shorter by now, or its disk is full. None if there was none since the last call. Such
        pages are ABSENT from then on, and their translations gone."""
        count = self._lost[0]
        if not count:
            return None
        if count > LOST_PAGES:
            raise InternalError("too many pages of mapped files have gone at once")
        lost = list(self._lost[1 : 1 + count])
        self._lost[0] = 0
        first, *_ = self._neighbours[:8].cast("Q")
        for page, perms in enumerate(self._neighbours[8:], first):
            if self.perms[page] == ABSENT:
                self.perms[page] = perms
        for index, address in enumerate(lost):
            self._move_back(self.perms_base + LOST_PAGES_AT + index * PAGE, address // PAGE)
        return int(lost[0])

    def _move_back(self, aside: int, page: int) -> None:
        to = self.base + page * PAGE
        if libc.mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to:
            raise OSError(ctypes.get_errno(), "cannot move a page of guest memory")
        flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
        host_map.mmap(aside, PAGE, PROT_NONE, flags)
        self.on_code_write(page)
        self.perms[page] = ABSENT

    def _check_lost(self, address: int, size: int, access: Access) -> None:
        """Python has accessed a range, and some page was noted as lost. Raises GuestFault when it
        is one of these, which stay noted."""
        for page in range(address // PAGE, (address + size - 1) // PAGE + 1):
            if self.perms[page] == ABSENT:
                raise GuestFault(max(address, page * PAGE), access)

    # -- access ------------------------------------------------------------------------------------

    def check(self, address: int, size: int, need: int, access: Access) -> None:
        """Raise GuestFault at the first byte of a range that lacks one of the bits ``need``;
        UsageError for a negative size."""
        if size <= 0:
            if size:
                raise UsageError(f"a size is 0 bytes or more, not {size}")
            return
        last = address + size - 1
        for page in range(address // PAGE, last // PAGE + 1):
            if page < PAGES and self.perms[page] == ABSENT:
                self.on_absent(page)
            if page >= PAGES or self.perms[page] & need != need:
                raise GuestFault(max(address, page * PAGE) & (SPACE - 1), access)

    def read(self, address: int, size: int) -> bytes:
        """Bytes the guest may read. Raises GuestFault."""
        self.check(address, size, READ, Access.READ)
        return self._copy(address, size, Access.READ)

    def _copy(self, address: int, size: int, access: Access) -> bytes:
        data = bytes(self._bytes[address : address + size])
        if self._lost[0]:
            self._check_lost(address, size, access)
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write as the guest may; code pages are invalidated first. Raises GuestFault."""
        self.view(address, len(data), writable=True)[:] = data
        if self._lost[0]:
            self._check_lost(address, len(data), Access.WRITE)

    def view(self, address: int, size: int, *, writable: bool = False) -> memoryview:
        """A checked window for host system calls; writable ones invalidate code pages."""
        if writable:
            self.check(address, size, WRITE, Access.WRITE)
            self.forget_code(address, size) if size else None
        else:
            self.check(address, size, READ, Access.READ)
        return self._bytes[address : address + size]

    def poke(self, address: int, data: bytes) -> None:
        """Write whatever the permissions (loaders); code pages are invalidated. Raises GuestFault
        past the end of a mapped file."""
        for page in range(address // PAGE, (address + len(data) - 1) // PAGE + 1):
            if self.perms[page] == ABSENT and not self.on_absent(page):
                raise GuestFault(max(address, page * PAGE), Access.WRITE)
        self.forget_code(address, len(data)) if data else None
        self._bytes[address : address + len(data)] = data
        if self._lost[0]:
            self._check_lost(address, len(data), Access.WRITE)

    def peek(self, address: int, size: int) -> bytes:
        """Read mapped memory whatever the permissions (debuggers). Raises GuestFault."""
        self.check(address, size, MAPPED, Access.READ)
        return self._copy(address, size, Access.READ)

    def raw(self, address: int, size: int) -> memoryview:
        """A window without checks, for tables and breakpoints; translations stay as they are."""
        return self._bytes[address : address + size]

    def fetch(self, address: int, size: int) -> bytes:
        self.check(address, size, EXEC, Access.EXECUTE)
        return self._copy(address, size, Access.EXECUTE)

    def load(self, address: int, size: int) -> int:
        """An unsigned number of 1, 2, 4 or 8 bytes that the guest may read. Raises GuestFault;
        UsageError for other sizes."""
        if size not in _NUMBERS:
            raise _no_number(size)
        return int.from_bytes(self.read(address, size), "little")

    def store(self, address: int, size: int, value: int) -> None:
        """Write such a number as the guest may. Raises GuestFault; UsageError for other sizes and
        for a value that does not fit."""
        if size not in _NUMBERS:
            raise _no_number(size)
        try:
            data = value.to_bytes(size, "little")
        except OverflowError:
            raise UsageError(f"{value:#x} is no unsigned number of {size} bytes") from None
        self.write(address, data)

    def cstring(self, address: int, limit: int = 1 << 20) -> bytes:
        """Bytes up to (without) the first NUL. Raises GuestFault; ValueError when none of the first
        ``limit`` bytes is a NUL."""
        out = bytearray()
        while len(out) < limit:
            chunk = self.read(address, PAGE - address % PAGE)[: limit - len(out)]
            end = chunk.find(0)
            if end >= 0:
                return bytes(out + chunk[:end])
            out += chunk
            address += len(chunk)
        raise ValueError("string too long")

"""The guest's address space: 4 GiB reserved once, one permission byte per page.

Every 32-bit guest address lies inside the reservation, whose host pages are all readable and
writable, so translated code cannot touch other memory of the host. The permission bytes decide what
the guest may do and make its faults exact. The host commits a page when it is first touched.
"""

import contextlib
import ctypes
import errno
from collections.abc import Callable

from dbt import choices
from dbt.interfaces import (
    ABSENT,
    CODE,
    EXEC,
    GRANTED,
    MAPPED,
    OPENED,
    OPENED_AT,
    PAGE,
    PERMS_DISTANCE,
    READ,
    SHARED_AT,
    WRITE,
    CompareExchange,
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
    PROT_NONE,
    PROT_READ,
    PROT_WRITE,
    libc,
)
from dbt.runtime.lost_pages import LostPages
from dbt.runtime.numbers import Numbers
from dbt.runtime.protection import HostProtection
from dbt.stops import Access, GuestFault, NoAddress, UsageError
from dbt.typing import Any, Protocol

SPACE = 1 << 32
PAGES = SPACE // PAGE
GUARD = 64 << 10

_EPOLL_CTL_ADD = 1
_RESERVATION = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE


def _with_absent(table: bytes, value: int) -> bytes:
    """A table for ``translate``, with another value for absent pages."""
    return table[:ABSENT] + bytes([value]) + table[ABSENT + 1 :]


_OPEN_BITS = READ | WRITE | CODE
_IS_CODE = bytes(bool(perms & CODE) for perms in range(256))
_IS_MAPPED = bytes(bool(perms & MAPPED) for perms in range(256))
_WITHOUT_CODE = bytes(perms & ~CODE for perms in GRANTED)
_SAME = bytes(range(256))
_PROTECTED = [_with_absent(bytes([perms | MAPPED]) * 256, ABSENT) for perms in range(8)]
_PRESENT = [_with_absent(_SAME, perms | MAPPED) for perms in range(8)]


class BaseContents(Protocol):
    """What guest memory held at one moment, mapped copy on write."""

    mapped: list[tuple[int, int]]
    """Ranges in which they, or those that were mapped before, may still be mapped."""

    def covers(self, address: int, size: int) -> bool:
        """Whether they may be mapped in a range."""


_NUMBERS = (1, 2, 4, 8, 16)


def _stays_absent(page: int) -> bool:
    """``on_absent`` before it is set: the page stays absent."""
    del page
    return False


def _clearing(perms: memoryview) -> Callable[[int], None]:
    """``on_code_write`` before it is set: clears the page's CODE bit. It refers to the permission
    bytes alone: a reference to the memory would be a cycle and delay its release."""

    def clear(page: int) -> None:
        perms[page] &= ~CODE

    return clear


def _no_number(size: object) -> UsageError:
    return UsageError(f"a number has 1, 2, 4, 8 or 16 bytes, not {size!r}")


def _no_range(address: Any, size: Any) -> UsageError:
    """The refusal of an address and a size of the user's, one of which makes no sense."""
    if isinstance(address, str):
        return UsageError(
            f"an address is a whole number, not {choices.shown(address)}:"
            " process.resolve gives that of a symbol"
        )
    try:
        choices.whole("an address", address)
        choices.whole("a size", size)
    except UsageError as refusal:
        return refusal
    raise AssertionError((address, size))


def _no_bytes(data: object) -> UsageError:
    return UsageError(f"what is written is bytes, not {choices.shown(data)}")


class GuestMemory:
    """Guest memory and its permissions. Sizes in bytes; map operations take whole pages.

    ``on_code_write(page)`` is called before a page with the CODE bit is changed. It has to
    invalidate the translations of that page and to clear the bit. ``on_absent(page)`` is called
    when Python accesses an ABSENT page. It returns True when it has made the page present.
    """

    def __init__(self) -> None:
        self._reservation = Reservation(PERMS_DISTANCE + SPACE + GUARD, "guest memory")
        self.perms_base = self._reservation.address
        self.base = self.perms_base + PERMS_DISTANCE
        libc.mprotect(self.base + SPACE, GUARD, PROT_NONE)
        # One page of zeros follows the permission bytes: what lies past the last page is forbidden.
        whole = self._reservation.view
        self.perms = whole[:PAGES]
        self._lost = LostPages(whole, self.perms_base, self.perms)
        self._opened = whole[OPENED_AT : OPENED_AT + 8 + 8 * OPENED].cast("Q")
        self.protection = HostProtection(self.base, self.perms, self._opened, self._lost)
        self._bytes = whole[PERMS_DISTANCE : PERMS_DISTANCE + SPACE]
        self._shared = whole[SHARED_AT : SHARED_AT + 1]
        self._numbers = Numbers(self._bytes, self.base, self._shared)
        self.on_code_write: Callable[[int], None] = _clearing(self.perms)
        self.on_absent: Callable[[int], bool] = _stays_absent
        self.changes = 0
        """How often mappings or permissions have changed, or what the guest may not write."""
        self._watched: dict[int, int] = {}
        """READ and WRITE, or WRITE alone, by number of a watched page."""
        self.base_contents: BaseContents | None = None
        """The contents that tracked pages are copies of (``dbt.runtime.contents``)."""

    def close(self) -> None:
        """Release the reservation as soon as the last view of it is gone. This object, and code
        translated for it, must not be used afterwards."""
        self.base_contents = None
        self._lost.close()
        self._opened.release()
        self.perms.release()
        self._numbers.close()
        self._reservation.close()

    def __repr__(self) -> str:
        try:
            mapped = bytes(self.perms).translate(_IS_MAPPED).count(1) * PAGE
        except ValueError:  # the view is released
            return "<guest memory, closed>"
        return f"<guest memory: {mapped >> 10:,} KiB mapped>"

    # -- mapping -----------------------------------------------------------------------------------

    def map(self, address: int, size: int, perms: int) -> None:
        """Map zeroed private pages, in place of any others there."""
        self.unmap(address, size)
        first, count = address // PAGE, -(-size // PAGE)
        self.perms[first : first + count] = bytes([perms | MAPPED]) * count
        self._changed(first, count)

    def map_shared(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        """Map host pages shared with a file (``fd``) or, with fd -1, with forked children.

        Without WRITE among ``perms``, ``protect`` must not allow it later.
        """
        self._shared[0] |= perms & WRITE or fd < 0
        prot = PROT_READ | (PROT_WRITE if perms & WRITE or fd < 0 else 0)
        flags = MAP_SHARED | (MAP_ANONYMOUS if fd < 0 else 0)
        self._map_over(address, size, prot, flags, fd, offset)
        self.protect(address, size, perms)

    def map_private(self, address: int, size: int, perms: int, fd: int, offset: int) -> None:
        """Map pages of a file that become the guest's own when it writes to them."""
        flags = MAP_PRIVATE | MAP_NORESERVE
        self._map_over(address, size, PROT_READ | PROT_WRITE, flags, fd, offset)
        self.protect(address, size, perms)

    def attach(self, address: int, size: int, perms: int, segment: int, *, writable: bool) -> None:
        """Map a System V segment of the host. Unless ``writable``, ``protect`` must not allow
        writing later. Raises OSError."""
        self._shared[0] |= writable
        self.changes += 1
        self.forget_code(address, size)
        first, count = address // PAGE, size // PAGE
        try:
            host_map.shmat(segment, self.base + address, writable=writable)
        except OSError:
            self._close_hole(address, size)
            raise
        self.perms[first : first + count] = bytes(count)
        self._changed(first, count, replaced=True)
        self.protect(address, size, perms)

    def _map_over(
        self, address: int, size: int, prot: int, flags: int, fd: int, offset: int
    ) -> None:
        self.changes += 1
        self.forget_code(address, size)
        first, count = address // PAGE, size // PAGE
        try:
            host_map.mmap(self.base + address, size, prot, flags | MAP_FIXED, fd, offset)
        except OSError:
            self._close_hole(address, size)
            raise
        self.perms[first : first + count] = bytes(count)
        self._changed(first, count, replaced=True)

    def _close_hole(self, address: int, size: int) -> None:
        """Map the reservation again where a failed mmap has left a hole: some kernels unmap the old
        pages before they find that they cannot map the new ones. Changes nothing without a hole."""
        with contextlib.suppress(OSError):
            flags = _RESERVATION | MAP_FIXED_NOREPLACE
            host_map.mmap(self.base + address, size, PROT_READ | PROT_WRITE, flags)
            self.perms[address // PAGE : (address + size) // PAGE] = bytes(size // PAGE)
            self._changed(address // PAGE, size // PAGE, replaced=True)

    def move(self, old: int, size: int, new: int, new_size: int, *, shared: bool) -> None:
        """Move ``size`` bytes of one mapping to ``new``, and make it ``new_size`` bytes there.

        The range at ``old`` stays mapped: ``shared`` pages are then mapped twice, others have their
        first content again. The pages at ``new`` get the permissions they had, the rest of ``new``
        is absent. Raises OSError and changes nothing on failure; EFAULT when the host has more than
        one mapping there.
        """
        self.changes += 1
        self.forget_code(old, size)
        self.forget_code(new, new_size)
        perms = bytes(self.perms[old // PAGE : (old + size) // PAGE]).translate(GRANTED)
        self.protection.open(old // PAGE, size // PAGE)  # the host has one mapping there then
        try:
            self._move(old, size, new, new_size, shared=shared)
        finally:
            self._changed(old // PAGE, size // PAGE, replaced=True)
        absent = bytes([ABSENT]) * ((new_size - size) // PAGE)
        self.perms[new // PAGE : (new + new_size) // PAGE] = perms + absent
        self._changed(new // PAGE, new_size // PAGE, replaced=True)

    def _move(self, old: int, size: int, new: int, new_size: int, *, shared: bool) -> None:
        # The guest's memory must never have a hole, which the host could give to another thread:
        # pages leave the old range mapped, and replace what is mapped in the new one.
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

    def unmap(self, address: int, size: int) -> None:
        """Drop pages with their content. Every access to them faults."""
        self.changes += 1
        if not self.free(address, size):
            self.forget_code(address, size)
            first, count = address // PAGE, -(-size // PAGE)
            flags = _RESERVATION | MAP_FIXED
            host_map.mmap(self.base + address, count * PAGE, PROT_READ | PROT_WRITE, flags)
            self.perms[first : first + count] = bytes(count)
            self._changed(first, count, replaced=True)

    def protect(self, address: int, size: int, perms: int) -> None:
        """Set what the guest may do with pages (READ, WRITE, EXEC); they count as mapped. Absent
        pages stay absent."""
        self.changes += 1
        self.forget_code(address, size)
        self._translate(address, size, _PROTECTED[perms])

    def set_absent(self, address: int, size: int) -> None:
        """Mark pages of a mapping that lie past the end of its file, which has become shorter."""
        self.changes += 1
        self.forget_code(address, size)
        first, count = address // PAGE, size // PAGE
        self.perms[first : first + count] = bytes([ABSENT]) * count
        self._changed(first, count)

    def set_present(self, address: int, size: int, perms: int) -> None:
        """Give ``perms`` to absent pages that lie within the file again, which has grown."""
        self.changes += 1
        self._translate(address, size, _PRESENT[perms])

    def _translate(self, address: int, size: int, table: bytes) -> None:
        first, count = address // PAGE, -(-size // PAGE)
        window = self.perms[first : first + count]
        window[:] = bytes(window).translate(table)
        self._changed(first, count)

    def has_page(self, address: int) -> bool:
        """True when the host can give the page of an address: not past the end of a mapped file."""
        if address // PAGE in self._lost:
            return False  # the page there now is a substitute
        self.protection.expose(address // PAGE, 1, writable=False)
        # A call that reads memory before it fails tells. With fd -1, epoll_ctl is such a call.
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

    def clear(self, address: int, size: int, perms: int) -> bool:
        """Give private pages zeros again where they may be copies of a snapshot's. Returns False
        and does nothing where they are none: the host can drop their content."""
        if not self.has_base(address, size):
            return False
        self.map(address, size, perms)
        return True

    def advise(self, address: int, size: int, advice: int) -> None:
        """Give the host advice on pages (MADV_*), which may drop what they hold. Invalidates
        nothing. Raises OSError."""
        host_map.madvise(self.base + address, size, advice)

    def has_base(self, address: int, size: int) -> bool:
        """Whether pages of a range may be copies of a snapshot's: the first content that the host
        knows of them is the snapshot's."""
        return self.base_contents is not None and self.base_contents.covers(address, size)

    # -- snapshots (dbt.runtime.contents) ----------------------------------------------------------

    def map_contents(self, address: int, size: int, fd: int) -> None:
        """Map the pages of a file at the same offsets, copy on write. Permissions stay. Raises
        OSError."""
        flags = MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED
        host_map.mmap(self.base + address, size, PROT_READ | PROT_WRITE, flags, fd, address)
        self._changed(address // PAGE, size // PAGE, replaced=True)

    def drop(self, address: int, size: int) -> None:
        """Give pages of ``map_contents`` the content of the file again. Invalidates nothing."""
        self._reservation.drop(PERMS_DISTANCE + address, size)

    def forget_changed_code(self, address: int, size: int, content: Callable[[int], bytes]) -> None:
        """Invalidate the translations of those pages of a range that will have another ``content``
        than now."""
        first = address // PAGE
        marked = bytes(self.perms[first : first + size // PAGE]).translate(_IS_CODE)
        index = marked.find(1)
        while index >= 0:
            page = first + index
            if self._bytes[page * PAGE : (page + 1) * PAGE] != content(page):
                self.on_code_write(page)
            index = marked.find(1, index + 1)

    def set_permissions(self, address: int, perms: bytes) -> None:
        """Set the permission bytes of pages, one each. If they have them, what is translated stays
        translated."""
        first, size = address // PAGE, len(perms) * PAGE
        if self.permissions(address, size) != perms:
            self.forget_code(address, size)
            self.perms[first : first + len(perms)] = perms
            self._changed(first, len(perms))

    def permissions(self, address: int, size: int) -> bytes:
        """What the guest may do with pages, a permission byte each."""
        first = address // PAGE
        return bytes(self.perms[first : first + size // PAGE]).translate(_WITHOUT_CODE)

    def overwrite(self, address: int, data: bytes) -> None:
        """Write whole pages whatever the permissions, absent ones excepted; invalidates code."""
        self.forget_code(address, len(data))
        first, count = address // PAGE, len(data) // PAGE
        self.protection.expose(first, count, writable=True)
        self._bytes[address : address + len(data)] = data

    # -- code pages --------------------------------------------------------------------------------

    def mark_code(self, page: int) -> None:
        """Set the CODE bit of a page (a page number): translations depend on it."""
        self.perms[page] |= CODE
        self._changed(page, 1)

    def clear_code(self, page: int) -> None:
        """Clear the CODE bit of a page."""
        self.perms[page] &= ~CODE
        self._changed(page, 1)

    def forget_code(self, address: int, size: int) -> None:
        """Invalidate the translations of all pages of a range. For changes that no checked store
        makes."""
        first, count = address // PAGE, -(-(address % PAGE + size) // PAGE)
        marked = bytes(self.perms[first : first + count]).translate(_IS_CODE)
        index = marked.find(1)
        while index >= 0:
            self.on_code_write(first + index)
            index = marked.find(1, index + 1)

    # -- watched pages -----------------------------------------------------------------------------

    def watch(self, page: int, accesses: int) -> None:
        """Have translated code stop at a page (a page number) before accesses, READ, WRITE, both or
        0, whatever is mapped there and will be. Code that reads is also stopped before it writes:
        the host knows no page that can only be written."""
        self._watched[page] = accesses | (WRITE if accesses & READ else 0)
        self._changed(page, 1)
        if not accesses:
            del self._watched[page]

    def _changed(self, first: int, count: int, *, replaced: bool = False) -> None:
        """Permissions of pages have changed, or (``replaced``) they are new pages of the host."""
        if self._watched:
            changed = range(first, first + count)
            # Whichever are fewer: the pages that have changed, or those that are watched.
            candidates = changed if count < len(self._watched) else [*self._watched]
            for page in candidates:
                accesses = self._watched.get(page)
                if accesses is not None and page in changed:
                    granted = GRANTED[self.perms[page]]
                    taken = granted & accesses
                    self.perms[page] = granted & ~taken | taken << 6
        self.protection.update(first, count, replaced=replaced)

    # -- pages that the host could not give --------------------------------------------------------

    @property
    def has_lost(self) -> bool:
        """Whether ``take_lost`` returns an address."""
        return self._lost.notes[0] != 0

    def take_lost(self) -> int | None:
        """Make the pages ABSENT that the host could not give since the last call, because their
        file has become shorter or its disk is full, and drop their translations. Returns the
        guest address of the first such access, or None."""
        return self._lost.take(self.on_code_write, self._lost_changed)

    def _lost_changed(self, first: int, count: int) -> None:
        self._changed(first, count, replaced=count == 1)

    # -- access ------------------------------------------------------------------------------------

    def check(self, address: int, size: int, need: int, access: Access) -> None:
        """Raise GuestFault at the first byte of a range that lacks one of the bits ``need``;
        UsageError for what is no range, which is a GuestFault, too, where it would begin outside of
        the guest's memory."""
        try:
            pages = range(address // PAGE, (address + size - 1) // PAGE + 1)
        except TypeError:
            raise _no_range(address, size) from None
        if size <= 0:
            if size:
                raise _no_range(address, size)
            return
        if not 0 <= address < SPACE:
            raise NoAddress(address, access)
        for page in pages:
            if page < PAGES and self.perms[page] == ABSENT:
                self.on_absent(page)
            if page >= PAGES or (
                self.perms[page] & need != need and GRANTED[self.perms[page]] & need != need
            ):
                raise GuestFault(max(address, page * PAGE) & (SPACE - 1), access)

    def read(self, address: int, size: int) -> bytes:
        """Bytes that the guest may read. Raises GuestFault."""
        self.check(address, size, READ, Access.READ)
        return self._copy(address, size, Access.READ)

    def _copy(self, address: int, size: int, access: Access) -> bytes:
        data = bytes(self._bytes[address : address + size])
        if self._lost:
            self._lost.check(address, size, access)
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write where the guest may; invalidates code pages first. Raises GuestFault; UsageError
        for what is no bytes."""
        try:
            size = len(data)
        except TypeError:
            raise _no_bytes(data) from None
        view = self.view(address, size, writable=True)
        try:
            view[:] = data
        except (TypeError, ValueError):
            raise _no_bytes(data) from None
        if self._lost:
            self._lost.check(address, len(data), Access.WRITE)

    def view(self, address: int, size: int, *, writable: bool = False) -> memoryview:
        """A view of bytes that the guest may read, or write, for host system calls. A writable one
        invalidates code pages. Raises GuestFault."""
        if type(address) is type(size) is int and 0 < size <= PAGE - address % PAGE:
            perms = self.perms[address // PAGE] if 0 <= address < SPACE else 0
            if perms & _OPEN_BITS == READ | WRITE or (perms & READ and not writable):
                return self._bytes[address : address + size]  # open to the host, too
        if writable:
            self.check(address, size, WRITE, Access.WRITE)
            self.forget_code(address, size) if size else None
        else:
            self.check(address, size, READ, Access.READ)
        if self.protection.follows and size:
            first, last = address // PAGE, (address + size - 1) // PAGE
            self.protection.expose(first, last - first + 1, writable=writable)
        return self._bytes[address : address + size]

    def poke(self, address: int, data: bytes) -> None:
        """Write without regard to permissions, as loaders do; invalidates code pages. Raises
        GuestFault past the end of a mapped file."""
        for page in range(address // PAGE, (address + len(data) - 1) // PAGE + 1):
            if self.perms[page] == ABSENT and not self.on_absent(page):
                raise GuestFault(max(address, page * PAGE), Access.WRITE)
            if not GRANTED[self.perms[page]] & WRITE:
                self.changes += 1
        self.forget_code(address, len(data)) if data else None
        self._bytes[address : address + len(data)] = data
        if self._lost:
            self._lost.check(address, len(data), Access.WRITE)

    def peek(self, address: int, size: int) -> bytes:
        """Read mapped memory without regard to permissions, as debuggers do. Raises GuestFault
        where nothing is mapped."""
        self.check(address, size, MAPPED, Access.READ)
        return self._copy(address, size, Access.READ)

    def raw(self, address: int, size: int) -> memoryview:
        """A view without checks, for tables and breakpoints. Invalidates nothing."""
        return self._bytes[address : address + size]

    def fetch(self, address: int, size: int) -> bytes:
        """Bytes that the guest may execute. Raises GuestFault."""
        self.check(address, size, EXEC, Access.EXECUTE)
        return self._copy(address, size, Access.EXECUTE)

    def load(self, address: int, size: int) -> int:
        """An unsigned number of 1, 2, 4, 8 or 16 bytes that the guest may read. Raises GuestFault;
        UsageError for other sizes."""
        try:
            at_once = self._numbers.have(address, size)
        except TypeError:
            raise _no_number(size) if size not in _NUMBERS else _no_range(address, size) from None
        if not at_once:
            if size not in _NUMBERS:
                raise _no_number(size)
            return int.from_bytes(self.read(address, size), "little")
        self.check(address, size, READ, Access.READ)
        value = self._numbers.load(address, size)
        if self._lost:
            self._lost.check(address, size, Access.READ)
        return value

    def store(self, address: int, size: int, value: int) -> None:
        """Write an unsigned number of 1, 2, 4, 8 or 16 bytes where the guest may. Raises
        GuestFault; UsageError for other sizes and for a value that does not fit."""
        if size not in _NUMBERS:
            raise _no_number(size)
        try:
            if value < 0 or value >> 8 * size:
                raise UsageError(f"{value:#x} is no unsigned number of {size} bytes")
            at_once = self._numbers.have(address, size)
        except TypeError:
            choices.whole("a value", value)
            raise _no_range(address, size) from None
        if not at_once:
            self.write(address, value.to_bytes(size, "little"))
            return
        self.view(address, size, writable=True)
        self._numbers.store(address, size, value)
        if self._lost:
            self._lost.check(address, size, Access.WRITE)

    def exchange(self, address: int, size: int, value: int) -> int:
        """Write an aligned number of 1, 2, 4 or 8 bytes where the guest may, in one step in which
        also what was there is read. Returns that. Raises GuestFault as ``store`` does."""
        self._for_both(address, size)
        there = self._numbers.exchange(address, size, value)
        if self._lost:
            self._lost.check(address, size, Access.WRITE)
        return there

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        """The same, which only writes if ``expected`` is there."""
        self._for_both(address, size)
        there = self._numbers.compare_exchange(address, size, expected, value)
        if self._lost:
            self._lost.check(address, size, Access.WRITE)
        return there

    def _for_both(self, address: int, size: int) -> None:
        """Have a number be read and written in one step."""
        try:
            has = self._numbers.have(address, size)
        except TypeError:
            raise _no_range(address, size) from None
        if not has:
            raise UsageError(f"no number of {size!r} bytes at {address:#x} is accessed in one step")
        self.view(address, size, writable=True)

    def fence(self) -> None:
        """Let no later access come before an earlier one, as other processes see it."""
        self._numbers.fence()

    def use_atomics(self, compare_exchange: CompareExchange) -> None:
        """What ``exchange``, ``compare_exchange`` and ``fence`` are made of while other processes
        have some of the memory. Before it is set, a comparison and a store."""
        self._numbers.at_once = compare_exchange

    def cstring(self, address: int, limit: int = 1 << 20) -> bytes:
        """The bytes before the first NUL. Raises GuestFault; ValueError when none of the first
        ``limit`` bytes is a NUL."""
        self.check(address, 0, READ, Access.READ)
        out = bytearray()
        while len(out) < limit:
            chunk = self.read(address, PAGE - address % PAGE)[: limit - len(out)]
            end = chunk.find(0)
            if end >= 0:
                return bytes(out + chunk[:end])
            out += chunk
            address += len(chunk)
        raise ValueError("string too long")

"""Reads the permission bytes of guest pages: why code was refused an access, and where."""

import contextlib
import ctypes

from dbt.interfaces import (
    ABSENT,
    CODE,
    PAGE,
    READ,
    READ_WATCHED,
    WRITE,
    WRITE_WATCHED,
    FaultHit,
    Memory,
    Reason,
)
from dbt.stops import Access, GuestFault

PAGES = (1 << 32) // PAGE


def permission_bytes(memory: Memory) -> memoryview:
    """The permission bytes of all pages of a guest memory, which must outlive the view."""
    return memoryview((ctypes.c_ubyte * PAGES).from_address(memory.perms_base)).cast("B")


def first_forbidden(perms: memoryview, address: int, size: int, access: Access) -> int:
    """The address of the first byte that translated code may not read or write; ``address + size``
    or more if there is none. Bytes past the end of memory are forbidden, at 1 << 32."""
    need, mask = (READ, READ) if access is Access.READ else (WRITE, WRITE | CODE)
    page = address // PAGE
    while page < PAGES and perms[page] & mask == need and page * PAGE < address + size:
        page += 1
    return max(address, page * PAGE)


def reason_of(perms: memoryview, hit: FaultHit) -> Reason:
    """Why translated code was refused an access: FAULT if the guest may not make it; INVALIDATION
    for a store to a page that translations depend on, HOOK on a watched page. Then the evaluator
    may."""
    bits = perms[hit.address // PAGE]
    if hit.access is Access.READ and bits & READ_WATCHED:
        return Reason.HOOK
    if hit.access is Access.WRITE:
        if bits & WRITE_WATCHED:
            return Reason.HOOK
        if bits & (WRITE | CODE) == WRITE | CODE:
            return Reason.INVALIDATION
    return Reason.FAULT


class GuardedMemory:
    """Guest memory whose stores are refused on pages that translations depend on, and accesses on
    watched pages, as those of compiled code are."""

    def __init__(self, memory: Memory) -> None:
        self.fence = memory.fence
        self._memory = memory
        self.perms = permission_bytes(memory)

    def load(self, address: int, size: int) -> int:
        self._refuse(address, size, READ_WATCHED, Access.READ)
        return self._memory.load(address, size)

    def store(self, address: int, size: int, value: int) -> None:
        self._refuse(address, size, CODE | WRITE_WATCHED, Access.WRITE)
        self._memory.store(address, size, value)

    def exchange(self, address: int, size: int, value: int) -> int:
        self._refuse(address, size, CODE | WRITE_WATCHED, Access.WRITE)
        return self._memory.exchange(address, size, value)

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        self._refuse(address, size, CODE | WRITE_WATCHED, Access.WRITE)
        return self._memory.compare_exchange(address, size, expected, value)

    def _refuse(self, address: int, size: int, bits: int, access: Access) -> None:
        for page in {address // PAGE, (address + size - 1) // PAGE}:
            if page >= len(self.perms):
                continue
            if self.perms[page] == ABSENT:  # the file may have grown, and the page may be watched
                with contextlib.suppress(GuestFault):
                    self._memory.load(max(address, page * PAGE), 1)
            if self.perms[page] & bits:
                at = first_forbidden(self.perms, address, size, access)
                raise GuestFault(at & 0xFFFFFFFF, access)

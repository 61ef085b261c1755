"""Reads the permission bytes of guest pages: why code was refused an access, and where."""

import ctypes

from dbt.interfaces import CODE, PAGE, READ, WRITE, FaultHit, Memory
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


def refused_for_code(perms: memoryview, hit: FaultHit) -> bool:
    """True when a store was refused only because translations depend on its page."""
    bits = perms[hit.address // PAGE]
    return hit.access is Access.WRITE and bits & (WRITE | CODE) == WRITE | CODE


class GuardedMemory:
    """Guest memory whose stores are refused on pages that translations depend on, as those of
    compiled code are."""

    def __init__(self, memory: Memory) -> None:
        self.load, self.fence = memory.load, memory.fence
        self._memory = memory
        self.perms = permission_bytes(memory)

    def store(self, address: int, size: int, value: int) -> None:
        self._refuse_code(address, size)
        self._memory.store(address, size, value)

    def exchange(self, address: int, size: int, value: int) -> int:
        self._refuse_code(address, size)
        return self._memory.exchange(address, size, value)

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        self._refuse_code(address, size)
        return self._memory.compare_exchange(address, size, expected, value)

    def _refuse_code(self, address: int, size: int) -> None:
        for page in {address // PAGE, (address + size - 1) // PAGE}:
            if page < len(self.perms) and self.perms[page] & CODE:
                at = first_forbidden(self.perms, address, size, Access.WRITE)
                raise GuestFault(at & 0xFFFFFFFF, Access.WRITE)

"""Refused accesses: which byte may not be accessed, and what the guest is told."""

import ctypes

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from backends.numba_jit.tables import Tables
from dbt.interfaces import CODE, PAGE, READ, WRITE, Context, FaultHit
from dbt.stops import Access

PAGES = (1 << 32) // PAGE


class Faults:
    """Makes events of refused accesses, whose address stands in the control area."""

    def __init__(self, context: Context, shared: Tables) -> None:
        self._control = shared.control
        perms = (ctypes.c_ubyte * PAGES).from_address(context.memory.perms_base)
        self._perms = memoryview(perms).cast("B")

    def hit(self, found: FaultRecord) -> FaultHit:
        """The event of a refused access."""
        address = self._first_forbidden(found.access, found.size)
        return FaultHit(found.pc, found.mode, address, found.access)

    def invalidates(self, hit: FaultHit) -> bool:
        """Whether a store was refused only because the page holds translated code."""
        bits = self._perms[hit.address // PAGE]
        return hit.access is Access.WRITE and bits & (WRITE | CODE) == WRITE | CODE

    def _first_forbidden(self, access: Access, size: int) -> int:
        """The first byte that may not be accessed; what wraps around is forbidden."""
        address = int(self._control[abi.FAULT_ADDRESS // 8]) & 0xFFFFFFFF
        need, mask = (READ, READ) if access is Access.READ else (WRITE, WRITE | CODE)
        page = address // PAGE
        while page < PAGES and self._perms[page] & mask == need and page * PAGE < address + size:
            page += 1
        return max(address, page * PAGE) & 0xFFFFFFFF

    def close(self) -> None:
        """Give the permissions back. Nothing can be refused afterwards."""
        self._perms.release()
        self._control = None

"""Makes the events of accesses that translated code has refused."""

import ctypes

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from backends.numba_jit.tables import Tables
from dbt.interfaces import CODE, PAGE, READ, WRITE, Context, FaultHit
from dbt.stops import Access

PAGES = (1 << 32) // PAGE


class Faults:
    """Makes the event of a refused access from its record and from its address, which the code left
    in the control area."""

    def __init__(self, context: Context, shared: Tables) -> None:
        self._control = shared.control
        perms = (ctypes.c_ubyte * PAGES).from_address(context.memory.perms_base)
        self._perms = memoryview(perms).cast("B")

    def hit(self, found: FaultRecord) -> FaultHit:
        """The event of a refused access, with the address of the first forbidden byte."""
        address = self._first_forbidden(found.access, found.size)
        return FaultHit(found.pc, found.mode, address, found.access)

    def invalidates(self, hit: FaultHit) -> bool:
        """True when a store was refused only because translations depend on its page."""
        bits = self._perms[hit.address // PAGE]
        return hit.access is Access.WRITE and bits & (WRITE | CODE) == WRITE | CODE

    def _first_forbidden(self, access: Access, size: int) -> int:
        """The address of the first forbidden byte. Those past the end of memory are forbidden."""
        address = int(self._control[abi.FAULT_ADDRESS // 8]) & 0xFFFFFFFF
        if access is Access.UNALIGNED:
            return address
        need, mask = (READ, READ) if access is Access.READ else (WRITE, WRITE | CODE)
        page = address // PAGE
        while page < PAGES and self._perms[page] & mask == need and page * PAGE < address + size:
            page += 1
        return max(address, page * PAGE) & 0xFFFFFFFF

    def close(self) -> None:
        """Release the permission bytes. The object must not be used afterwards."""
        self._perms.release()
        self._control = None

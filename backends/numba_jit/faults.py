"""Makes the events of accesses that translated code has refused."""

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from backends.numba_jit.tables import Tables
from dbt.interfaces import Context, FaultHit, Reason
from dbt.permissions import first_forbidden, permission_bytes, reason_of
from dbt.stops import Access


class Faults:
    """Makes the event of a refused access from its record and from its address, which the code left
    in the control area."""

    def __init__(self, context: Context, shared: Tables) -> None:
        self._control = shared.control
        self._perms = permission_bytes(context.memory)

    def permits(self, found: FaultRecord) -> bool:
        """True when no byte of a refused access is forbidden: the host has refused what an address
        would be if it did not wrap around."""
        address, size = self._address(), found.size
        return found.access is not Access.UNALIGNED and (
            first_forbidden(self._perms, address, size, found.access) >= address + size
        )

    def _address(self) -> int:
        return int(self._control[abi.FAULT_ADDRESS // 8]) & 0xFFFFFFFF

    def hit(self, found: FaultRecord) -> FaultHit:
        """The event of a refused access, with the address of the first forbidden byte."""
        address = self._address()
        if found.access is not Access.UNALIGNED:
            address = first_forbidden(self._perms, address, found.size, found.access) & 0xFFFFFFFF
        return FaultHit(found.pc, found.mode, address, found.access)

    def reason(self, hit: FaultHit) -> Reason:
        """Why an access was refused (``dbt.permissions``)."""
        return reason_of(self._perms, hit)

    def close(self) -> None:
        """Release the permission bytes. The object must not be used afterwards."""
        self._perms.release()
        self._control = None

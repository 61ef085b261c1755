"""Tables that translated code can load from, in guest memory where no program has any."""

from dbt.interfaces import PAGE, READ
from dbt.runtime.memory import GuestMemory


class HostTables:
    """Tables within a range of addresses."""

    def __init__(self, memory: GuestMemory, where: range) -> None:
        self._memory, self._where, self._end = memory, where, where.start

    def add(self, size: int) -> tuple[int, memoryview]:
        """Bytes that translated code can load. Returns address and content."""
        address = self._end
        self._end += -(-size // PAGE) * PAGE
        if self._end > self._where.stop:
            raise MemoryError("no room for another table")
        self._memory.protect(address, self._end - address, READ)
        return address, self._memory.raw(address, size)

    def clear(self) -> None:
        """Another program is in memory: there are no tables any more."""
        self._end = self._where.start

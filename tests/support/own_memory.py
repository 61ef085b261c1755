"""Atomic accesses to memory that nobody else has."""

from typing import Protocol

from dbt.stops import Access, GuestFault


class OwnMemory(Protocol):
    """Makes them of loads and stores."""

    def load(self, address: int, size: int) -> int: ...
    def store(self, address: int, size: int, value: int) -> None: ...

    def exchange(self, address: int, size: int, value: int) -> int:
        there = self._there(address, size)
        self.store(address, size, value)
        return there

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        there = self._there(address, size)
        self.store(address, size, value if there == expected else there)
        return there

    def _there(self, address: int, size: int) -> int:
        """What is read. What is refused is the whole access, which stores."""
        try:
            return self.load(address, size)
        except GuestFault as fault:
            raise GuestFault(fault.address, Access.WRITE) from None

    def fence(self) -> None:
        """Nobody can tell the order of accesses."""

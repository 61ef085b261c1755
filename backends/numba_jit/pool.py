"""Allocates numbers, such as block ids and link slots."""


class Pool:
    """Allocates the numbers from 1 to ``limit`` - 1, freed ones first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Free all numbers."""
        self._free: list[int] = []
        self.end = 1
        """A number above all that were ever allocated."""

    def has(self, count: int) -> bool:
        """True when so many numbers are free."""
        return len(self._free) + self._limit - self.end >= count

    def take(self) -> int:
        """Allocate a number. ``has`` says whether there is one."""
        if self._free:
            return self._free.pop()
        self.end += 1
        return self.end - 1

    def give_back(self, *numbers: int) -> None:
        """Free numbers."""
        self._free += numbers

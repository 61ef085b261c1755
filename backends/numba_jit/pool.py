"""Numbers that are given out, given back and given out again."""


class Pool:
    """The numbers from 1 up to, without, ``limit``: block ids or link slots."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Take every number back."""
        self._free: list[int] = []
        self.end = 1
        """All numbers that were ever given out are below this."""

    def has(self, count: int) -> bool:
        """Whether so many numbers are left."""
        return len(self._free) + self._limit - self.end >= count

    def take(self) -> int:
        """Give a number out."""
        if self._free:
            return self._free.pop()
        self.end += 1
        return self.end - 1

    def give_back(self, *numbers: int) -> None:
        """Take numbers back."""
        self._free += numbers

"""Allocates numbers, such as block ids and link slots.

Running code does so too (``take_number``). A pool is four words of the control area: the address
of its table of free numbers, how many of them there are, a number above all that were ever
allocated, and one above all that may be.
"""

from collections.abc import Iterator

from dbt.typing import Any

COUNT, END, LIMIT = 8, 16, 24
"""Offsets of the second word, the third and the fourth."""


class Pool:
    """Allocates the numbers from 1 to ``limit`` - 1, freed ones first. ``words`` is the control
    area and ``at`` the offset of the pool's words there."""

    def __init__(self, limit: int, free: Any, words: Any, at: int) -> None:
        self._limit = limit
        words[(at + LIMIT) // 8] = limit
        self._free, self._words = free, words
        self._count, self._end = (at + COUNT) // 8, (at + END) // 8
        self.clear()

    def clear(self) -> None:
        """Free all numbers."""
        self._words[self._count] = 0
        self._words[self._end] = 1

    @property
    def end(self) -> int:
        """A number above all that were ever allocated."""
        return int(self._words[self._end])

    def has(self, count: int) -> bool:
        """True when so many numbers are free."""
        return bool(self._words[self._count] + self._limit - self._words[self._end] >= count)

    @property
    def mark(self) -> tuple[int, int]:
        """The state of the pool, for ``taken_since``."""
        return int(self._words[self._count]), int(self._words[self._end])

    def taken_since(self, mark: tuple[int, int]) -> Iterator[int]:
        """The numbers allocated since a mark. None may have been freed but the last ones."""
        count, end = mark
        for index in range(self._words[self._count], count):
            yield int(self._free[index])
        yield from range(end, self._words[self._end])

    def take(self) -> int:
        """Allocate a number. ``has`` says whether there is one."""
        count = self._words[self._count]
        if count:
            self._words[self._count] = count - 1
            return int(self._free[count - 1])
        self._words[self._end] += 1
        return int(self._words[self._end]) - 1

    def give_back(self, *numbers: int) -> None:
        """Free numbers."""
        for number in numbers:
            count = self._words[self._count]
            self._free[count] = number
            self._words[self._count] = count + 1

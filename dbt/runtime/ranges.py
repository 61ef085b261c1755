"""A collection of ranges of addresses that finds whether one of them holds an address."""

from collections import Counter
from collections.abc import Iterator

Bounds = tuple[int, int]
"""The first address of a range, and the one behind it."""


class Ranges:
    """Ranges, each as often as it was added.

    A range is kept in the buckets that it touches, two at most, whose size is up to twice its own.
    So adding, removing and looking up take the same time however many there are, unless many of one
    size overlap.
    """

    def __init__(self) -> None:
        self._count: Counter[Bounds] = Counter()
        self._buckets: dict[tuple[int, int], dict[Bounds, None]] = {}
        """By the bits of a bucket's size, and its number."""
        self._sizes: Counter[int] = Counter()
        """How many ranges have buckets of a size, by its bits."""

    def add(self, bounds: Bounds) -> None:
        """Add a range, which is not empty."""
        self._count[bounds] += 1
        if self._count[bounds] == 1:
            self._sizes[_bits(bounds)] += 1
            for bucket in _touched(bounds):
                self._buckets.setdefault(bucket, {})[bounds] = None

    def remove(self, bounds: Bounds) -> None:
        """Remove a range once. Raises KeyError when it is not there."""
        if bounds not in self._count:
            raise KeyError(bounds)
        self._count[bounds] -= 1
        if self._count[bounds]:
            return
        del self._count[bounds]
        bits = _bits(bounds)
        self._sizes[bits] -= 1
        if not self._sizes[bits]:
            del self._sizes[bits]
        for bucket in _touched(bounds):
            del self._buckets[bucket][bounds]
            if not self._buckets[bucket]:
                del self._buckets[bucket]

    def holds(self, address: int) -> bool:
        """Whether a range holds an address."""
        return any(
            start <= address < end
            for bits in list(self._sizes)  # another thread may add one
            for start, end in list(self._buckets.get((bits, address >> bits), ()))
        )

    def __contains__(self, bounds: object) -> bool:
        return bounds in self._count

    def __iter__(self) -> Iterator[Bounds]:
        return iter(self._count)

    def __len__(self) -> int:
        return len(self._count)


def _bits(bounds: Bounds) -> int:
    start, end = bounds
    return (end - start).bit_length()


def _touched(bounds: Bounds) -> Iterator[tuple[int, int]]:
    start, end = bounds
    bits = _bits(bounds)
    for number in range(start >> bits, (end - 1 >> bits) + 1):
        yield bits, number

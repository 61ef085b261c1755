"""Counters as NumPy arrays, with their names."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np

from dbt import choices

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.uint64]]"


class Counters(Protocol):
    """``dbt.runtime.counters.Counters``."""

    names: dict[str, int]

    @property
    def values(self) -> memoryview: ...
    def __getitem__(self, name: str) -> int: ...


class CounterView:
    """The counters whose names start with ``prefix``, those included that get their names later,
    when blocks are translated."""

    def __init__(self, counters: Counters, prefix: str) -> None:
        self._counters, self._prefix = counters, prefix
        self._marked: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Their names, in the order of ``values``."""
        return list(self._indices())

    def _indices(self) -> dict[str, int]:
        names = list(self._counters.names.items())  # the thread that compiles may add one
        return {name: index for name, index in names if name.startswith(self._prefix)}

    @property
    def values(self) -> Array:
        """Their values, 64-bit numbers that wrap. If no others lie between them, as with one pass,
        the array is the counters themselves: it follows the run and may be written between runs.
        Else it is a copy. Ask again when there are more names."""
        found = np.asarray(self._counters.values)
        return _chosen(found, list(self._indices().values()))

    def __getitem__(self, name: str) -> int:
        """The value of a counter by its whole name; 0 if it has none yet."""
        return self._counters[name]

    def __len__(self) -> int:
        return len(self._indices())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def reset(self) -> None:
        """Set them to 0. ``difference`` counts from there."""
        found = np.asarray(self._counters.values)
        found[list(self._indices().values())] = 0
        self._marked.clear()

    def mark(self) -> None:
        """Have ``difference`` count from now on."""
        self._marked = dict(zip(self.names, self.values.tolist(), strict=True))

    def difference(self) -> Array:
        """What was counted since ``mark``, ``reset`` or the beginning, by ``names``."""
        before = np.array([self._marked.get(name, 0) for name in self.names], np.uint64)
        return self.values - before

    def top(self, count: int, *, since_mark: bool = False) -> list[tuple[str, int]]:
        """So many of the highest that are not 0, with their names, the highest first."""
        count = choices.whole("count", count)
        counted = self.difference() if since_mark else self.values
        order = np.argsort(counted, kind="stable")[::-1][:count].tolist()
        names = self.names
        return [(names[n], int(counted[n])) for n in order if counted[n]]


def _chosen(values: Array, indices: list[int]) -> Array:
    if not indices:
        return values[:0]
    begin, end = indices[0], indices[-1] + 1
    together = end - begin == len(indices) and indices == list(range(begin, end))
    return values[begin:end] if together else values[indices]

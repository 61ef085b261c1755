"""How many more mappings the host lets this process have (vm.max_map_count).

The guest is refused one before the host has none left, because translated code, the translator and
Python need theirs.
"""

import errno

from dbt.linux.errors import failure

_RESERVE = 8192
"""Mappings that the guest does not get."""
_AT_FIRST, _STEP = 1000, 64
_PER_CALL = 2
"""A mapping in the middle of another makes two more."""


def limit() -> int:
    """The most mappings that a process may have."""
    with open("/proc/sys/vm/max_map_count", "rb") as file:
        return int(file.read())


def _count() -> int:
    """The mappings that this process has."""
    with open("/proc/self/maps", "rb", buffering=0) as file:
        total = 0
        while chunk := file.read(1 << 20):
            total += chunk.count(b"\n")
        return total


class MappingBudget:
    """Counts calls that may make mappings, and looks at the host's figures when it has to: the
    closer the limit, the more often."""

    def __init__(self) -> None:
        self._calls = _AT_FIRST

    def has_room(self) -> bool:
        """Counts a call. Returns whether there is room for it without a look at the host's
        figures."""
        self._calls -= 1
        return self._calls >= 0

    def take(self) -> None:
        """Before a call that may make mappings. Raises OSError (ENOMEM)."""
        if not self.has_room():
            free = limit() - _RESERVE - _count()
            if free <= 0:
                self._calls = 0
                raise failure(errno.ENOMEM)
            self._calls = max(_STEP, free // (2 * _PER_CALL))

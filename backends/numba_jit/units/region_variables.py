"""The variables of a region: one for each slot that its blocks access.

Slots that overlap are parts of the variable of the largest of them. A variable is accessed by its
bytes, of which LLVM makes registers.
"""

from collections.abc import Collection, Iterable, Mapping

from backends.numba_jit.units.frame import LLVM_TYPES
from dbt.interfaces import Layout


class Variables:
    """Where a region keeps the slots with these names."""

    def __init__(self, layout: Layout, names: Iterable[str]) -> None:
        self._slots = layout.by_name
        self._wholes = _wholes(layout, dict.fromkeys(names))

    def declare(self) -> list[str]:
        """Lines that make the variables."""
        types = {name: self._slots[name].type.name for name in self._wholes.values()}
        return [f" %v.{name} = alloca {LLVM_TYPES[type_]}" for name, type_ in types.items()]

    def place(self, name: str) -> tuple[str, int]:
        """The slot in whose variable a slot is, and where, in bytes."""
        whole = self._wholes[name]
        return whole, self._slots[name].offset - self._slots[whole].offset

    def of(self, names: Iterable[str]) -> dict[str, None]:
        """The slots whose variables hold these slots, in order."""
        return dict.fromkeys(self._wholes[name] for name in names)


def _wholes(layout: Layout, names: Collection[str]) -> Mapping[str, str]:
    """For each slot the largest one of all that holds it."""
    found = {}
    for name in names:
        holders = [name, *(other for other in layout.overlaps(name) if other in names)]
        found[name] = max(holders, key=lambda holder: layout.by_name[holder].type.bits)
    return found

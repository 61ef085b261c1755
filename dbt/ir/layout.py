"""Where guest state lives: named slots in one flat buffer, and what some of them are for."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from dbt.ir.types import Type

PC_SLOT = "pc"
"""Every layout has this i32 slot: where the guest goes on (low bit clear), valid between runs."""

CONTROL_BYTES = 512
"""The first bytes of the state buffer belong to the backend."""


@attrs.frozen
class Slot:
    """One named piece of guest state at ``offset`` bytes in the state buffer.

    An ``i1`` takes a 4-byte word whose value is 0 or 1; i32 takes 4 bytes; i64 and f64 eight.
    """

    name: str
    type: Type
    offset: int


@attrs.frozen
class Layout:
    """Where each slot lives, and what some of them are for."""

    slots: tuple[Slot, ...]
    size: int
    hot: tuple[str, ...] = ()
    """The slots worth a host register, hottest first."""
    general: tuple[str, ...] = ()
    """The registers that a report shows, in order."""
    aliases: tuple[tuple[str, str], ...] = ()
    """Further names that users know registers by, each with its slot."""
    flags: tuple[str, ...] = ()
    """The i1 slots that a comparison sets: negative, zero, carry (no borrow), overflow; none on a
    machine without them. Backends make them from the operands when they are read."""
    by_name: Mapping[str, Slot] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "by_name", {slot.name: slot for slot in self.slots})


def lay_out(declared: Iterable[tuple[str, Type]], **roles: Any) -> Layout:
    """Give each declared slot an aligned offset after the backend's control area. ``roles`` are
    the other fields of a layout."""
    slots = []
    offset = CONTROL_BYTES
    for name, type_ in declared:
        size = max(4, type_.bytes)
        offset = -(-offset // size) * size
        slots.append(Slot(name, type_, offset))
        offset += size
    return Layout(tuple(slots), -(-offset // 16) * 16, **roles)


def extend(layout: Layout, declared: Iterable[tuple[str, Type]]) -> Layout:
    """A layout with further slots behind its own."""
    own = [(slot.name, slot.type) for slot in layout.slots]
    grown = lay_out([*own, *declared])
    return attrs.evolve(layout, slots=grown.slots, size=grown.size)


@attrs.frozen
class CallAbi:
    """Slots of the procedure call standard: integer arguments, result, stack pointer, link."""

    arguments: tuple[str, ...]
    result: str
    stack: str
    link: str

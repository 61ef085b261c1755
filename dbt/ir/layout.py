"""The layout of guest state: named slots in one flat buffer, and the roles of some of them."""

from collections.abc import Iterable, Mapping

from dbt.classes import attrs
from dbt.ir.types import Type
from dbt.typing import Any

PC_SLOT = "pc"
"""Every layout has this i32 slot: the address of the next instruction. It is valid only while no
translated code runs."""

JUMP_SLOT = "jump"
"""The i32 slot for the location at which a guest continues after ``Halt(HALT_JUMP)``. Layouts of
guests without such jumps do not have it."""

CONTROL_BYTES = 1024
"""The first bytes of the state buffer belong to the backend."""
BACKEND_ROOM, BACKEND_BYTES = 1 << 20, 80 << 20
"""Where the state buffer has room that is a backend's, and how much."""
COUNTERS_AT, MOST_COUNTERS = BACKEND_ROOM + BACKEND_BYTES, 1 << 22
"""Where it has room for the counters of passes, and how many: code adds to one in one instruction,
by the address of the state alone."""


@attrs.frozen
class Slot:
    """One named piece of guest state: the bytes from ``offset`` to ``end`` of the state buffer.

    An ``i1`` takes a 4-byte word whose value is 0 or 1; i32 takes 4 bytes; i64 and f64 eight.
    """

    name: str
    type: Type
    offset: int

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.offset + _size(self.type)


@attrs.frozen
class View:
    """The declaration of a slot that is part of another: its bytes from ``at`` on."""

    name: str
    type: Type
    whole: str
    at: int = 0


@attrs.frozen
class Layout:
    """The slots with their offsets, and the roles of some of them.

    Slots share bytes only if the types of all of them are ``overlapping``.
    """

    slots: tuple[Slot, ...]
    size: int
    hot: tuple[str, ...] = ()
    """The slots that are worth a host register, the most used first."""
    general: tuple[str, ...] = ()
    """The registers that a report shows, in order."""
    aliases: tuple[tuple[str, str], ...] = ()
    """Pairs of another name of a register and its slot."""
    flags: tuple[str, ...] = ()
    """The i1 slots that a comparison sets: negative, zero, carry (no borrow), overflow; empty on a
    machine without flags. A backend may compute them from the operands when they are read."""
    status: tuple[str, ...] = ()
    """The i1 slots that a report shows behind the registers, in order."""
    state_bits: int = 0
    """The bits of a location that are the state of the code there, not part of its address."""
    by_name: Mapping[str, Slot] = attrs.field(init=False, repr=False, eq=False)
    _overlaps: dict[str, tuple[str, ...]] = attrs.field(
        init=False, factory=dict, repr=False, eq=False
    )

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "by_name", {slot.name: slot for slot in self.slots})

    def overlaps(self, name: str) -> tuple[str, ...]:
        """The other slots that share bytes with a slot."""
        found = self._overlaps.get(name)
        if found is None:
            slot = self.by_name[name]
            others = self.slots if slot.type.overlapping else ()
            found = self._overlaps[name] = tuple(
                other.name
                for other in others
                if other is not slot and other.offset < slot.end and slot.offset < other.end
            )
        return found


def lay_out(
    declared: Iterable[tuple[str, Type]], views: Iterable[View] = (), **roles: Any
) -> Layout:
    """A layout in which each declared slot has an aligned offset behind the backend's control area.
    ``views`` lie within declared slots. ``roles`` are the other fields of the layout."""
    slots, size = _place(declared, CONTROL_BYTES)
    by_name = {slot.name: slot for slot in slots}
    slots += [_within(by_name[view.whole], view) for view in views]
    return Layout(tuple(slots), size, **roles)


def extend(layout: Layout, declared: Iterable[tuple[str, Type]]) -> Layout:
    """The same layout with further slots at its end."""
    added, size = _place(declared, layout.size)
    return attrs.evolve(layout, slots=(*layout.slots, *added), size=size)


def _size(type_: Type) -> int:
    """Bytes of a slot."""
    return max(4, type_.bytes)


def _place(declared: Iterable[tuple[str, Type]], offset: int) -> tuple[list[Slot], int]:
    """Slots from an offset on, each aligned to its size, and the offset behind them."""
    slots = []
    for name, type_ in declared:
        size = _size(type_)
        offset = -(-offset // size) * size
        slots.append(Slot(name, type_, offset))
        offset += size
    return slots, -(-offset // 16) * 16


def _within(whole: Slot, view: View) -> Slot:
    """The slot of a view. Raises ValueError if it is not within the whole, is not aligned, or is of
    a type whose slots share no bytes."""
    slot = Slot(view.name, view.type, whole.offset + view.at)
    if not whole.offset <= slot.offset <= slot.end <= whole.end or view.at % _size(view.type):
        raise ValueError(f"{view.name} is not within {view.whole}, aligned")
    if not (whole.type.overlapping and view.type.overlapping):
        raise ValueError(f"{view.name} is {view.type}, part of {whole.type}: these do not overlap")
    return slot


@attrs.frozen
class CallAbi:
    """Slots of the procedure call standard: integer arguments, result, stack pointer, link.

    Arguments that no slot is left for are words on the stack, the first at the stack pointer.
    """

    arguments: tuple[str, ...]
    result: str
    stack: str
    link: str

"""Guest registers and flags: one flat little-endian buffer, shared by Python and compiled code.

Behind it, at BACKEND_ROOM, is room for what a backend wants to address like a register, and at
COUNTERS_AT for counters.
"""

from dbt import choices
from dbt.interfaces import BACKEND_ROOM, CONTROL_BYTES, COUNTERS_AT, MOST_COUNTERS, Layout
from dbt.reservation import Reservation
from dbt.typing import Any

SCRATCH_BYTES = 64 << 10


class GuestState:
    """The values of a layout's slots, by name. ``address`` is the buffer's, for compiled code.

    ``state["name"]`` is for users: it checks names and values, and takes the other names of
    registers, too (``sp``). ``get`` and ``set`` check nothing;
    ``set`` drops the bits of a value that do not fit the slot.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        assert layout.size + SCRATCH_BYTES <= BACKEND_ROOM
        whole = COUNTERS_AT + 8 * MOST_COUNTERS
        self._reservation = Reservation(whole, "guest registers and counters")
        self._map = self._reservation.view
        self.room_for_counters = self._map[COUNTERS_AT:whole]
        self.address = self._reservation.address
        self.words = memoryview(self._map).cast("I")
        words = {4: self.words, 8: memoryview(self._map).cast("Q")}
        self._slots = {}
        for slot in layout.slots:  # each aligned to its size
            size = max(4, slot.type.bytes)
            self._slots[slot.name] = words.get(size), slot.offset // size, size, slot.type.mask
        self._asked = {**{name: name for name in self._slots}, **dict(layout.aliases)}
        """The slot of each name that a user may give."""

    def get(self, slot: str) -> int:
        """The value of a register or flag that there is, unsigned."""
        words, index, size, _ = self._slots[slot]
        if words is not None:
            return words[index]
        return int.from_bytes(self._map[index * size : (index + 1) * size], "little")

    def set(self, slot: str, value: int) -> None:
        """Set a register or flag that there is, to the bits of a value that fit it."""
        words, index, size, mask = self._slots[slot]
        if words is not None:
            words[index] = value & mask
        else:
            wide = (value & mask).to_bytes(size, "little")
            self._map[index * size : (index + 1) * size] = wide

    def word(self, slot: str) -> int:
        """The index of a slot of 4 bytes in ``words``."""
        _, index, size, _ = self._slots[slot]
        assert size == 4, f"{slot} has {size} bytes"
        return index

    def __getitem__(self, slot: str) -> int:
        """The value of a register or flag. Raises UsageError, here also a KeyError, for an unknown
        name."""
        return self.get(self._slot(slot))

    def __setitem__(self, slot: str, value: int) -> None:
        """Set a register or flag. Raises UsageError for an unknown name and for a value that does
        not fit."""
        name = self._slot(slot)
        mask = self._slots[name][3]
        least = -(mask + 1) // 2 if mask > 1 else 0
        given: Any = int(value) if mask == 1 and isinstance(value, bool) else value
        self.set(name, choices.whole(slot, given, least=least, most=mask))

    def _slot(self, name: str) -> str:
        """The slot that a user names. Raises UsageError for an unknown name."""
        if not isinstance(name, str) or name not in self._asked:
            refusal = choices.no_key("register or flag", name, self._asked)
            others = ", ".join(f"{other} is {slot}" for other, slot in self.layout.aliases)
            also = f"; {others}" if others else ""
            raise choices.UnknownName(f"{refusal} (there are {', '.join(self._slots)}{also})")
        return self._asked[name]

    def save(self) -> bytes:
        """The contents of all slots, for ``load``."""
        return bytes(self._map[CONTROL_BYTES : self.layout.size])

    def load(self, saved: bytes) -> None:
        """Give all slots the contents they had when they were saved."""
        self._map[CONTROL_BYTES : self.layout.size] = saved

    def snapshot(self) -> dict[str, int]:
        """Values of all slots, by name."""
        return {slot.name: self.get(slot.name) for slot in self.layout.slots}

    def restore(self, values: dict[str, int]) -> None:
        """Write back what ``snapshot`` gave."""
        for name, value in values.items():
            self.set(name, value)

    def clear(self) -> None:
        """Set all slots to zero."""
        for slot in self.layout.slots:
            self.set(slot.name, 0)

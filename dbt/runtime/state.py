"""Guest registers and flags: one flat little-endian buffer that Python and compiled code share."""

import ctypes
import mmap

from dbt.interfaces import Layout

SCRATCH_BYTES = 64 << 10


class GuestState:
    """The slots of a layout. Reads and writes by name; ``address`` is where compiled code looks."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._map = mmap.mmap(
            -1, layout.size + SCRATCH_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        )
        self._anchor = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(self._anchor)
        self._slots = {
            slot.name: (slot.offset, slot.offset + max(4, slot.type.bytes), slot.type.mask)
            for slot in layout.slots
        }

    def get(self, slot: str) -> int:
        start, end, _ = self._slots[slot]
        return int.from_bytes(self._map[start:end], "little")

    def set(self, slot: str, value: int) -> None:
        start, end, mask = self._slots[slot]
        self._map[start:end] = (value & mask).to_bytes(end - start, "little")

    def __getitem__(self, slot: str) -> int:
        return self.get(slot)

    def __setitem__(self, slot: str, value: int) -> None:
        self.set(slot, value)

    def snapshot(self) -> dict[str, int]:
        """All slots by name."""
        return {slot.name: self.get(slot.name) for slot in self.layout.slots}

    def restore(self, values: dict[str, int]) -> None:
        """Write back what ``snapshot`` gave."""
        for name, value in values.items():
            self.set(name, value)

    def clear(self) -> None:
        """All slots to zero."""
        for slot in self.layout.slots:
            self.set(slot.name, 0)

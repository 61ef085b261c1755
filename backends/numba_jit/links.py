"""The links between blocks: one slot for each direct exit of an installed block.

A linked slot leads to its target in both tiers: in the code of the first tier, which alone knows
how (``FirstTier.link``), and in the link table, by the target's code pointer. A slot that is not
linked has the code pointer ``unlinked`` there, and leads to the dispatcher.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from backends.numba_jit import abi, tables
from backends.numba_jit.pool import Pool
from backends.numba_jit.tables import Tables
from backends.numba_jit.tiers import FirstTier
from dbt.ir.block import BlockKey

UNLINKED = abi.UNLINKED // 8
"""Index of the control word with the code pointer ``unlinked``; 0 before a unit is compiled."""


class Links:
    """The link slots of one executor."""

    def __init__(
        self, shared: Tables, first: FirstTier, location_of: Callable[[BlockKey], int]
    ) -> None:
        self._first = first
        self._location_of = location_of
        """Returns the location of a key, or -1 when it has none."""
        self._control = shared.control
        self._copies, self._outs = shared.copy.view, shared.copy_out.view
        self.copy_links: Any = None
        """By slot: where copied code goes on that leaves by it; None while there is none."""
        self._code, self._units = shared.link_code.view, shared.unit.view
        self._locations, self._ids = shared.slot_location.view, shared.slot_target.view
        self._pool = Pool(tables.MAX_SLOTS)
        self._targets: dict[int, BlockKey] = {}
        self._into: dict[BlockKey, set[int]] = {}

    @property
    def end(self) -> int:
        """A number above all slots."""
        return self._pool.end

    @property
    def count(self) -> int:
        """Number of slots that are linked."""
        return sum(map(self._first.is_linked, self._targets))

    def has_room(self, slots: int) -> bool:
        """True when so many slots can be added."""
        return self._pool.has(slots)

    def clear(self) -> None:
        """Free all slots. There must be no blocks."""
        self._pool.clear()

    def allocate(self, count: int) -> tuple[int, ...]:
        """Allocate slots for a block that is about to be accepted by the tiers."""
        return tuple([self._pool.take() for _ in range(count)])

    def add(self, slot: int, target: BlockKey, block_id: int) -> None:
        """Make an allocated slot lead to a key. It is not linked. ``block_id`` is that of the key's
        block, 0 if there is none yet."""
        self._targets[slot] = target
        self._into.setdefault(target, set()).add(slot)
        location = self._location_of(target)
        self._locations[slot] = location
        self._ids[slot] = block_id if location < 0 else 0
        self._code[slot] = self._control[UNLINKED]

    def target(self, slot: int) -> BlockKey:
        """The key that a slot leads to."""
        return self._targets[slot]

    def link(self, slot: int, block_id: int) -> None:
        """Link a slot to a block."""
        self._first.link(slot, block_id)
        self._code[slot] = self._units[block_id] or self._control[UNLINKED]
        if self._outs[slot]:
            self.copy_links[slot] = self._copies[block_id] or self._outs[slot]
        self._control[tables.LINKS_MADE // 8] += 1

    def unlink_all(self) -> None:
        """Unlink every slot."""
        self._unlink(self._targets)

    def unlink_into(self, key: BlockKey) -> None:
        """Unlink every slot that leads to a key."""
        self._unlink(self._into.get(key, ()))

    def _unlink(self, slots: Iterable[int]) -> None:
        unlinked = self._control[UNLINKED]
        for slot in slots:
            self._first.unlink(slot)
            self._code[slot] = unlinked
            if self._outs[slot]:
                self.copy_links[slot] = self._outs[slot]

    def lead_into(self, key: BlockKey, block_id: int) -> None:
        """Set the block that unlinked slots find for a key without a location; 0: none."""
        for slot in self._into.get(key, ()):
            self._ids[slot] = block_id

    def compiled(self, key: BlockKey, code: int) -> None:
        """Make the slots that are linked to a key's block lead to its compiled unit."""
        for slot in self._into.get(key, ()):
            if self._first.is_linked(slot):
                self._code[slot] = code

    def drop(self, slots: Collection[int]) -> None:
        """Free slots. No code may be running that could leave by one of them."""
        for slot in slots:
            self._into[self._targets.pop(slot)].discard(slot)
            self._code[slot] = self._control[UNLINKED]
            self._outs[slot] = 0
        self._pool.give_back(*slots)

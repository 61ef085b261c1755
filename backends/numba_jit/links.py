"""The links between blocks: one slot for each direct exit of an installed block.

A linked slot leads to its target in all tiers (``edges.lead``): in the link table of units, and in
that of copied code. A slot that is not linked leads to the dispatcher, or to a look-up of its own
(``lookups``).
"""

from collections.abc import Callable, Collection

from backends.numba_jit import abi, tables
from backends.numba_jit.pool import Pool
from backends.numba_jit.tables import Tables
from dbt.ir.block import BlockKey

Change = Callable[[int, int, int], int]
"""Calls the loop to change links: what (``abi.LINK`` and its neighbours), and two numbers."""


class Links:
    """The link slots of one executor."""

    def __init__(
        self,
        shared: Tables,
        change: Change,
        position_of: Callable[[BlockKey], int],
        key_at: Callable[[int], BlockKey],
    ) -> None:
        self._change = change
        self._position_of = position_of
        """Returns the position of a key (``abi.PASSED``), or -1 when it has none."""
        self._key_at = key_at
        self._control = shared.control
        self._outs = shared.copy_out.view
        self._code, self._lookups = shared.link_code.view, shared.lookups
        self._positions, self._ids = shared.slot_position.view, shared.slot_target.view
        self._pool = Pool(
            tables.MAX_SLOTS, shared.free_slots.view, shared.control, tables.FREE_SLOTS
        )
        self._elsewhere: dict[int, BlockKey] = {}  # targets without a position
        self._leading: dict[BlockKey, set[int]] = {}  # the slots that lead to each of them

    @property
    def end(self) -> int:
        """A number above all slots."""
        return self._pool.end

    @property
    def count(self) -> int:
        """Number of slots that are linked."""
        return int(self._control[tables.LINKS_NOW // 8])

    def has_room(self, slots: int) -> bool:
        """True when so many slots can be added."""
        return self._pool.has(slots)

    def clear(self) -> None:
        """Free all slots. There must be no blocks."""
        self._pool.clear()
        self._elsewhere.clear()
        self._leading.clear()

    def allocate(self, count: int) -> tuple[int, ...]:
        """Allocate slots for a block that is about to be accepted by the tiers."""
        return tuple([self._pool.take() for _ in range(count)])

    def give_back(self, slots: Collection[int]) -> None:
        """Free slots that were allocated and not added."""
        self._pool.give_back(*slots)

    def add(self, slot: int, target: BlockKey, block_id: int) -> None:
        """Make an allocated slot lead to a key. It is not linked. ``block_id`` is that of the key's
        block, 0 if there is none yet."""
        position = self._position_of(target)
        self._positions[slot] = position
        self._ids[slot] = 0
        self._code[slot] = self._lookups.address + tables.LOOKUP * slot
        if position < 0:
            self._elsewhere[slot] = target
            self._leading.setdefault(target, set()).add(slot)
            self._ids[slot] = block_id

    def target(self, slot: int) -> BlockKey:
        """The key that a slot leads to."""
        position = self._positions[slot]
        return self._elsewhere[slot] if position < 0 else self._key_at(position)

    def link(self, slot: int, block_id: int) -> None:
        """Link a slot to a block, unless the rules in the tables forbid it."""
        self._change(abi.LINK, slot, block_id)

    def unlink_all(self) -> None:
        """Unlink every slot."""
        self._change(abi.UNLINK, 0, self.end)

    def unlink_into(self, block_id: int) -> None:
        """Unlink every slot that leads to a block."""
        self._change(abi.UNLINK_INTO, block_id, 0)

    def lead_into(self, block_id: int) -> None:
        """Make the slots that are linked to a block lead to the code that it has now."""
        self._change(abi.LEAD_INTO, block_id, 0)

    def write_lookup(self, slot: int) -> None:
        """Write the code by which an exit goes on while its slot is not linked, and use it."""
        self._change(abi.WRITE_LOOKUP, slot, 0)

    def arrive(self, key: BlockKey, block_id: int) -> None:
        """Set the block that unlinked slots find for a key without a position; 0: none."""
        for slot in self._leading.get(key, ()):
            self._ids[slot] = block_id

    def drop(self, slots: Collection[int]) -> None:
        """Free slots. No code may be running that could leave by one of them."""
        written = self._lookups.view
        for slot in slots:
            self._change(abi.UNLINK, slot, slot + 1)
            if self._positions[slot] < 0:
                target = self._elsewhere.pop(slot)
                leading = self._leading[target]
                leading.discard(slot)
                if not leading:
                    del self._leading[target]
            self._outs[slot] = 0
            if written[tables.LOOKUP * slot]:
                written[tables.LOOKUP * slot] = 0
        self._pool.give_back(*slots)

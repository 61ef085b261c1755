"""The links between blocks: one slot for each direct exit of an installed block.

A linked slot holds its target twice: the index of the target's bytecode, in the bytecode of the
block that is left (its *site*), and the target's code pointer, in the link table. A slot that is
not linked holds 0 and the code pointer ``unlinked``, and leads to the dispatcher.
"""

from collections.abc import Callable, Collection, Iterable

from backends.numba_jit import tables
from backends.numba_jit.pool import Pool
from backends.numba_jit.tables import Tables
from dbt.ir.block import BlockKey


class Links:
    """The link slots of one executor."""

    def __init__(self, shared: Tables, location_of: Callable[[BlockKey], int]) -> None:
        self._tables = shared
        self._location_of = location_of
        """Returns the location of a key, or -1 when it has none."""
        self._pool = Pool(tables.MAX_SLOTS)
        self._targets: dict[int, BlockKey] = {}
        self._sites: dict[int, int] = {}
        """The site of each slot: the index of a u32 in the bytecode."""
        self._into: dict[BlockKey, set[int]] = {}

    @property
    def end(self) -> int:
        """A number above all slots."""
        return self._pool.end

    @property
    def count(self) -> int:
        """Number of slots that are linked."""
        return sum(1 for site in self._sites.values() if self._tables.words32[site])

    def has_room(self, slots: int) -> bool:
        """True when so many slots can be added."""
        return self._pool.has(slots)

    def clear(self) -> None:
        """Free all slots. There must be no blocks."""
        self._pool.clear()

    def add(self, target: BlockKey, block_id: int) -> int:
        """Make a slot that leads to a key and is not linked. ``block_id`` is that of the key's
        block, 0 if there is none yet. Returns the slot."""
        slot = self._pool.take()
        self._targets[slot] = target
        self._into.setdefault(target, set()).add(slot)
        location = self._location_of(target)
        self._tables.slot_location.view[slot] = location
        self._tables.slot_target.view[slot] = block_id if location < 0 else 0
        return slot

    def place(self, slot: int, site: int) -> None:
        """Set the site of a slot: the index of its u32 in the bytecode."""
        t = self._tables
        self._sites[slot] = site
        t.slot_site.view[slot] = t.words.address + site * 4
        t.link_code.view[slot] = t.unlinked

    def target(self, slot: int) -> BlockKey:
        """The key that a slot leads to."""
        return self._targets[slot]

    def link(self, slot: int, block_id: int) -> None:
        """Link a slot to a block."""
        t = self._tables
        t.words32[self._sites[slot]] = t.start.view[block_id]
        t.link_code.view[slot] = t.unit.view[block_id] or t.unlinked
        t.control[tables.LINKS_MADE // 8] += 1

    def unlink_all(self) -> None:
        """Unlink every slot."""
        self._unlink(self._sites)

    def unlink_into(self, key: BlockKey) -> None:
        """Unlink every slot that leads to a key."""
        self._unlink(self._into.get(key, ()))

    def _unlink(self, slots: Iterable[int]) -> None:
        t = self._tables
        for slot in slots:
            site = self._sites.get(slot)
            if site is not None:
                t.words32[site] = 0
                t.link_code.view[slot] = t.unlinked

    def lead_into(self, key: BlockKey, block_id: int) -> None:
        """Set the block that unlinked slots find for a key without a location; 0: none."""
        for slot in self._into.get(key, ()):
            self._tables.slot_target.view[slot] = block_id

    def compiled(self, key: BlockKey, code: int) -> None:
        """Make the slots that are linked to a key's block lead to its compiled unit."""
        t = self._tables
        for slot in self._into.get(key, ()):
            if t.words32[self._sites[slot]]:
                t.link_code.view[slot] = code

    def drop(self, slots: Collection[int]) -> None:
        """Free slots. No code may be running that could leave by one of them."""
        for slot in slots:
            self._into[self._targets.pop(slot)].discard(slot)
            del self._sites[slot]
            self._tables.link_code.view[slot] = self._tables.unlinked
        self._pool.give_back(*slots)

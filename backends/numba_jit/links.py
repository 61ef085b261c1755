"""The links: one slot for each direct exit of an installed block.

A slot that is linked leads to a block in two ways: by the place of its bytecode, which stands in
the bytecode of the block that is left, and by its code pointer in the link table. 0, and the
pointer ``unlinked``, come back to the dispatcher.
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
        """The location that names a key, or -1."""
        self._pool = Pool(tables.MAX_SLOTS)
        self._targets: dict[int, BlockKey] = {}
        self._sites: dict[int, int] = {}
        """Indices of the u32 in the bytecode that chain the slots."""
        self._into: dict[BlockKey, set[int]] = {}

    @property
    def end(self) -> int:
        """All slots are below this number."""
        return self._pool.end

    @property
    def count(self) -> int:
        """How many slots are linked."""
        return sum(1 for site in self._sites.values() if self._tables.words32[site])

    def has_room(self, slots: int) -> bool:
        """Whether there are so many slots more."""
        return self._pool.has(slots)

    def clear(self) -> None:
        """Take every slot back: there are no blocks."""
        self._pool.clear()

    def add(self, target: BlockKey, block_id: int) -> int:
        """A new slot that leads to a key, whose block has this id now; 0: it has none."""
        slot = self._pool.take()
        self._targets[slot] = target
        self._into.setdefault(target, set()).add(slot)
        location = self._location_of(target)
        self._tables.slot_location.view[slot] = location
        self._tables.slot_target.view[slot] = block_id if location < 0 else 0
        return slot

    def place(self, slot: int, site: int) -> None:
        """The slot's u32 in the bytecode is the one with index ``site``."""
        t = self._tables
        self._sites[slot] = site
        t.slot_site.view[slot] = t.words.address + site * 4
        t.link_code.view[slot] = t.unlinked

    def target(self, slot: int) -> BlockKey:
        """The key that a slot leads to."""
        return self._targets[slot]

    def link(self, slot: int, block_id: int) -> None:
        """Chain a slot to a block."""
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
        """Slots that lead to a key without a location find its block by this id; 0: by none."""
        for slot in self._into.get(key, ()):
            self._tables.slot_target.view[slot] = block_id

    def compiled(self, key: BlockKey, code: int) -> None:
        """The slots that are linked to a key's block lead to its unit."""
        t = self._tables
        for slot in self._into.get(key, ()):
            if t.words32[self._sites[slot]]:
                t.link_code.view[slot] = code

    def drop(self, slots: Collection[int]) -> None:
        """Take slots back; nothing runs that could leave by them."""
        for slot in slots:
            self._into[self._targets.pop(slot)].discard(slot)
            del self._sites[slot]
            self._tables.link_code.view[slot] = self._tables.unlinked
        self._pool.give_back(*slots)

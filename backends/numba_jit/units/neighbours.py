"""Which blocks lead to each other: what regions are formed from."""

from collections.abc import Iterable, Iterator

from backends.numba_jit import abi
from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.tables import Tables
from dbt.interfaces import PAGE
from dbt.ir.block import BlockKey, frontend_mode


class Neighbours:
    """The neighbours of one executor's blocks, by id."""

    def __init__(self, shared: Tables, blocks: BlockTable) -> None:
        self._linked = shared.slot_block.view
        self._positions, self._at = shared.slot_position.view, shared.block_at.view
        self._blocks = blocks

    def following(self, block_id: int) -> Iterator[int]:
        """The blocks that a block is linked to, the one that completes its last instruction, linked
        or not, and the one behind it; zeros for those that are not there."""
        for slot in self._blocks.slots(block_id):
            yield self._linked[slot] or self._completing(slot)
        extent = self._blocks.extent(block_id)
        mode = frontend_mode(extent.key.mode)
        yield self._blocks.get(BlockKey((extent.key.pc + extent.size) & 0xFFFFFFFF, mode))

    def _completing(self, slot: int) -> int:
        """The block that a slot leads to, if its condition has been tested in front of the slot."""
        position = self._positions[slot]
        if position < abi.PASSED:  # or it has none
            return 0
        return int(self._at[abi.position_index(position)])

    def page(self, block_id: int) -> int:
        """The page that a block begins on."""
        return self._blocks.key(block_id).pc // PAGE

    def on_page(self, page: int) -> Iterable[int]:
        """The blocks that begin on a page."""
        return self._blocks.begun_on(page)

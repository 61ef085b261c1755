"""The record of an installed block."""

import attrs

from dbt.ir.block import Block, BlockKey


@attrs.define(eq=False)
class Installed:
    """One installed block, with the numbers that the executor has given it."""

    block: Block
    block_id: int
    slots: tuple[int, ...]
    """The link slots of its direct exits, in the order of ``exit_targets``; none for Swi and
    Hook."""
    entries: list[int]
    """The entry indices of the locations that lead to it."""
    probes: bool
    """True when its code begins with a test of ``tables.PROBED``, and returns WatchHit if the block
    is set there."""

    @property
    def key(self) -> BlockKey:
        """The block's key."""
        return self.block.key

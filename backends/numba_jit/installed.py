"""Installed blocks."""

import attrs

from dbt.ir.block import Block, BlockKey


@attrs.define(eq=False)
class Installed:
    """One installed block: what its executor gave it, and tiers have to know."""

    block: Block
    block_id: int
    slots: tuple[int, ...]
    """Link slots of its direct exits."""
    entries: list[int]
    """Entry indices of the locations that lead here."""
    probes: bool
    """It begins with a probe: it comes back when ``tables.PROBED`` has it."""

    @property
    def key(self) -> BlockKey:
        """The block's key."""
        return self.block.key

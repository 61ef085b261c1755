"""The record of an installed block."""

from collections.abc import Callable

import attrs

from dbt.ir.block import Block, BlockKey


@attrs.define(eq=False)
class Installed:
    """One installed block, with the numbers that the executor has given it."""

    key: BlockKey
    block_id: int
    slots: tuple[int, ...]
    """The link slots of its direct exits, in the order of ``exit_targets``; none for Swi and
    Hook."""
    entries: list[int]
    """The entry indices of the locations that lead to it."""
    probes: bool
    """True when its code begins with a test of ``tables.PROBED``, and returns WatchHit if the block
    is set there."""
    make: Callable[[], Block]
    """Returns the block, which need not be there yet."""
    copied: bool = False
    """True when it is not the block that runs, but code copied for its instructions."""

    _block: Block | None = attrs.field(default=None, init=False)

    @property
    def block(self) -> Block:
        """The block, the same each time: others remember its instructions."""
        if self._block is None:
            self._block = self.make()
        return self._block

"""What a unit compiler is asked for."""

import attrs

from dbt.ir.block import Block


@attrs.frozen(eq=False)
class UnitJob:
    """A block to compile. ``links`` are the link slots of its direct exits, in the order of
    ``dbt.ir.block.exit_targets`` (none for Swi and Hook)."""

    block: Block
    block_id: int
    links: tuple[int, ...] = ()
    check: bool = False
    """The unit looks first whether its block is flagged (``tables.FLAGGED``)."""

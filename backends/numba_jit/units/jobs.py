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
    probe: bool = False
    """The unit begins with a probe: it comes back when ``tables.PROBED`` has its block."""

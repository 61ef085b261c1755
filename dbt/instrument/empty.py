"""Change nothing: what the mechanism itself costs.

goto 0x8004         =>    goto 0x8004
"""

import attrs

from dbt.ir.block import Block
from dbt.passes.registry import register


@register("empty")
@attrs.frozen
class Empty:
    """The pass that does nothing."""

    def run(self, block: Block) -> None:
        """Leave the block as it is."""

"""Change nothing: what the mechanism itself costs.

goto 0x8004         =>    goto 0x8004
"""

from typing import ClassVar

import attrs

from dbt.interfaces import Place
from dbt.ir.block import Block
from dbt.passes.registry import register


@register("empty")
@attrs.frozen
class Empty:
    """The pass that does nothing."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Leave the block as it is."""

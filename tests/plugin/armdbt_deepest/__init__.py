"""Keep the stack pointer of each call on a side stack.

call 0x9000, link 0x8004    =>    %0:i32 = get r13
                                  push deepest %0
                                  call 0x9000, link 0x8004
"""

import attrs

from dbt.ir.block import Block, Call
from dbt.ir.builder import Builder
from dbt.passes.registry import register


@register("deepest")
@attrs.frozen
class Deepest:
    """Push ``slot`` on side stack ``deepest`` at every call."""

    slot: str = "r13"

    def run(self, block: Block) -> None:
        """Push before a call leaves the block."""
        match block.exit:
            case Call():
                emit = Builder(block.insts)
                emit.push("deepest", emit.get(self.slot))

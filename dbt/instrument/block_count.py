"""Count how often each block is entered, in one inline counter per block.

block 0x8000 {                  =>    block 0x8000 {
  insn 0x8000 4                         count block:0x8000
  goto 0x8004                           insn 0x8000 4
}                                       goto 0x8004
                                      }
"""

from typing import ClassVar

import attrs

from dbt.interfaces import Place
from dbt.ir import ops
from dbt.ir.block import Block, Inst
from dbt.passes.registry import register

PREFIX = "block:"


@register("block-count")
@attrs.frozen
class BlockCount:
    """Counter ``block:PC`` for each block key."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Count at the head of the block."""
        name = f"{PREFIX}{block.key}"
        block.insts.insert(0, Inst(ops.COUNT, (), None, (name,)))

"""Count calls by target, and returns.

call 0x9000, link 0x8004      =>    count call:0x9000
                                    call 0x9000, link 0x8004
"""

from typing import ClassVar

import attrs

from dbt.interfaces import Place
from dbt.ir.block import Block, BlockKey, Call, Return
from dbt.ir.builder import Builder
from dbt.passes.registry import register


@register("call-count")
@attrs.frozen
class CallCount:
    """Counters ``call:TARGET`` (``call:*`` for computed targets) and ``return``."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Count before a call or return leaves the block."""
        emit = Builder(block.insts)
        match block.exit:
            case Call(target=BlockKey() as target):
                emit.count(f"call:{target}")
            case Call():
                emit.count("call:*")
            case Return():
                emit.count("return")

"""Count how often each edge out of a block is taken; computed targets share one edge, ``*``.

branch %0, 0x8010, 0x8004     =>    %1:i1 = not %0
                                    count edge:0x8000->0x8010 when %0
                                    count edge:0x8000->0x8004 when %1
                                    branch %0, 0x8010, 0x8004
"""

from typing import ClassVar

import attrs

from dbt.interfaces import Place
from dbt.ir.block import Block, BlockKey, Branch, Call, Goto, Halt, Hook, Jump, Return, Swi
from dbt.ir.builder import Builder
from dbt.passes.registry import register

PREFIX = "edge:"


@register("edge-count")
@attrs.frozen
class EdgeCount:
    """Counters ``edge:SOURCE->TARGET``."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Count before the exit."""
        emit = Builder(block.insts)
        source = block.key

        def edge(target: object) -> str:
            return f"{PREFIX}{source}->{target}"

        match block.exit:
            case Branch(cond=cond, taken=taken, other=other):
                not_cond = emit.not_(cond)
                emit.when = cond
                emit.count(edge(taken))
                emit.when = not_cond
                emit.count(edge(other))
            case Goto(target=target) | Swi(resume=target) | Call(target=BlockKey() as target):
                emit.count(edge(target))
            case Jump() | Return() | Call():
                emit.count(edge("*"))
            case Hook() | Halt():
                pass

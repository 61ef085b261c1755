"""Check that each return leads to the instruction after its call.

call 0x9000, link 0x8004    =>    push shadow 0x8004
                                  call 0x9000, link 0x8004

return %0                   =>    %1:i32 = pop shadow
                                  %2:i1 = ne %1, %0
                                  count return-mismatch when %2
                                  trap_if return-mismatch %2
                                  return %0
"""

from typing import ClassVar

import attrs

from dbt import choices
from dbt.interfaces import Place
from dbt.ir.block import Block, Call, Return
from dbt.ir.builder import Builder
from dbt.passes.registry import register

STACK = "shadow"
MISMATCH = "return-mismatch"


def _trap(given: object) -> bool:
    return choices.truth("trap", given)


@register("shadow-stack")
@attrs.frozen
class ShadowStack:
    """Keep return addresses on a side stack. Count mismatches; with ``trap``, stop at the first.

    Some mismatches are legitimate (longjmp, a return used as a jump, the first return of code that
    was not called). For programs that have them use ``trap=false``.
    """

    place: ClassVar[Place] = "exit"

    trap: bool = attrs.field(default=True, converter=_trap)

    def run(self, block: Block) -> None:
        """Push at calls, pop and compare at returns."""
        emit = Builder(block.insts)
        match block.exit:
            case Call(link=link):
                emit.push(STACK, emit.const(link))
            case Return(target=target):
                mismatch = emit.ne(emit.pop(STACK), target)
                emit.when = mismatch
                emit.count(MISMATCH)
                emit.when = None
                if self.trap:
                    emit.trap_if(mismatch, MISMATCH)

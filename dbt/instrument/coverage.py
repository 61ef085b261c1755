"""Note which blocks are executed, with their addresses and sizes: block coverage.

block 0x8000 {                  =>    block 0x8000 {
  insn 0x8000 4                         count cover:0x8000+8
  insn 0x8004 4                         insn 0x8000 4
  goto 0x8008                           insn 0x8004 4
}                                       goto 0x8008
                                      }
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import attrs

from dbt.interfaces import Place
from dbt.ir import ops
from dbt.ir.block import Block, Inst
from dbt.passes.registry import register

PREFIX = "cover:"


@register("coverage")
@attrs.frozen
class Coverage:
    """Counter ``cover:PC+BYTES`` for each block: all that coverage formats need."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Count at the head of the block. The size is what its instructions span."""
        marks = [inst.imm for inst in block.insts if inst.op is ops.INSN]
        widths: Any = [width for _, width, *_ in marks]
        size = sum(widths)
        if size:
            name = f"{PREFIX}{block.key.pc:#x}+{size}"
            block.insts.insert(0, Inst(ops.COUNT, (), None, (name,)))


def covered(counters: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Guest address and bytes of each executed block, from a snapshot of the counters."""
    for name, count in counters.items():
        if count and name.startswith(PREFIX):
            pc, _, size = name.removeprefix(PREFIX).partition("+")
            yield int(pc, 16), int(size)

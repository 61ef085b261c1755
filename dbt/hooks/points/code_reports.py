"""Passes that report blocks and instructions to a Python function.

There are two of each kind, with a base. What calls a function cannot be copied. Where all code is
reported, backends would look for shapes of it to copy in vain, so those passes are not ``Local``.
Where some is, the others are, and most blocks are copied as ever.
"""

from dbt.classes import attrs
from dbt.hooks.points.accesses import only_if
from dbt.hooks.points.conditions import Condition
from dbt.interfaces import Place
from dbt.ir.block import CONDITION_PASSED, Block, Inst
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN
from dbt.typing import ClassVar


@attrs.define(eq=False)
class ReportBlocks:
    """Calls a function in front of the blocks that begin in ``where``:

    insn 0x8000 4    =>    invoke name 0x8000, 0x4, 0x1
                           insn 0x8000 4

    It gets the pc, the size in bytes, and the instructions that the block has counted and not
    completed.
    """

    name: str
    where: range
    condition: Condition | None = None

    def run(self, block: Block) -> None:
        """Instrument a block."""
        key = block.key
        # What comes behind an instruction's condition was begun by the block before.
        if key.mode & CONDITION_PASSED or not self.where.start <= key.pc < self.where.stop:
            return
        front: list[Inst] = []
        size, counted = span(block), block.insn_count
        _report(Builder(front), self.name, self.condition, key.pc, size, counted)
        block.insts[:0] = front


@attrs.define(eq=False)
class ReportAllBlocks(ReportBlocks):
    """See ``ReportBlocks``; for ``where`` that is all of memory."""

    at_heads: ClassVar[bool] = True


@attrs.define(eq=False)
class ReportSomeBlocks(ReportBlocks):
    """See ``ReportBlocks``; for ``where`` that most blocks begin outside of."""

    place: ClassVar[Place] = "head"


@attrs.define(eq=False)
class ReportInstructions:
    """Calls a function in front of each instruction in ``where``, as ``ReportBlocks`` does:

    insn 0x8000 4    =>    insn 0x8000 4
                           invoke name 0x8000, 0x4, 0x1
    """

    name: str
    where: range
    condition: Condition | None = None

    def run(self, block: Block) -> None:
        """Instrument a block."""
        counted, marks = block.insn_count, 0
        insts: list[Inst] = []
        for inst in block.insts:
            insts.append(inst)
            if inst.op is not INSN:
                continue
            marks += 1
            begun = marks == 1 and block.key.mode & CONDITION_PASSED
            pc, size = inst.imm
            assert not isinstance(pc, str)
            assert not isinstance(size, str)
            if not begun and self.where.start <= pc < self.where.stop:
                left = counted - block.completed(marks)
                _report(Builder(insts), self.name, self.condition, pc, size, left)
        block.insts[:] = insts


@attrs.define(eq=False)
class ReportAllInstructions(ReportInstructions):
    """See ``ReportInstructions``; for ``where`` that is all of memory."""


@attrs.define(eq=False)
class ReportSomeInstructions(ReportInstructions):
    """See ``ReportInstructions``; for ``where`` that most instructions are outside of."""

    place: ClassVar[Place] = "instruction"


def span(block: Block) -> int:
    """The bytes of a block's instructions."""
    return sum(int(inst.imm[1]) for inst in block.insts if inst.op is INSN)


def _report(
    emit: Builder, name: str, condition: Condition | None, pc: int, size: int, left: int
) -> None:
    if condition is not None:
        only_if(emit, condition.compile(emit, pc=pc))
    emit.invoke(name, emit.const(pc), emit.const(size), emit.const(left))

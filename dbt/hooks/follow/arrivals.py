"""The passes by which translated code reports that control has arrived somewhere, and accesses to
memory, to a compiled function."""

from collections.abc import Collection, Container
from typing import ClassVar

import attrs

from dbt.hooks.follow import decisions as d
from dbt.hooks.points.accesses import WRITE, Access, at_accesses, only_if, touches
from dbt.ir.block import CONDITION_PASSED, Block
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN
from dbt.ir.types import I64


@attrs.define(eq=False)
class ReportArrivals:
    """Begins blocks at some places with a call.

    insn 0x8000 4    =>    insn 0x8000 4
                           invoke record.arrived 0x7f0000001000:i64 0x8000:i64 0x1
    """

    function: str
    """The one that is called: ``decide`` of ``Executor.decision``."""
    places: Container[int]
    """pcs of functions; return sites with ``decisions.SITE`` added."""
    numbers: int
    """The address that the function finds everything by."""
    flags: int = 0
    """Added to the place, in what the function is given."""

    def concerns(self, pc: int, end: int) -> bool:
        """See ``Selective``: places are boundaries."""
        del end
        return pc in self.places or pc | d.SITE in self.places

    def run(self, block: Block) -> None:
        """Insert the calls, if control arrives somewhere with this block."""
        pc = block.key.pc
        if block.key.mode & CONDITION_PASSED:
            return
        calls = Builder([])
        numbers = calls.const(self.numbers, I64)
        for what in (pc | d.SITE, pc):
            if what in self.places:
                told, counted = calls.const(what | self.flags, I64), calls.const(block.insn_count)
                calls.invoke(self.function, numbers, told, counted)
        at = 1 if block.insts and block.insts[0].op is INSN else 0
        block.insts[at:at] = calls.insts


@attrs.define(eq=False)
class ReportBlocks:
    """Begins all blocks with a call.

    insn 0x8000 4    =>    invoke record.arrived 0x7f0000001000:i64 0x4800008000:i64 0x1
                           insn 0x8000 4
    """

    at_heads: ClassVar[bool] = True

    function: str
    numbers: int
    """As in ``ReportArrivals``."""

    def run(self, block: Block) -> None:
        """Insert the call, except in the second part of a conditional instruction."""
        size = sum(inst.imm[1] for inst in block.insts if inst.op is INSN)  # type: ignore[misc]
        if block.key.mode & CONDITION_PASSED or not size:
            return
        calls = Builder([])
        what = block.key.pc | d.BLOCK | size << d.SIZE_AT
        numbers, told = calls.const(self.numbers, I64), calls.const(what, I64)
        calls.invoke(self.function, numbers, told, calls.const(block.insn_count))
        block.insts[:0] = calls.insts


@attrs.define(eq=False)
class ReportMemory:
    """Calls a function behind accesses of some ``kinds`` to ``where``, which are those that
    ``ReportAccesses`` has. Here, all stores:

    insn 0x8000 4        =>    insn 0x8000 4
    %0:i32 = get r1            %0:i32 = get r1
    store %0, 0x1              store %0, 0x1
                               invoke record.accessed 0x7f0000001000:i64, 0xe00008000:i64, %0, 0x1
    """

    adds_behind: ClassVar[bool] = True

    function: str
    """The one that is called: ``access`` of ``Executor.decision``."""
    numbers: int
    """As in ``ReportArrivals``."""
    where: range
    kinds: Collection[int]

    def run(self, block: Block) -> None:
        """Insert the calls."""
        counted = block.insn_count

        def behind(emit: Builder, access: Access) -> None:
            if access.kind not in self.kinds:
                return
            only_if(emit, touches(emit, access, self.where))
            kind = d.ACCESS | d.WRITES * (access.kind == WRITE) | access.size.bit_length() - 1
            left = counted - block.completed(access.index + 1)
            what = access.pc | kind << d.KIND_AT | left << d.LEFT_AT
            numbers, told = emit.const(self.numbers, I64), emit.const(what, I64)
            emit.invoke(self.function, numbers, told, access.address, access.value)

        at_accesses(block, behind)

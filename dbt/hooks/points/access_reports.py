"""The pass that reports accesses to some memory to a Python function."""

from collections.abc import Collection

from dbt.classes import attrs
from dbt.hooks.points.accesses import WRITE, Access, at_accesses, only_if, touches
from dbt.hooks.points.conditions import Condition
from dbt.ir.block import Block, Value
from dbt.ir.builder import Builder
from dbt.typing import ClassVar

WRITES = 1 << 8
"""A bit of the number ``what`` of ``name``."""
SIZE = 0xFF
LEFT = 16
"""From this bit on, ``what`` has the instructions that the block has counted and not completed."""
ALL = range(1 << 32)
"""All of memory."""


@attrs.define(eq=False)
class ReportAccesses:
    """Calls a function behind accesses of some ``kinds`` to ``where``. Here, all stores:

    insn 0x8000 4        =>    insn 0x8000 4
    %0:i32 = get r1            %0:i32 = get r1
    store %0, 0x1              invoke name.before %0, 0x4
                               store %0, 0x1
                               invoke name 0x8000, %0, 0x10104, 0x1

    ``name`` gets the pc, the address, ``what`` (the size, WRITES, and more from bit LEFT on), and
    the value. ``name.before`` gets the address and the size of what is about to be written.
    """

    adds_behind: ClassVar[bool] = True

    name: str
    where: range
    kinds: Collection[int]
    condition: Condition | None = None

    def run(self, block: Block) -> None:
        """Instrument a block."""
        counted = block.insn_count

        def concerns(emit: Builder, access: Access) -> bool:
            """Have what follows depend on what the user wants; False if he wants nothing of it."""
            if access.kind not in self.kinds:
                return False
            only_if(emit, touches(emit, access, self.where))
            return True

        def ahead(emit: Builder, access: Access) -> None:
            if concerns(emit, access):
                emit.invoke(f"{self.name}.before", access.address, emit.const(access.size))

        def behind(emit: Builder, access: Access) -> None:
            if not concerns(emit, access):
                return
            if self.condition is not None:
                event = access.values(emit)
                only_if(emit, self.condition.compile(emit, pc=access.pc, event=event))
            left = counted - block.completed(access.index + 1)
            what = access.size | WRITES * (access.kind == WRITE) | left << LEFT
            pc, what_ = emit.const(access.pc), emit.const(what)
            value: Value = access.value
            emit.invoke(self.name, pc, access.address, what_, value)

        at_accesses(block, behind, ahead)

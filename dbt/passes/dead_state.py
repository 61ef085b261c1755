"""Drop writes to slots that are overwritten before anything can see them.

set zf 0x0:i1            =>    set zf 0x1:i1
set zf 0x1:i1

Whatever may leave the block (a load, a store, a trap) sees all state, and so does a function that
is invoked: a write stays if such an op comes before the next write of its slot. A read of a slot
whose type may overlap is taken to see all slots of such types.
"""

from dbt.classes import attrs
from dbt.ir.block import Block, Inst
from dbt.ir.ops import GET, INVOKE, OPS, SET
from dbt.passes.registry import register

_OBSERVERS = frozenset(op for op in OPS.values() if op.may_stop) | {INVOKE}


@register("dead-state")
@attrs.frozen
class DeadState:
    """Drop state writes nobody can observe."""

    def run(self, block: Block) -> None:
        """One walk up, with the slots that are written below before being seen."""
        overwritten: set[int | str] = set()
        overlapping: set[int | str] = set()
        """Those of them whose type may overlap."""
        kept: list[Inst] = []
        for inst in reversed(block.insts):
            op = inst.op
            if op is SET:
                slot = inst.imm[0]
                if slot in overwritten:
                    continue
                if inst.when is None:
                    overwritten.add(slot)
                    type_ = inst.args[0].type
                    if type_ is not None and type_.overlapping:
                        overlapping.add(slot)
            elif op is GET:
                overwritten.discard(inst.imm[0])
                if inst.type is not None and inst.type.overlapping:
                    overwritten -= overlapping
            elif op in _OBSERVERS:
                overwritten.clear()
            kept.append(inst)
        kept.reverse()
        block.insts = kept

"""Forward what a slot is known to hold: one read a slot, none after a write.

%0:i32 = get r1          =>    %0:i32 = get r1
%1:i32 = get r1                %1:i32 = add %0, %0
%2:i32 = add %0, %1            set r1 %1
set r1 %2                      set r2 %1
%3:i32 = get r1
set r2 %3

A predicated write of a slot whose value is known becomes a choice, so that the slot stays known:

%0:i32 = get r1          =>    %0:i32 = get r1
%1:i1 = get zf                 %1:i1 = get zf
set r1 0x5 when %1             %2:i32 = select %1, 0x5, %0
%2:i32 = get r1                set r1 %2
set r2 %2                      set r2 %2

A write of what the slot already holds is dropped. After ``invoke`` nothing is known. Slots of a
type that may overlap are taken to overlap: after a write of one, nothing is known of the others.
"""

from dbt.classes import attrs
from dbt.ir.block import Block, Inst, Value
from dbt.ir.ops import GET, INVOKE, SELECT, SET
from dbt.passes.registry import register
from dbt.passes.rewrite import replace_in_exit, replace_operands


@register("state-forward")
@attrs.frozen
class StateForward:
    """Make later reads of a slot use the value read or written before."""

    def run(self, block: Block) -> None:
        """One walk down; only ``set``, and functions invoked, change state within a block."""
        known: dict[int | str, Value] = {}
        replaced: dict[Value, Value] = {}
        out: list[Inst] = []
        for inst in block.insts:
            op = inst.op
            if op is GET:
                slot = inst.imm[0]
                if slot in known:
                    replaced[inst] = known[slot]
                    continue
                known[slot] = inst
            else:
                if replaced:
                    replace_operands(inst, replaced)
                if op is SET and self._redundant(inst, known, out):
                    continue
                if op is INVOKE:
                    known.clear()
            out.append(inst)
        block.insts = out
        if replaced:
            replace_in_exit(block, replaced)

    def _redundant(self, inst: Inst, known: dict[int | str, Value], out: list[Inst]) -> bool:
        """Note a write; True when it changes nothing."""
        slot, value = inst.imm[0], inst.args[0]
        old = known.get(slot)
        if old is value:
            return True
        if value.type is not None and value.type.overlapping:
            _forget_others(slot, known)
        if inst.when is None:
            known[slot] = value
        elif old is None:
            known.pop(slot, None)
        else:
            choice = Inst(SELECT, (inst.when, value, old), value.type)
            out.append(choice)
            inst.args, inst.when = (choice,), None
            known[slot] = choice
        return False


def _forget_others(slot: int | str, known: dict[int | str, Value]) -> None:
    """Forget what all slots hold that a write of one may change."""
    changed = [
        name
        for name, value in known.items()
        if name != slot and value.type is not None and value.type.overlapping
    ]
    for name in changed:
        del known[name]

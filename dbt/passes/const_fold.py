"""Compute what is known at translation time.

%0:i32 = add 0x8000, 0x8       =>    set r0 0x8008
set r0 %0                            goto 0x8010
set r1 %0 when 0x0:i1
branch 0x1:i1, 0x8010, 0x8004
"""

from dbt.classes import attrs
from dbt.ir.block import Block, Branch, Const, Goto, Inst, Value
from dbt.ir.evaluate import evaluate_pure
from dbt.ir.ops import CHECK_ALIGN, FSTATUS, OPS, TRAP_IF
from dbt.passes.registry import register
from dbt.passes.rewrite import replace_in_exit, replace_operands

_PURE = frozenset(op for op in OPS.values() if op.pure)
_TESTS = frozenset({TRAP_IF, CHECK_ALIGN})
"""Ops whose operand says whether they have an effect."""


def folded(inst: Inst) -> Const | None:
    """The constant a pure instruction computes, None when an operand is not constant. Floating
    point is left to run: a status may be read of it. Vectors are left to the backend."""
    if inst.op.has_status or inst.op.vector or inst.op is FSTATUS:
        return None
    for arg in inst.args:
        if type(arg) is not Const:
            return None
    values = [arg.value for arg in inst.args if isinstance(arg, Const)]
    types = [arg.type for arg in inst.args if isinstance(arg, Const)]
    assert inst.type is not None
    return Const(evaluate_pure(inst.op, inst.type, values, types), inst.type)


@register("const-fold")
@attrs.frozen
class ConstFold:
    """Fold pure ops of constants, effects that never or always happen, and branches."""

    def run(self, block: Block) -> None:
        """One walk down."""
        replaced: dict[Value, Value] = {}
        out: list[Inst] = []
        for inst in block.insts:
            if replaced:
                replace_operands(inst, replaced)
            if inst.op in _PURE:
                if type(inst.args[-1]) is Const and (constant := folded(inst)):
                    replaced[inst] = constant
                    continue
            elif (type(inst.when) is Const or inst.op in _TESTS) and self._undone(inst):
                if inst.type is not None:
                    replaced[inst] = Const(0, inst.type)
                continue
            out.append(inst)
        block.insts = out
        if replaced:
            replace_in_exit(block, replaced)
        self._fold_exit(block)

    def _undone(self, inst: Inst) -> bool:
        """True when the effect never happens; a predicate that always holds is dropped."""
        if isinstance(inst.when, Const):
            if not inst.when.value:
                return True
            inst.when = None
        tested = inst.args[0] if inst.op in _TESTS else None
        if not isinstance(tested, Const):
            return False
        return not (tested.value if inst.op is TRAP_IF else tested.value % int(inst.imm[0]))

    def _fold_exit(self, block: Block) -> None:
        match block.exit:
            case Branch(cond=Const(value=value), taken=taken, other=other):
                block.exit = Goto(taken if value else other)

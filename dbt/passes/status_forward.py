"""Forward the status of floating point from one operation on vectors to the next.

%0:i32 = get r0                    =>    %0:i32 = get r0
%1:i32 = and %0, 0x400009f               %1:i32 = and %0, 0x400009f
%2:i32 = or %1, 0x3000000                %2:i32 = or %1, 0x3000000
%3:v128 = get v0                         %3:v128 = get v0
%4:v128 = vfadd %3, %3, %2               %4:v128 = vfadd %3, %3, %2
%5:i32 = fstatus %4                      %5:i32 = fstatus %4
%6:i32 = and %5, 0x9f                    %6:i32 = and %5, 0x9f
%7:i32 = or %0, %6                       %7:i32 = or %0, %6
%8:i32 = and %7, 0x400009f               %8:i32 = and %7, 0x400009f
%9:i32 = or %8, 0x3000000                %9:i32 = or %8, 0x3000000
%10:v128 = vfadd %4, %4, %9              %10:v128 = vfadd %4, %4, %5
%11:i32 = fstatus %10                    %11:i32 = fstatus %10
%12:i32 = and %11, 0x9f                  %12:i32 = and %11, 0x9f
%13:i32 = or %7, %12                     %13:i32 = or %0, %12
set r0 %13                               set r0 %13

A guest may have another status for vectors, which is made of the one that it keeps, and to which
what was raised is added. What an operation gives is the status that it took, with further
exceptions. So the next may take it as it is, and the last has all exceptions.
"""

from dbt.classes import attrs
from dbt.ir.block import Block, Const, Inst, Value
from dbt.ir.floating import EXCEPTIONS
from dbt.ir.ops import AND, FSTATUS, OR
from dbt.passes.registry import register
from dbt.passes.rewrite import replace_in_exit, replace_operands


@register("status-forward")
@attrs.frozen
class StatusForward:
    """Make operations use the status after the one before."""

    def run(self, block: Block) -> None:
        """One walk down. Values that are no longer used are left for dead-code."""
        if not any(inst.op is FSTATUS for inst in block.insts):
            return
        replaced: dict[Value, Value] = {}
        for inst in block.insts:
            if replaced:
                replace_operands(inst, replaced)
            if inst.op is OR:
                if (status := _as_before(inst)) is not None:
                    replaced[inst] = status
                else:
                    _skip(inst)
        if replaced:
            replace_in_exit(block, replaced)


def _as_before(inst: Inst) -> Value | None:
    """The status that an instruction makes once more: ``or (and (or x s) M) C`` for a status s that
    comes from ``or (and x M) C``."""
    match inst.args:
        case (Inst(op=op, args=(Inst() as kept, Const() as mask)), Const() as more) if op is AND:
            added = _added(kept)
            if added is None or EXCEPTIONS & ~mask.value:
                return None
            known, status = added
            match _first(status):
                case Inst(op=op, args=(Inst(op=inner, args=(base, m)), c)) if op is OR:
                    same = inner is AND and base is known and _is(m, mask) and _is(c, more)
                    return status if same else None
    return None


def _skip(inst: Inst) -> None:
    """Leave out exceptions that those added last contain."""
    added = _added(inst)
    earlier = _added(added[0]) if added and isinstance(added[0], Inst) else None
    if added and earlier and _comes_after(added[1], earlier[1]):
        inst.args = (earlier[0], inst.args[1])


def _added(inst: Inst) -> tuple[Value, Value] | None:
    """(x, s) where an instruction adds the exceptions of a status s to x."""
    match inst.op, inst.args:
        case op, (known, Inst(op=cut, args=(Inst(op=kind) as status, Const(value=bits)))):
            if op is OR and cut is AND and kind is FSTATUS and bits == EXCEPTIONS:
                return known, status
    return None


def _before(status: Value) -> Value | None:
    """The status that the operation took whose status this is."""
    if not isinstance(status, Inst) or status.op is not FSTATUS:
        return None
    operation = status.args[0]
    assert isinstance(operation, Inst)
    return operation.args[-1]


def _first(status: Value) -> Value:
    """The status in front of all operations in a row."""
    while (before := _before(status)) is not None:
        status = before
    return status


def _comes_after(status: Value, earlier: Value) -> bool:
    """Whether a status is that of an operation in a row behind another one."""
    found: Value | None = status
    while found is not None and found is not earlier:
        found = _before(found)
    return found is not None


def _is(value: Value, constant: Const) -> bool:
    return isinstance(value, Const) and value.value == constant.value

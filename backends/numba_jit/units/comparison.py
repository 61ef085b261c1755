"""Recognises the flags of a subtraction, which is what guests compare by."""

from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value


def same(a: Value, b: Value) -> bool:
    """True when two operands are known to be equal."""
    if a is b:
        return True
    return isinstance(a, Const) and isinstance(b, Const) and a.value == b.value


def complemented(value: Value) -> Value | None:
    """The operand whose bitwise complement a value is, when that operand needs no code."""
    if isinstance(value, Const):
        return Const(value.value ^ value.type.mask, value.type)
    return value.args[0] if value.op is ops.NOT else None


def is_complement(value: Value, operand: Value) -> bool:
    """True when a value is known to be the bitwise complement of an operand."""
    known = complemented(value)
    return known is not None and same(known, operand)


def is_subtraction(value: Value, a: Value, b: Value) -> bool:
    """True for the instruction ``a - b``."""
    if not isinstance(value, Inst) or value.op is not ops.SUB:
        return False
    return same(value.args[0], a) and same(value.args[1], b)


def match_signs(negative: Value, overflow: Value) -> tuple[Value, Value, Value] | None:
    """(x, a, b) when the values are ``x < 0`` and the overflow of ``a - b``, as N and V are of a
    subtraction. Whether x is ``a - b`` is left to the caller."""
    match negative, overflow:
        case Inst(args=(x, Const(value=0))), Inst(args=(a, complement, Const(value=1))):
            if negative.op is ops.SLT and overflow.op is ops.OVERFLOW:
                b = complemented(complement)
                return None if b is None else (x, a, b)
    return None


def subtracted(overflow: Value) -> tuple[Value, Value] | None:
    """The operands (a, b) when a value is the overflow of ``a - b``, or of the sum of a and a
    constant, whose negative is b then."""
    match overflow:
        case Inst(args=(a, complement, Const(value=1))) if overflow.op is ops.OVERFLOW:
            b = complemented(complement)
            return None if b is None else (a, b)
        case Inst(args=(a, Const() as added, Const(value=0))) if overflow.op is ops.OVERFLOW:
            negated = -added.value & added.type.mask
            # 0 and the least number are their own negatives: the carry, or the overflow, differs.
            return (a, Const(negated, added.type)) if negated != added.value else None
    return None

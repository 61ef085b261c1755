"""Slots of one bit, computed again from what they were set to.

Flags are set by most instructions and read by few. Where a block is left amid it, all state has to
be right: so the cold code there computes them, from values that hot code has anyway.
"""

from backends.numba_jit.units.pure_ops import LOWER, PLAIN, WIDTH, plain
from backends.numba_jit.units.unit_text import Bit, Choice, UnitText
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.types import I1

_DEPTH = 4
"""Ops that a bit is computed by again, at most, one on the other: an addition of many words hands
its carry on."""


def bit_again(u: UnitText, name: str, bit: Bit) -> str:
    """Append lines that compute what a slot was set to; its text."""
    if not isinstance(bit, Choice):
        return _again(u, bit, _DEPTH)
    when, value = _again(u, bit.when, _DEPTH), _again(u, bit.value, _DEPTH)
    other = u.bit_before(name) if bit.otherwise is None else bit_again(u, name, bit.otherwise)
    return u.new(f"select i1 {when}, i1 {value}, i1 {other}")


def _again(u: UnitText, value: Value, depth: int) -> str:
    if not depth or not isinstance(value, Inst) or not _is_computed_again(value):
        return u.value(value)
    condition = u.relations.condition(value)
    if condition:
        return u.new(condition)
    hot = {arg: u.value(arg) for arg in value.args}
    u.names.update({arg: _again(u, arg, depth - 1) for arg in value.args})
    text = _computed(u, value)
    u.names.update(hot)
    return text


def _is_computed_again(value: Inst) -> bool:
    """Whether a value needs nothing but what is at hand: a bit, or a number shifted by a constant,
    of which one bit is taken."""
    if value.type is I1:
        return value.op in PLAIN or value.op in LOWER or value.op in WIDTH
    return value.op is ops.SHR and isinstance(value.args[1], Const)


def _computed(u: UnitText, inst: Inst) -> str:
    if inst.op in PLAIN:
        return plain(u, inst)
    if inst.op in LOWER:
        return LOWER[inst.op](u, inst, *map(u.value, inst.args))
    (operand,) = inst.args
    return u.new(f"{WIDTH[inst.op]} {operand.type} {u.value(operand)} to {inst.type}")

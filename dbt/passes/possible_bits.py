"""Which bits of a value may be 1, as far as the ops that compute it tell."""

from collections.abc import Callable

from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op

_DEPTH = 8
"""Ops that are looked at, one on the other."""


def possible_bits(value: Value, depth: int = _DEPTH) -> int:
    """The bits of an integer that may be 1: a mask within its type."""
    if isinstance(value, Const):
        return value.value
    assert value.type is not None
    bits = _OF_OPS.get(value.op) if depth else None
    return value.type.mask if bits is None else bits(value, depth - 1) & value.type.mask


def _either(inst: Inst, depth: int) -> int:
    *_, left, right = inst.args
    return possible_bits(left, depth) | possible_bits(right, depth)


def _both(inst: Inst, depth: int) -> int:
    left, right = inst.args
    return possible_bits(left, depth) & possible_bits(right, depth)


def _same(inst: Inst, depth: int) -> int:
    return possible_bits(inst.args[0], depth)


def _shifted(inst: Inst, depth: int) -> int:
    operand, amount = inst.args
    assert inst.type is not None
    if not isinstance(amount, Const):
        return inst.type.mask
    bits = possible_bits(operand, depth)
    if amount.value >= inst.type.bits:
        return 0
    return bits << amount.value if inst.op is ops.SHL else bits >> amount.value


_OF_OPS: dict[Op, Callable[[Inst, int], int]] = {
    ops.AND: _both, ops.OR: _either, ops.XOR: _either, ops.SELECT: _either, ops.ZEXT: _same,
    ops.TRUNC: _same, ops.SHL: _shifted, ops.SHR: _shifted,
}  # fmt: skip

"""Pure ops as LLVM text: two tables of plain opcodes, and a function for each op that needs more.

Each function takes the emitter, the instruction and the texts of its operands, appends lines, and
returns the text of the result. LLVM leaves large shift amounts and division by zero undefined; ours
are defined (``dbt/ir/ops.py``).
"""

from collections.abc import Callable
from typing import TypeAlias

from backends.numba_jit.units.comparison import complemented, is_subtraction, match_signs
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op
from dbt.ir.types import Type

Lower: TypeAlias = Callable[..., str]

PLAIN: dict[Op, str] = {
    ops.ADD: "add", ops.SUB: "sub", ops.MUL: "mul", ops.AND: "and", ops.OR: "or", ops.XOR: "xor",
    ops.EQ: "icmp eq", ops.NE: "icmp ne", ops.ULT: "icmp ult", ops.ULE: "icmp ule",
    ops.SLT: "icmp slt", ops.SLE: "icmp sle",
}  # fmt: skip
"""Ops that are one LLVM instruction on two operands of one type."""

WIDTH = {ops.ZEXT: "zext", ops.SEXT: "sext", ops.TRUNC: "trunc"}
"""Ops that are one LLVM conversion."""


def _not(u: UnitText, inst: Inst, a: str) -> str:
    return u.new(f"xor {inst.type} {a}, -1")


def _neg(u: UnitText, inst: Inst, a: str) -> str:
    return u.new(f"sub {inst.type} 0, {a}")


def _select(u: UnitText, inst: Inst, c: str, a: str, b: str) -> str:
    assert inst.type is not None
    type_ = LLVM_TYPES[inst.type.name]
    return u.new(f"select i1 {c}, {type_} {a}, {type_} {b}")


def _bitcast(u: UnitText, inst: Inst, a: str) -> str:
    operand, type_ = inst.args[0].type, inst.type
    assert operand is not None
    assert type_ is not None
    return u.new(f"bitcast {LLVM_TYPES[operand.name]} {a} to {LLVM_TYPES[type_.name]}")


def _sign(opcode: str, mask: Callable[[Type], int]) -> Lower:
    """A change of the sign, as integers: LLVM may do what it likes with a NaN's."""

    def lower(u: UnitText, inst: Inst, a: str) -> str:
        type_ = inst.type
        assert type_ is not None
        floating, integer = LLVM_TYPES[type_.name], f"i{type_.bits}"
        bits = u.new(f"bitcast {floating} {a} to {integer}")
        return u.new(
            f"bitcast {integer} {u.new(f'{opcode} {integer} {bits}, {mask(type_)}')} to {floating}"
        )

    return lower


def _constant(value: Value) -> int | None:
    return value.value if isinstance(value, Const) else None


def _bits(inst: Inst) -> int:
    assert inst.type is not None
    return inst.type.bits


# -- Division --------------------------------------------------------------------------------------


def _udiv(u: UnitText, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return u.new(f"and i1 {a}, {b}")
    zero = u.new(f"icmp eq {t} {b}, 0")
    divisor = u.new(f"select i1 {zero}, {t} 1, {t} {b}")
    quotient = u.new(f"udiv {t} {a}, {divisor}")
    return u.new(f"select i1 {zero}, {t} 0, {t} {quotient}")


def _sdiv(u: UnitText, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return u.new(f"and i1 {a}, {b}")
    zero = u.new(f"icmp eq {t} {b}, 0")
    minus = u.new(f"icmp eq {t} {b}, -1")
    special = u.new(f"or i1 {zero}, {minus}")
    divisor = u.new(f"select i1 {special}, {t} 1, {t} {b}")
    quotient = u.new(f"sdiv {t} {a}, {divisor}")
    negated = u.new(f"sub {t} 0, {a}")
    result = u.new(f"select i1 {minus}, {t} {negated}, {t} {quotient}")
    return u.new(f"select i1 {zero}, {t} 0, {t} {result}")


# -- Shifts ----------------------------------------------------------------------------------------


def _shift(opcode: str) -> Lower:
    def lower(u: UnitText, inst: Inst, a: str, b: str) -> str:
        t, bits = inst.type, _bits(inst)
        amount = _constant(inst.args[1])
        if amount is not None:
            return u.new(f"{opcode} {t} {a}, {b}") if amount < bits else "0"
        fits = u.new(f"icmp ult {t} {b}, {bits}")
        masked = u.new(f"and {t} {b}, {bits - 1}")
        shifted = u.new(f"{opcode} {t} {a}, {masked}")
        return u.new(f"select i1 {fits}, {t} {shifted}, {t} 0")

    return lower


def _sar(u: UnitText, inst: Inst, a: str, b: str) -> str:
    t, last = inst.type, _bits(inst) - 1
    amount = _constant(inst.args[1])
    if amount is not None:
        return u.new(f"ashr {t} {a}, {min(amount, last)}")
    fits = u.new(f"icmp ult {t} {b}, {last}")
    clamped = u.new(f"select i1 {fits}, {t} {b}, {t} {last}")
    return u.new(f"ashr {t} {a}, {clamped}")


def _ror(u: UnitText, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return a
    name = u.intrinsic(f"llvm.fshr.{t}", f"{t} @llvm.fshr.{t}({t}, {t}, {t})")
    return u.new(f"call {t} {name}({t} {a}, {t} {a}, {t} {b})")


# -- Bits ------------------------------------------------------------------------------------------


def _clz(u: UnitText, inst: Inst, a: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return u.new(f"xor i1 {a}, -1")
    name = u.intrinsic(f"llvm.ctlz.{t}", f"{t} @llvm.ctlz.{t}({t}, i1)")
    return u.new(f"call {t} {name}({t} {a}, i1 0)")


def _unary(intrinsic: str) -> Lower:
    def lower(u: UnitText, inst: Inst, a: str) -> str:
        t = inst.type
        if _bits(inst) == 1:
            return a
        name = u.intrinsic(f"llvm.{intrinsic}.{t}", f"{t} @llvm.{intrinsic}.{t}({t})")
        return u.new(f"call {t} {name}({t} {a})")

    return lower


# -- Comparison and flags --------------------------------------------------------------------------


def _complemented(u: UnitText, value: Value) -> str | None:
    """Text of the value whose complement ``value`` is, when that costs nothing."""
    known = complemented(value)
    return None if known is None else u.value(known)


def _carry(u: UnitText, inst: Inst, a: str, b: str, c: str) -> str:
    x, y, carry_in = inst.args
    t = x.type
    assert t is not None
    known = _constant(carry_in)
    if known is not None:
        # a + b carries when a > ~b; with a carry in when a >= ~b. Subtraction is a + ~b + 1.
        other = _complemented(u, y) or u.new(f"xor {t} {b}, -1")
        return u.new(f"icmp u{'ge' if known else 'gt'} {t} {a}, {other}")
    wide = f"i{2 * t.bits}"
    terms = [u.new(f"zext {t} {text} to {wide}") for text in (a, b)]
    total = u.new(f"add {wide} {terms[0]}, {terms[1]}")
    total = u.new(f"add {wide} {total}, {u.new(f'zext i1 {c} to {wide}')}")
    return u.new(f"icmp ugt {wide} {total}, {t.mask}")


def _with_overflow(u: UnitText, op: str, t: str, a: str, b: str) -> str:
    pair = f"{{{t}, i1}}"
    name = u.intrinsic(
        f"llvm.{op}.with.overflow.{t}", f"{pair} @llvm.{op}.with.overflow.{t}({t}, {t})"
    )
    both = u.new(f"call {pair} {name}({t} {a}, {t} {b})")
    return u.new(f"extractvalue {pair} {both}, 1")


def _overflow(u: UnitText, inst: Inst, a: str, b: str, c: str) -> str:
    x, y, carry_in = inst.args
    t = x.type
    assert t is not None
    known = _constant(carry_in)
    if t.bits > 1 and known == 0:
        return _with_overflow(u, "sadd", str(t), a, b)
    subtracted = _complemented(u, y) if t.bits > 1 and known == 1 else None
    if subtracted is not None:
        return _with_overflow(u, "ssub", str(t), a, subtracted)
    total = u.new(f"add {t} {a}, {b}")
    extended = u.new(f"zext i1 {c} to {t}") if t.bits > 1 else c
    total = u.new(f"add {t} {total}, {extended}")
    left, right = u.new(f"xor {t} {a}, {total}"), u.new(f"xor {t} {b}, {total}")
    both = u.new(f"and {t} {left}, {right}")
    return u.new(f"icmp slt {t} {both}, 0")


def plain(u: UnitText, inst: Inst) -> str:
    """Append an op of ``PLAIN``; its text."""
    a, b = inst.args
    opcode = PLAIN[inst.op]
    if inst.op is ops.EQ or inst.op is ops.NE:
        signed = _signed_comparison(a, b) or _signed_comparison(b, a)
        if signed:
            a, b = signed
            opcode = "icmp sge" if inst.op is ops.EQ else "icmp slt"
    return u.new(f"{opcode} {a.type} {u.value(a)}, {u.value(b)}")


def _signed_comparison(negative: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands (a, b) when the values are N and V of ``a - b``: then N != V says a < b."""
    signs = match_signs(negative, overflow)
    if signs is None:
        return None
    x, a, b = signs
    return (a, b) if is_subtraction(x, a, b) else None


LOWER: dict[Op, Lower] = {
    ops.NOT: _not, ops.NEG: _neg, ops.SELECT: _select, ops.UDIV: _udiv, ops.SDIV: _sdiv,
    ops.SHL: _shift("shl"), ops.SHR: _shift("lshr"), ops.SAR: _sar, ops.ROR: _ror, ops.CLZ: _clz,
    ops.BSWAP: _unary("bswap"), ops.RBIT: _unary("bitreverse"), ops.CARRY: _carry,
    ops.OVERFLOW: _overflow, ops.BITCAST: _bitcast,
    ops.FNEG: _sign("xor", lambda t: 1 << (t.bits - 1)),
    ops.FABS: _sign("and", lambda t: t.mask >> 1),
}  # fmt: skip

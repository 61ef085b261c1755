"""Pure ops as LLVM text: two tables of plain opcodes, and a function for each op that needs more.

Each function takes the emitter, the instruction and the texts of its operands, appends lines, and
returns the text of the result. LLVM leaves large shift amounts and division by zero undefined; ours
are defined (``dbt/ir/ops.py``).
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op


class Emitter(Protocol):
    """What the functions here ask of a block emitter."""

    def new(self, text: str) -> str:
        """Append ``%n = text``; returns ``%n``."""

    def intrinsic(self, name: str, declaration: str) -> str:
        """Have an intrinsic declared; returns its name with ``@``."""

    def value(self, value: Value) -> str:
        """The text of an operand."""


Lower: TypeAlias = Callable[..., str]

PLAIN: dict[Op, str] = {
    ops.ADD: "add", ops.SUB: "sub", ops.MUL: "mul", ops.AND: "and", ops.OR: "or", ops.XOR: "xor",
    ops.EQ: "icmp eq", ops.NE: "icmp ne", ops.ULT: "icmp ult", ops.ULE: "icmp ule",
    ops.SLT: "icmp slt", ops.SLE: "icmp sle",
}  # fmt: skip
"""Ops that are one LLVM instruction on two operands of one type."""

WIDTH = {ops.ZEXT: "zext", ops.SEXT: "sext", ops.TRUNC: "trunc"}
"""Ops that are one LLVM conversion."""


def _not(e: Emitter, inst: Inst, a: str) -> str:
    return e.new(f"xor {inst.type} {a}, -1")


def _neg(e: Emitter, inst: Inst, a: str) -> str:
    return e.new(f"sub {inst.type} 0, {a}")


def _select(e: Emitter, inst: Inst, c: str, a: str, b: str) -> str:
    return e.new(f"select i1 {c}, {inst.type} {a}, {inst.type} {b}")


def _constant(value: Value) -> int | None:
    return value.value if isinstance(value, Const) else None


def _bits(inst: Inst) -> int:
    assert inst.type is not None
    return inst.type.bits


# -- Division --------------------------------------------------------------------------------------


def _udiv(e: Emitter, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return e.new(f"and i1 {a}, {b}")
    zero = e.new(f"icmp eq {t} {b}, 0")
    divisor = e.new(f"select i1 {zero}, {t} 1, {t} {b}")
    quotient = e.new(f"udiv {t} {a}, {divisor}")
    return e.new(f"select i1 {zero}, {t} 0, {t} {quotient}")


def _sdiv(e: Emitter, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return e.new(f"and i1 {a}, {b}")
    zero = e.new(f"icmp eq {t} {b}, 0")
    minus = e.new(f"icmp eq {t} {b}, -1")
    special = e.new(f"or i1 {zero}, {minus}")
    divisor = e.new(f"select i1 {special}, {t} 1, {t} {b}")
    quotient = e.new(f"sdiv {t} {a}, {divisor}")
    negated = e.new(f"sub {t} 0, {a}")
    result = e.new(f"select i1 {minus}, {t} {negated}, {t} {quotient}")
    return e.new(f"select i1 {zero}, {t} 0, {t} {result}")


# -- Shifts ----------------------------------------------------------------------------------------


def _shift(opcode: str) -> Lower:
    def lower(e: Emitter, inst: Inst, a: str, b: str) -> str:
        t, bits = inst.type, _bits(inst)
        amount = _constant(inst.args[1])
        if amount is not None:
            return e.new(f"{opcode} {t} {a}, {b}") if amount < bits else "0"
        fits = e.new(f"icmp ult {t} {b}, {bits}")
        masked = e.new(f"and {t} {b}, {bits - 1}")
        shifted = e.new(f"{opcode} {t} {a}, {masked}")
        return e.new(f"select i1 {fits}, {t} {shifted}, {t} 0")

    return lower


def _sar(e: Emitter, inst: Inst, a: str, b: str) -> str:
    t, last = inst.type, _bits(inst) - 1
    amount = _constant(inst.args[1])
    if amount is not None:
        return e.new(f"ashr {t} {a}, {min(amount, last)}")
    fits = e.new(f"icmp ult {t} {b}, {last}")
    clamped = e.new(f"select i1 {fits}, {t} {b}, {t} {last}")
    return e.new(f"ashr {t} {a}, {clamped}")


def _ror(e: Emitter, inst: Inst, a: str, b: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return a
    name = e.intrinsic(f"llvm.fshr.{t}", f"{t} @llvm.fshr.{t}({t}, {t}, {t})")
    return e.new(f"call {t} {name}({t} {a}, {t} {a}, {t} {b})")


# -- Bits ------------------------------------------------------------------------------------------


def _clz(e: Emitter, inst: Inst, a: str) -> str:
    t = inst.type
    if _bits(inst) == 1:
        return e.new(f"xor i1 {a}, -1")
    name = e.intrinsic(f"llvm.ctlz.{t}", f"{t} @llvm.ctlz.{t}({t}, i1)")
    return e.new(f"call {t} {name}({t} {a}, i1 0)")


def _unary(intrinsic: str) -> Lower:
    def lower(e: Emitter, inst: Inst, a: str) -> str:
        t = inst.type
        if _bits(inst) == 1:
            return a
        name = e.intrinsic(f"llvm.{intrinsic}.{t}", f"{t} @llvm.{intrinsic}.{t}({t})")
        return e.new(f"call {t} {name}({t} {a})")

    return lower


# -- Comparison and flags --------------------------------------------------------------------------


def same(a: Value, b: Value) -> bool:
    """True when two operands are known to be equal."""
    if a is b:
        return True
    return isinstance(a, Const) and isinstance(b, Const) and a.value == b.value


def is_complement(a: Value, b: Value) -> bool:
    """True when ``a`` is the bitwise complement of ``b``."""
    if isinstance(a, Inst):
        return a.op is ops.NOT and same(a.args[0], b)
    return isinstance(b, Const) and a.value == b.value ^ b.type.mask


def _complemented(e: Emitter, b: Value) -> str | None:
    """Text of the value whose complement ``b`` is, when that costs nothing."""
    if isinstance(b, Const):
        return str(b.value ^ b.type.mask)
    return e.value(b.args[0]) if b.op is ops.NOT else None


def _carry(e: Emitter, inst: Inst, a: str, b: str, c: str) -> str:
    x, y, carry_in = inst.args
    t = x.type
    assert t is not None
    known = _constant(carry_in)
    if known is not None:
        # a + b carries when a > ~b; with a carry in when a >= ~b. Subtraction is a + ~b + 1.
        other = _complemented(e, y) or e.new(f"xor {t} {b}, -1")
        return e.new(f"icmp u{'ge' if known else 'gt'} {t} {a}, {other}")
    wide = f"i{2 * t.bits}"
    terms = [e.new(f"zext {t} {text} to {wide}") for text in (a, b)]
    total = e.new(f"add {wide} {terms[0]}, {terms[1]}")
    total = e.new(f"add {wide} {total}, {e.new(f'zext i1 {c} to {wide}')}")
    return e.new(f"icmp ugt {wide} {total}, {t.mask}")


def _with_overflow(e: Emitter, op: str, t: str, a: str, b: str) -> str:
    pair = f"{{{t}, i1}}"
    name = e.intrinsic(
        f"llvm.{op}.with.overflow.{t}", f"{pair} @llvm.{op}.with.overflow.{t}({t}, {t})"
    )
    both = e.new(f"call {pair} {name}({t} {a}, {t} {b})")
    return e.new(f"extractvalue {pair} {both}, 1")


def _overflow(e: Emitter, inst: Inst, a: str, b: str, c: str) -> str:
    x, y, carry_in = inst.args
    t = x.type
    assert t is not None
    known = _constant(carry_in)
    if t.bits > 1 and known == 0:
        return _with_overflow(e, "sadd", str(t), a, b)
    subtracted = _complemented(e, y) if t.bits > 1 and known == 1 else None
    if subtracted is not None:
        return _with_overflow(e, "ssub", str(t), a, subtracted)
    total = e.new(f"add {t} {a}, {b}")
    extended = e.new(f"zext i1 {c} to {t}") if t.bits > 1 else c
    total = e.new(f"add {t} {total}, {extended}")
    left, right = e.new(f"xor {t} {a}, {total}"), e.new(f"xor {t} {b}, {total}")
    both = e.new(f"and {t} {left}, {right}")
    return e.new(f"icmp slt {t} {both}, 0")


def signed_comparison(negative: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands (a, b) when the values are N and V of ``a - b``: then N != V says a < b."""
    match negative, overflow:
        case (
            Inst(op=ops_slt, args=(Inst(op=ops_sub, args=(a, b)), Const(value=0))),
            Inst(op=ops_overflow, args=(x, y, Const(value=1))),
        ):
            kinds = ops_slt is ops.SLT and ops_sub is ops.SUB and ops_overflow is ops.OVERFLOW
            if kinds and same(a, x) and is_complement(y, b):
                return a, b
    return None


LOWER: dict[Op, Lower] = {
    ops.NOT: _not, ops.NEG: _neg, ops.SELECT: _select, ops.UDIV: _udiv, ops.SDIV: _sdiv,
    ops.SHL: _shift("shl"), ops.SHR: _shift("lshr"), ops.SAR: _sar, ops.ROR: _ror, ops.CLZ: _clz,
    ops.BSWAP: _unary("bswap"), ops.RBIT: _unary("bitreverse"), ops.CARRY: _carry,
    ops.OVERFLOW: _overflow,
}  # fmt: skip

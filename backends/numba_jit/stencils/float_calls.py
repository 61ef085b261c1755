"""Ops of floating point in copied code: calls of the functions that units call, by a table.

Numbers are integers of the same width there: a stencil has no constants apart from its code, which
LLVM would make for the registers of floating point. Until a program needs them, the table is
missing: the first instruction that does is left to the evaluator.
"""

from collections.abc import Callable, Sequence

from backends.numba_jit.units.float_status import CONVENTION
from backends.numba_jit.units.float_text import FUNCTIONS, bits_of
from dbt.ir import ops
from dbt.ir.block import Inst
from dbt.ir.ops import Op
from dbt.ir.types import F32, F64, I16, Type
from dbt.typing import Protocol, TypeAlias


class Text(Protocol):
    """The text that calls are appended to."""

    def new(self, text: str) -> str:
        """Append a value; its name."""

    def called(self, index: int) -> str:
        """A pointer to the function with a number; leaves if there is no table."""


Result: TypeAlias = tuple[str, str]
"""The texts of a result and of the status after it."""
Emit: TypeAlias = Callable[..., Result]
_INDEX = {name: index for index, name in enumerate(FUNCTIONS)}


def _operand(inst: Inst, index: int) -> Type:
    type_ = inst.args[index].type
    assert type_ is not None
    return type_


def _call(u: Text, name: str, arguments: Sequence[str], status: str) -> Result:
    """Append a call of a function; the result is of its own type again."""
    result, parameters = FUNCTIONS[name]
    code, given = u.called(_INDEX[name]), []
    for kind, argument in zip(parameters, arguments, strict=True):
        integer = bits_of(kind)
        same = integer == kind
        text = argument if same else u.new(f"bitcast {kind} {argument} to {integer}")
        given.append(f"{integer} {text}")
    integer = bits_of(result)
    pair = f"{{{integer}, i32}}"
    both = u.new(f"call {CONVENTION} {pair} {code}({', '.join(given)}, i32 {status})")
    value = u.new(f"extractvalue {pair} {both}, 0")
    if integer != result:
        value = u.new(f"bitcast {integer} {value} to {result}")
    return value, u.new(f"extractvalue {pair} {both}, 1")


def _operation(name: str) -> Emit:
    def emit(u: Text, inst: Inst, *operands: str) -> Result:
        *numbers, status = operands
        return _call(u, f"fp.{name}.{inst.type}", numbers, status)

    return emit


def _compare(signals: str) -> Emit:
    def emit(u: Text, inst: Inst, a: str, b: str, status: str) -> Result:
        return _call(u, f"fp.cmp.{_operand(inst, 0)}", (a, b, signals), status)

    return emit


def _convert(u: Text, inst: Inst, a: str, status: str) -> Result:
    return _call(u, "fp.narrow" if inst.type is F32 else "fp.widen", (a,), status)


def _half(u: Text, inst: Inst, a: str, status: str) -> Result:
    if inst.type is not I16:
        return _call(u, "fp.from_half", (a,), status)
    return _call(u, "fp.to_half.f64" if _operand(inst, 0) is F64 else "fp.to_half", (a,), status)


def _to_integral(u: Text, inst: Inst, a: str, status: str) -> Result:
    return _call(u, f"fp.rint.{inst.type}", (a, str(inst.imm[0])), status)


def _from_integer(opcode: str) -> Emit:
    def emit(u: Text, inst: Inst, a: str, status: str) -> Result:
        wide = u.new(f"{opcode} i32 {a} to double")
        return (wide, status) if inst.type is F64 else _call(u, "fp.narrow", (wide,), status)

    return emit


def _to_integer(*, signed: bool) -> Emit:
    def emit(u: Text, inst: Inst, a: str, status: str) -> Result:
        least, most = (-(1 << 31), (1 << 31) - 1) if signed else (0, (1 << 32) - 1)
        return _call(u, f"fp.toint.{_operand(inst, 0)}", (a, "1.0", str(least), str(most)), status)

    return emit


CALLS: dict[Op, Emit] = {
    ops.FADD: _operation("add"), ops.FSUB: _operation("sub"), ops.FMUL: _operation("mul"),
    ops.FDIV: _operation("div"), ops.FSQRT: _operation("sqrt"), ops.FMA: _operation("fma"),
    ops.FRINT: _to_integral, ops.FCMP: _compare("0"), ops.FCMPE: _compare("1"), ops.FCVT: _convert,
    ops.HALF_TO_F: _half, ops.F_TO_HALF: _half,
    ops.SINT_TO_F: _from_integer("sitofp"), ops.UINT_TO_F: _from_integer("uitofp"),
    ops.F_TO_SINT: _to_integer(signed=True), ops.F_TO_UINT: _to_integer(signed=False),
}  # fmt: skip


_WHOLE = {
    ops.F_TO_SINT: (32, 0), ops.F_TO_UINT: (32, 0), ops.SINT_TO_F: (0,), ops.UINT_TO_F: (0,),
}  # fmt: skip
"""What conversions have as their numbers of bits and of fraction bits."""


def fits(inst: Inst) -> bool:
    """Whether an op of floating point can be in copied code: conversions of whole words only."""
    if inst.op not in CALLS:
        return False
    if inst.op is ops.FRINT:
        return type(inst.imm[0]) is int
    whole = _WHOLE.get(inst.op, ())
    return all(type(n) is int and n == m for n, m in zip(inst.imm, whole, strict=True))

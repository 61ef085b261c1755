"""Ops of floating point as LLVM text: calls of the functions of ``float_text``."""

from collections.abc import Callable
from typing import TypeAlias

from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ops
from dbt.ir.block import Inst
from dbt.ir.ops import Op
from dbt.ir.types import F64

Emit: TypeAlias = Callable[..., str]


def _call(u: UnitText, inst: Inst, function: str, result: str, *arguments: str) -> str:
    """Append a call; notes the status after it and returns the result."""
    kinds = ", ".join(argument.partition(" ")[0] for argument in arguments)
    pair = f"{{{result}, i32}}"
    u.intrinsic(function, f"{pair} @{function}({kinds})")
    both = u.new(f"call {pair} @{function}({', '.join(arguments)})")
    u.after[inst] = u.new(f"extractvalue {pair} {both}, 1")
    return u.new(f"extractvalue {pair} {both}, 0")


def _arithmetic(name: str) -> Emit:
    def emit(u: UnitText, inst: Inst, *operands: str) -> str:
        assert inst.type is not None
        *numbers, status = operands
        kind = LLVM_TYPES[inst.type.name]
        arguments = [f"{kind} {number}" for number in numbers]
        return _call(u, inst, f"fp.{name}.{inst.type}", kind, *arguments, f"i32 {status}")

    return emit


def _compare(signals: str) -> Emit:
    def emit(u: UnitText, inst: Inst, a: str, b: str, status: str) -> str:
        type_ = inst.args[0].type
        assert type_ is not None
        kind = LLVM_TYPES[type_.name]
        arguments = (f"{kind} {a}", f"{kind} {b}", f"i1 {signals}", f"i32 {status}")
        return _call(u, inst, f"fp.cmp.{type_}", "i8", *arguments)

    return emit


def _convert(u: UnitText, inst: Inst, a: str, status: str) -> str:
    if inst.type is F64:
        return _call(u, inst, "fp.widen", "double", f"float {a}", f"i32 {status}")
    return _call(u, inst, "fp.narrow", "float", f"double {a}", f"i32 {status}")


def _from_half(u: UnitText, inst: Inst, a: str, status: str) -> str:
    return _call(u, inst, "fp.from_half", "float", f"i16 {a}", f"i32 {status}")


def _to_half(u: UnitText, inst: Inst, a: str, status: str) -> str:
    return _call(u, inst, "fp.to_half", "i16", f"float {a}", f"i32 {status}")


def _from_integer(opcode: str) -> Emit:
    """As f64 every integer of 32 bits is exact, also divided by a power of 2."""

    def emit(u: UnitText, inst: Inst, a: str, status: str) -> str:
        fraction = int(inst.imm[0])
        wide = u.new(f"{opcode} i32 {a} to double")
        if fraction:
            wide = u.new(f"fmul double {wide}, {2.0**-fraction!r}")
        if inst.type is F64:
            u.after[inst] = status
            return wide
        return _call(u, inst, "fp.narrow", "float", f"double {wide}", f"i32 {status}")

    return emit


def _to_integer(*, signed: bool) -> Emit:
    def emit(u: UnitText, inst: Inst, a: str, status: str) -> str:
        type_ = inst.args[0].type
        assert type_ is not None
        bits, fraction = (int(number) for number in inst.imm)
        least, most = (
            (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        )
        arguments = (f"double {2.0**fraction!r}", f"i64 {least}", f"i64 {most}", f"i32 {status}")
        operand = f"{LLVM_TYPES[type_.name]} {a}"
        return _call(u, inst, f"fp.toint.{type_}", "i32", operand, *arguments)

    return emit


FLOATING: dict[Op, Emit] = {
    ops.FADD: _arithmetic("add"), ops.FSUB: _arithmetic("sub"), ops.FMUL: _arithmetic("mul"),
    ops.FDIV: _arithmetic("div"), ops.FSQRT: _arithmetic("sqrt"), ops.FMA: _arithmetic("fma"),
    ops.FCMP: _compare("0"), ops.FCMPE: _compare("1"), ops.FCVT: _convert,
    ops.HALF_TO_F: _from_half, ops.F_TO_HALF: _to_half,
    ops.SINT_TO_F: _from_integer("sitofp"), ops.UINT_TO_F: _from_integer("uitofp"),
    ops.F_TO_SINT: _to_integer(signed=True), ops.F_TO_UINT: _to_integer(signed=False),
}  # fmt: skip

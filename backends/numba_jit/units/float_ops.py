"""Ops of floating point as LLVM text: the fast way of ``float_text`` in the unit, and calls of its
functions where that may be wrong."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from backends.native.stamps import has_feature
from backends.numba_jit.units.detour import Detour, declared, unless
from backends.numba_jit.units.float_conversions import INTEGRAL
from backends.numba_jit.units.float_status import SPECIAL, span_of
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.relations import EQUAL, LESS, UNORDERED
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ops
from dbt.ir.block import Inst
from dbt.ir.floating import DOUBLE, FLUSH, INEXACT, ROUNDING_SHIFT, SINGLE, TO_ZERO
from dbt.ir.ops import Op
from dbt.ir.types import F32, F64, Type

Emit: TypeAlias = Callable[..., str]

_CUT = "llvm.x86.sse2.cvttsd2si64"
"""Unlike LLVM's own conversion it is defined for all numbers."""

_LEAST = {F32: 4 << SINGLE.fraction, F64: 4 << (DOUBLE.fraction - 32)}
"""The least magnitude of the results that are not looked at further: twice the least normal number.
Of a magnitude there are the 32 bits behind the sign, the last of a single being 0."""


def _call(u: UnitText, inst: Inst, function: str, result: str, *arguments: str) -> str:
    """Append a call; notes the status after it and returns the result."""
    call, pair = declared(u, function, result, arguments)
    both = u.new(call)
    u.after[inst] = u.new(f"extractvalue {pair} {both}, 1")
    return u.new(f"extractvalue {pair} {both}, 0")


def asks(u: UnitText, status: str, bits: int) -> str:
    return u.new(f"icmp ne i32 {u.new(f'and i32 {status}, {bits}')}, 0")


def _may_be_wrong(
    u: UnitText, type_: Type, value: str, status: str, *, underflows: bool = True
) -> str:
    """Whether a result of the fast way does not prove that it is right. What is tiny does, where
    tiny results are always exact, as sums and roots are."""
    return _beyond_span(u, _distance(u, type_, value, underflows=underflows), status)


def _beyond_span(u: UnitText, distance: str, status: str) -> str:
    return u.new(f"icmp uge i32 {distance}, {_span(u, status)}")


def _distance(u: UnitText, type_: Type, value: str, *, underflows: bool) -> str:
    """The 32 bits of a number's magnitude, from the least that proves that it is right."""
    bits = u.new(f"bitcast {LLVM_TYPES[type_.name]} {value} to i{type_.bits}")
    if type_.bits > 32:
        bits = u.new(f"trunc i64 {u.new(f'lshr i64 {bits}, {type_.bits - 33}')} to i32")
    else:
        bits = u.new(f"shl i32 {bits}, 1")
    if underflows:
        bits = u.new(f"sub i32 {bits}, {_LEAST[type_]}")
    return bits


def _span(u: UnitText, status: str) -> str:
    """The text of the span of a status: see ``span_of``."""
    span = u.spans.get(status)
    if span is None:
        span = u.spans[status] = span_of(u.lines, status, f"%n{u.number}")
        u.number += 1
    return span


def _operation(
    name: str, *, intrinsic: bool = False, underflows: bool = True, factors: int = 0
) -> Emit:
    """An operation on numbers of one format. The fast way is an instruction, or an intrinsic. If
    one of so many operands is a zero, a result of 0 is exact."""

    def emit(u: UnitText, inst: Inst, *operands: str) -> str:
        type_ = inst.type
        assert type_ is not None
        *numbers, status = operands
        kind = LLVM_TYPES[type_.name]
        typed = [f"{kind} {number}" for number in numbers]
        text = f"f{name} {kind} {', '.join(numbers)}"
        if intrinsic:
            function = f"llvm.{name}.{type_}"
            u.intrinsic(function, f"{kind} @{function}({', '.join(kind for _ in numbers)})")
            text = f"call {kind} @{function}({', '.join(typed)})"
        fast = u.new(text)
        distance = _distance(u, type_, fast, underflows=underflows)
        odd = _beyond_span(u, distance, status)
        arguments = (*typed, f"i32 {status}")
        surely = None
        if factors:
            of_zero = (1 << 32) - _LEAST[type_]
            tiny = f"icmp eq i32 {distance}, {of_zero}"
            surely = partial(_is_no_exact_zero, u, kind, tiny, numbers[:factors], status)
        return unless(u, inst, odd, fast, f"fp.{name}.{type_}", kind, *arguments, surely=surely)

    return emit


def _is_no_exact_zero(
    u: UnitText, kind: str, tiny: str, factors: Sequence[str], status: str
) -> str:
    """Whether a result is not 0 because a factor is, or the status asks for something. One that is
    ``tiny`` is no NaN, and exact then."""
    exact = u.new(f"icmp ne i32 {_span(u, status)}, 0")
    exact = u.new(f"and i1 {exact}, {u.new(tiny)}")
    first, *others = [u.new(f"fcmp ueq {kind} {factor}, 0.0") for factor in factors]
    for other in others:
        first = u.new(f"or i1 {first}, {other}")
    return u.new(f"xor i1 {u.new(f'and i1 {exact}, {first}')}, true")


def _compare(signals: str) -> Emit:
    def emit(u: UnitText, inst: Inst, a: str, b: str, status: str) -> str:
        type_ = inst.args[0].type
        assert type_ is not None
        kind = LLVM_TYPES[type_.name]
        odd = u.new(f"or i1 {u.new(f'fcmp uno {kind} {a}, {b}')}, {asks(u, status, FLUSH)}")
        arguments = (f"{kind} {a}", f"{kind} {b}", f"i1 {signals}", f"i32 {status}")
        detour = Detour(u, odd)
        relation = detour.call(f"fp.cmp.{type_}", "i8", arguments)
        u.cold_lines.append(_as_operand(detour.name, relation, kind))
        left = detour.merged(kind, a, f"%{detour.name}l")
        right = detour.merged(kind, b, "0.0")
        detour.end(inst, status)
        u.relations.begin(inst, f"{kind} {left}, {right}")
        chosen = "2"
        for number, predicate in ((UNORDERED, "uno"), (EQUAL, "oeq"), (LESS, "olt")):
            holds = u.new(f"fcmp {predicate} {kind} {left}, {right}")
            chosen = u.new(f"select i1 {holds}, i8 {number}, i8 {chosen}")
        return chosen

    return emit


def _extreme(relation: str) -> Emit:
    """The lesser or the greater of two: the first, if it compares so with the second."""

    def emit(u: UnitText, inst: Inst, a: str, b: str, status: str) -> str:
        type_ = inst.type
        assert type_ is not None
        kind, name = LLVM_TYPES[type_.name], "min" if relation == "olt" else "max"
        first = u.new(f"fcmp {relation} {kind} {a}, {b}")
        fast = u.new(f"select i1 {first}, {kind} {a}, {kind} {b}")
        # Zeros have an order. Neither they nor NaNs are unequal.
        alike = u.new(f"fcmp ueq {kind} {a}, {b}")
        odd = u.new(f"or i1 {alike}, {asks(u, status, FLUSH)}")
        arguments = (f"{kind} {a}", f"{kind} {b}", f"i32 {status}")
        return unless(u, inst, odd, fast, f"fp.{name}.{type_}", kind, *arguments)

    return emit


def _as_operand(aside: str, relation: str, kind: str) -> str:
    """Lines that compute a number which is to 0 as a relation says."""
    name = f"%{aside}"
    return (
        f" {name}k0 = icmp eq i8 {relation}, {EQUAL}\n"
        f" {name}k1 = icmp eq i8 {relation}, {LESS}\n"
        f" {name}k2 = icmp eq i8 {relation}, {UNORDERED}\n"
        f" {name}l2 = select i1 {name}k2, {kind} 0x7FF8000000000000, {kind} 1.0\n"
        f" {name}l1 = select i1 {name}k1, {kind} -1.0, {kind} {name}l2\n"
        f" {name}l = select i1 {name}k0, {kind} 0.0, {kind} {name}l1"
    )


def _convert(u: UnitText, inst: Inst, a: str, status: str) -> str:
    if inst.type is F32:
        return _narrow(u, inst, a, status)
    fast = u.new(f"fpext float {a} to double")
    odd = u.new(f"or i1 {u.new(f'fcmp uno float {a}, {a}')}, {asks(u, status, FLUSH)}")
    return unless(u, inst, odd, fast, "fp.widen", "double", f"float {a}", f"i32 {status}")


def _narrow(u: UnitText, inst: Inst, a: str, status: str, *, underflows: bool = True) -> str:
    fast = u.new(f"fptrunc double {a} to float")
    odd = _may_be_wrong(u, F32, fast, status, underflows=underflows)
    return unless(u, inst, odd, fast, "fp.narrow", "float", f"double {a}", f"i32 {status}")


def _from_half(u: UnitText, inst: Inst, a: str, status: str) -> str:
    return _call(u, inst, "fp.from_half", "float", f"i16 {a}", f"i32 {status}")


def _to_half(u: UnitText, inst: Inst, a: str, status: str) -> str:
    if inst.args[0].type is F64:
        return _call(u, inst, "fp.to_half.f64", "i16", f"double {a}", f"i32 {status}")
    return _call(u, inst, "fp.to_half", "i16", f"float {a}", f"i32 {status}")


def _to_integral(u: UnitText, inst: Inst, a: str, status: str) -> str:
    """The fast way is an instruction, but for NaNs and denormals that are flushed."""
    type_, mode = inst.type, int(inst.imm[0])
    assert type_ is not None
    kind, function = LLVM_TYPES[type_.name], f"fp.rint.{type_}"
    arguments = (f"{kind} {a}", f"i32 {mode}", f"i32 {status}")
    if mode not in INTEGRAL or not has_feature("sse4_1"):
        return _call(u, inst, function, kind, *arguments)
    symbol = f"llvm.{INTEGRAL[mode]}.{type_}"
    name = u.intrinsic(symbol, f"{kind} @{symbol}({kind})")
    fast = u.new(f"call {kind} {name}({kind} {a})")
    odd = u.new(f"or i1 {u.new(f'fcmp uno {kind} {a}, {a}')}, {asks(u, status, FLUSH)}")
    return unless(u, inst, odd, fast, function, kind, *arguments)


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
        return _narrow(u, inst, wide, status, underflows=False)

    return emit


def _to_integer(*, signed: bool) -> Emit:
    """The fast way is for rounding to zero, where INEXACT is set already."""

    def emit(u: UnitText, inst: Inst, a: str, status: str) -> str:
        type_ = inst.args[0].type
        assert type_ is not None
        bits, fraction = (int(number) for number in inst.imm)
        half = 1 << (bits - 1)
        least, most = (-half, half - 1) if signed else (0, 2 * half - 1)
        arguments = (f"double {2.0**fraction!r}", f"i64 {least}", f"i64 {most}", f"i32 {status}")
        operand = f"{LLVM_TYPES[type_.name]} {a}"
        whole = _cut(u, a if type_ is F64 else u.new(f"fpext float {a} to double"), fraction)
        above = u.new(f"sub i64 {whole}, {least}")
        asked = u.new(f"and i32 {status}, {SPECIAL | INEXACT}")
        other = u.new(f"icmp ne i32 {asked}, {TO_ZERO << ROUNDING_SHIFT | INEXACT}")
        odd = u.new(f"or i1 {u.new(f'icmp ugt i64 {above}, {most - least}')}, {other}")
        fast = u.new(f"trunc i64 {whole} to i32")
        return unless(u, inst, odd, fast, f"fp.toint.{type_}", "i32", operand, *arguments)

    return emit


def _cut(u: UnitText, number: str, fraction: int) -> str:
    """The integer part of a number times a power of 2, in 64 bits; for what has none the least of
    them."""
    if fraction:
        number = u.new(f"fmul double {number}, {2.0**fraction!r}")
    vector = u.new(f"insertelement <2 x double> zeroinitializer, double {number}, i32 0")
    name = u.intrinsic(_CUT, f"i64 @{_CUT}(<2 x double>)")
    return u.new(f"call i64 {name}(<2 x double> {vector})")


FLOATING: dict[Op, Emit] = {
    ops.FADD: _operation("add", underflows=False), ops.FSUB: _operation("sub", underflows=False),
    ops.FMUL: _operation("mul", factors=2), ops.FDIV: _operation("div", factors=1),
    ops.FSQRT: _operation("sqrt", intrinsic=True, underflows=False),
    ops.FMA: _operation("fma", intrinsic=True, factors=2),
    ops.FMIN: _extreme("olt"), ops.FMAX: _extreme("ogt"),
    ops.FCMP: _compare("0"), ops.FCMPE: _compare("1"),
    ops.FRINT: _to_integral, ops.FCVT: _convert, ops.HALF_TO_F: _from_half, ops.F_TO_HALF: _to_half,
    ops.SINT_TO_F: _from_integer("sitofp"), ops.UINT_TO_F: _from_integer("uitofp"),
    ops.F_TO_SINT: _to_integer(signed=True), ops.F_TO_UINT: _to_integer(signed=False),
}  # fmt: skip


def status_slots(insts: Iterable[Inst]) -> set[str]:
    """The slots whose values are the statuses that some ops take."""
    statuses = (inst.args[-1] for inst in insts if inst.op in FLOATING)
    return {
        str(status.imm[0])
        for status in statuses
        if isinstance(status, Inst) and status.op is ops.GET
    }

"""The functions of floating point as LLVM text: what units call.

Each takes operands and a status (``dbt/ir/floating.py``), and returns the result and the status
after it. They do what x86 does where that is the same, and mend the rest. x86 differs in which NaN
comes out, in the sign of its default NaN, and in tininess, which it detects after rounding.

The *fast way* of an operation is one instruction of the host. It is taken if the status asks for
nothing special and INEXACT is set already, and right if the result is a normal number above the
least one: then no other exception can have been raised (Cota and Carloni, "Cross-ISA machine
instrumentation using fast and scalable dynamic binary translation", VEE 2019). Else the
instruction runs with MXCSR set as the status asks, and MXCSR tells what was raised. Only these
functions change MXCSR, and they leave it as the host has it at a start.

What rounds is in ``float_arithmetic``, conversions are in ``float_conversions`` and
``float_halves``.
"""

from collections.abc import Iterator

from backends.numba_jit.units.float_arithmetic import (
    Instruction,
    arithmetic,
    exact_conversion,
    exact_product,
    exact_quotient,
    exact_sum,
)
from backends.numba_jit.units.float_conversions import to_integer, to_integral, widen
from backends.numba_jit.units.float_function import (
    Function,
    Value,
    give_nan,
    type_of,
)
from backends.numba_jit.units.float_halves import from_half, to_half, to_half_from_double
from backends.numba_jit.units.float_status import CONVENTION
from dbt.ir.floating import (
    DENORMAL,
    DOUBLE,
    FLUSH,
    INVALID,
    SINGLE,
    Format,
)


def _compare(f: Format) -> str:
    """The relation of two numbers. ``signals``: a NaN of any kind is invalid."""
    t = type_of(f)
    fn = Function(f"fp.cmp.f{f.bits}", "i8", f"{t} %a, {t} %b, i1 %signals")
    flush = fn.asks(FLUSH)
    (a, a_changed), (b, b_changed) = (Value(fn, f, n).flushed(flush) for n in ("%a", "%b"))
    less = fn.new(f"fcmp olt {t} {a.value}, {b.value}")
    equal = fn.new(f"fcmp oeq {t} {a.value}, {b.value}")
    unordered = fn.any([a.nan, b.nan])
    relation = fn.choose(equal, "i8", "0", "2")
    relation = fn.choose(less, "i8", "1", relation)
    relation = fn.choose(unordered, "i8", "3", relation)
    every = fn.new(f"and i1 {unordered}, %signals")
    invalid = fn.any([every, a.signalling, b.signalling])
    idc = fn.flag(fn.any([a_changed, b_changed]), DENORMAL)
    fn.give(relation, fn.raised(idc, fn.flag(invalid, INVALID)))
    return fn.text()


def _extreme(f: Format, name: str, relation: str) -> str:
    """The lesser or the greater of two numbers."""
    t, integer = type_of(f), f"i{f.bits}"
    fn = Function(f"fp.{name}.f{f.bits}", t, f"{t} %a, {t} %b")
    flush = fn.asks(FLUSH)
    (a, a_changed), (b, b_changed) = (Value(fn, f, n).flushed(flush) for n in ("%a", "%b"))
    idc = fn.flag(fn.any([a_changed, b_changed]), DENORMAL)
    fn.branch(fn.any([a.nan, b.nan]), "nan", "numbers")
    first = fn.new(f"fcmp {relation} {t} {a.value}, {b.value}")
    chosen = fn.choose(first, integer, a.bits, b.bits)
    # Numbers that are equal differ in the sign of a zero at most.
    merged = fn.new(f"{'or' if name == 'min' else 'and'} {integer} {a.bits}, {b.bits}")
    alike = fn.new(f"fcmp oeq {t} {a.value}, {b.value}")
    bits = fn.choose(alike, integer, merged, chosen)
    fn.give(fn.new(f"bitcast {integer} {bits} to {t}"), fn.raised(idc))
    fn.label("nan")
    give_nan(fn, f, [a, b], [a, b], idc)
    return fn.text()


# -- all of them -----------------------------------------------------------------------------------


def _of_format(f: Format, *, has_fma: bool) -> Iterator[str]:
    t, s = type_of(f), "ss" if f is SINGLE else "sd"
    for name, exact in {
        "add": exact_sum(f, f"fadd {t} %b, -0.0"),
        "sub": exact_sum(f, f"fneg {t} %b"),
        "mul": exact_product(f),
        "div": exact_quotient(f),
    }.items():
        instruction = Instruction(f"{name}{s} $2, $0", "=x,0,x", (f, f), f)
        fast = f"f{name} {t} %a, %b"
        yield arithmetic(f"fp.{name}.f{f.bits}", instruction, fast, exact=exact)
    root = Instruction(f"sqrt{s} $1, $0", "=x,x", (f,), f)
    name = f"llvm.sqrt.f{f.bits}"
    yield arithmetic(f"fp.sqrt.f{f.bits}", root, f"call {t} @{name}({t} %a)")
    fused = Instruction(f"vfmadd213{s} $3, $2, $0", "=x,0,x,x", (f, f, f), f)
    name = f"llvm.fma.f{f.bits}"
    if not has_fma:
        symbol = "fmaf" if f is SINGLE else "fma"
        fused = Instruction("", symbol, (f, f, f), f)
        yield f"declare {t} @{symbol}({t}, {t}, {t})"
    yield arithmetic(
        f"fp.fma.f{f.bits}", fused, f"call {t} @{name}({t} %a, {t} %b, {t} %c)", (2, 0, 1)
    )
    yield f"declare {t} @llvm.sqrt.f{f.bits}({t})\ndeclare {t} @llvm.fma.f{f.bits}({t}, {t}, {t})"
    yield _compare(f)
    yield _extreme(f, "min", "olt")
    yield _extreme(f, "max", "ogt")
    yield to_integer(f)
    yield to_integral(f)


def _signatures() -> dict[str, tuple[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, tuple[str, ...]]] = {
        "fp.narrow": ("float", ("double",)),
        "fp.widen": ("double", ("float",)),
        "fp.from_half": ("float", ("i16",)),
        "fp.to_half": ("i16", ("float",)),
        "fp.to_half.f64": ("i16", ("double",)),
    }
    for f in (SINGLE, DOUBLE):
        t = type_of(f)
        for name, count in {"add": 2, "sub": 2, "mul": 2, "div": 2, "sqrt": 1, "fma": 3}.items():
            found[f"fp.{name}.f{f.bits}"] = t, (t,) * count
        found[f"fp.rint.f{f.bits}"] = t, (t, "i32")
        found[f"fp.cmp.f{f.bits}"] = "i8", (t, t, "i1")
        found[f"fp.toint.f{f.bits}"] = "i32", (t, "double", "i64", "i64")
    return found


FUNCTIONS = _signatures()
"""The functions by name: LLVM's types of the result and of the operands in front of the status."""
OF_BITS = ".bits"
"""How the names end of functions that do the same and take and return numbers as integers."""


def bits_of(kind: str) -> str:
    """LLVM's type of a number's bits."""
    return {"float": "i32", "double": "i64"}.get(kind, kind)


def _of_bits(name: str) -> str:
    result, kinds = FUNCTIONS[name]
    names = [f"%x{index}" for index in range(len(kinds))]
    parameters = [f"{bits_of(kind)} {n}" for kind, n in zip(kinds, names, strict=True)]
    fn = Function(name + OF_BITS, bits_of(result), ", ".join(parameters))
    given = [
        f"{kind} {n if bits_of(kind) == kind else fn.new(f'bitcast {bits_of(kind)} {n} to {kind}')}"
        for kind, n in zip(kinds, names, strict=True)
    ]
    pair = f"{{{result}, i32}}"
    both = fn.new(f"call {CONVENTION} {pair} @{name}({', '.join(given)}, i32 %st)")
    value = fn.new(f"extractvalue {pair} {both}, 0")
    if bits_of(result) != result:
        value = fn.new(f"bitcast {result} {value} to {bits_of(result)}")
    fn.give(value, fn.new(f"extractvalue {pair} {both}, 1"))
    return fn.text()


def functions(*, has_fma: bool = True) -> str:
    """The text of all functions, for a host that has fused instructions or has not."""
    narrow = Instruction("cvtsd2ss $1, $0", "=x,x", (DOUBLE,), SINGLE)
    return "\n".join(
        [
            *_of_format(SINGLE, has_fma=has_fma),
            *_of_format(DOUBLE, has_fma=has_fma),
            arithmetic("fp.narrow", narrow, "fptrunc double %a to float", exact=exact_conversion),
            widen(),
            from_half(),
            to_half(),
            to_half_from_double(),
            *map(_of_bits, FUNCTIONS),
        ]
    )

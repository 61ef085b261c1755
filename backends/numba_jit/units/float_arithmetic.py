"""Functions of operations that round: the fast way, then what is exact, then the instruction with
MXCSR set as the status asks."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from backends.numba_jit.units.float_function import (
    CLEAR,
    MASKED,
    Function,
    Value,
    give_nan,
    rounding_mxcsr,
    set_mxcsr,
    type_of,
)
from backends.numba_jit.units.float_status import CONVENTION, SPECIAL
from dbt.ir.floating import (
    DENORMAL,
    DIVISION_BY_ZERO,
    FLUSH,
    INEXACT,
    INVALID,
    OVERFLOW,
    UNDERFLOW,
    Format,
)


class Instruction:
    """An instruction of the host, as assembler text: one that rounds. Without a text, a function of
    C's library, whose name is in place of the constraints."""

    def __init__(self, text: str, constraints: str, operands: Sequence[Format], to: Format) -> None:
        self.text, self.constraints, self.operands, self.to = text, constraints, operands, to

    def run(self, fn: Function, mxcsr: str, values: Sequence[str]) -> tuple[str, str]:
        """The result with MXCSR set, and MXCSR after it."""
        set_mxcsr(fn, mxcsr)
        given = ", ".join(
            f"{type_of(f)} {value}" for f, value in zip(self.operands, values, strict=True)
        )
        code = f'asm sideeffect "{self.text}", "{self.constraints},~{CLEAR}"'
        result = fn.new(
            f"call {type_of(self.to)} {code if self.text else f'@{self.constraints}'}({given})"
        )
        fn.lines.append(
            f' call void asm sideeffect "stmxcsr $0", "=*m,~{CLEAR}"(ptr elementtype(i32) %mx)'
        )
        after = fn.new("load i32, ptr %mx")
        set_mxcsr(fn, str(MASKED))
        return result, after


def _exceptions(fn: Function, mxcsr: str) -> str:
    """The exceptions in MXCSR as bits of a status. UNDERFLOW is left out: see ``_rounded``."""
    invalid = fn.new(f"and i32 {mxcsr}, {INVALID}")
    others = DIVISION_BY_ZERO | OVERFLOW | INEXACT
    lower = fn.new(f"lshr i32 {mxcsr}, 1")
    return fn.new(f"or i32 {invalid}, {fn.new(f'and i32 {lower}, {others}')}")


def _rounded(fn: Function, instruction: Instruction, values: Sequence[str], idc: str) -> None:
    """The text that computes operands that are no NaNs, and returns."""
    f = instruction.to
    integer = f"i{f.bits}"
    result, mxcsr = instruction.run(fn, rounding_mxcsr(fn), values)
    raised = _exceptions(fn, mxcsr)
    found = Value(fn, f, result)
    # What has no result is the default NaN, which is negative on x86.
    bits = fn.choose(found.nan, integer, str(f.default_nan), found.bits)
    small = found.is_("ule", 1 << f.fraction)
    fn.branch(small, "small", "large")
    fn.give(fn.new(f"bitcast {integer} {bits} to {type_of(f)}"), fn.raised(idc, raised))
    fn.label("small")
    # Tiny is what would be below the least normal number if its exponent had no bounds: what is
    # below it when rounded to zero.
    cut, _ = instruction.run(fn, str(MASKED | 3 << 13), values)
    inexact = fn.new(f"icmp ne i32 {fn.new(f'and i32 {raised}, {INEXACT}')}, 0")
    lower = Value(fn, f, cut)
    below = lower.is_("ult", 1 << f.fraction)
    some = fn.any([lower.is_("ne", 0), inexact])
    tiny = fn.new(f"and i1 {below}, {some}")
    flushed = fn.new(f"and i1 {tiny}, {fn.asks(FLUSH)}")
    fn.branch(flushed, "flushed", "kept")
    under = fn.flag(fn.new(f"and i1 {tiny}, {inexact}"), UNDERFLOW)
    fn.give(result, fn.raised(idc, raised, under))
    fn.label("flushed")
    zero = fn.new(f"bitcast {integer} {lower.sign} to {type_of(f)}")
    fn.give(zero, fn.raised(idc, str(UNDERFLOW)))


Exact: TypeAlias = Callable[[Function, str], tuple[str, str]]
"""Appends conditions on a result rounded to nearest: that it is exact if it is an ordinary number,
and that it is if it is 0."""


def arithmetic(
    name: str,
    instruction: Instruction,
    fast: str,
    priority: Sequence[int] = (),
    exact: Exact | None = None,
) -> str:
    """The function of an operation. ``fast`` is LLVM's text for the fast way, ``priority`` the
    order in which operands give their NaN, if it is not theirs. With ``exact``, results that are
    exact take no look at MXCSR."""
    formats = instruction.operands
    names = [f"%{letter}" for letter in "abc"[: len(formats)]]
    parameters = ", ".join(f"{type_of(f)} {n}" for f, n in zip(formats, names, strict=True))
    to = instruction.to
    fn = Function(f"{name}.odd", type_of(to), parameters)
    flush = fn.asks(FLUSH)
    both = [Value(fn, f, n).flushed(flush) for f, n in zip(formats, names, strict=True)]
    values = [value for value, _ in both]
    idc = fn.flag(fn.any([changed for _, changed in both]), DENORMAL)
    fn.branch(fn.any([value.nan for value in values]), "nan", "numbers")
    if exact is not None:
        _give_exact(fn, to, fast, exact)
    _rounded(fn, instruction, [value.value for value in values], idc)
    fn.label("nan")
    give_nan(fn, to, [values[k] for k in priority or range(len(values))], values, idc)
    return f"{_usual(name, to, parameters, fast, exact)}\n{fn.text()}"


def _usual(name: str, to: Format, parameters: str, fast: str, exact: Exact | None) -> str:
    """The function of an operation, which needs few registers: if the fast way is not right, and
    does not give an exact 0, it calls that of the rest."""
    fn = Function(name, type_of(to), parameters)
    usual = fn.new(f"icmp eq i32 {fn.new(f'and i32 %st, {SPECIAL | INEXACT}')}, {INEXACT}")
    fn.lines.append(f" br i1 {usual}, label %fast, label %odd")
    fn.label("fast")
    result = fn.new(fast)
    found = Value(fn, to, result)
    right = found.ordinary
    if exact is not None:
        _, if_zero = exact(fn, result)
        right = fn.any([right, fn.new(f"and i1 {found.is_('eq', 0)}, {if_zero}")])
    fn.branch(right, "done", "odd")
    pair = fn.new(f"call {CONVENTION} {fn.result} @{name}.odd({parameters}, i32 %st)")
    fn.lines.append(f" ret {fn.result} {pair}")
    fn.label("done")
    fn.give(result, "%st")
    return fn.text()


def _give_exact(fn: Function, f: Format, fast: str, exact: Exact) -> None:
    """The text that returns an exact result, or goes on."""
    fn.branch(fn.asks(SPECIAL), "asked", "plain")
    result = fn.new(fast)
    found = Value(fn, f, result)
    if_ordinary, if_zero = exact(fn, result)
    whole = fn.new(f"and i1 {found.ordinary}, {if_ordinary}")
    nothing = fn.new(f"and i1 {found.is_('eq', 0)}, {if_zero}")
    either = fn.any([whole, nothing])
    fn.lines.append(f" br i1 {either}, label %exact, label %asked")
    fn.label("exact")
    fn.give(result, "%st")
    fn.label("asked")


def _is_large(fn: Function, f: Format, number: str) -> str:
    """Whether what rounding cuts off a product of this size is a number."""
    return Value(fn, f, number).is_("ugt", (2 * f.fraction + 4) << f.fraction)


def exact_sum(f: Format, second: str) -> Exact:
    """What rounding has cut off a sum is a number, and can be computed (Knuth, TAOCP volume 2,
    4.2.2, theorem B). A sum of 0 is exact."""
    t = type_of(f)

    def exact(fn: Function, result: str) -> tuple[str, str]:
        other = fn.new(second)
        part = fn.new(f"fsub {t} {result}, %a")
        left = fn.new(f"fsub {t} %a, {fn.new(f'fsub {t} {result}, {part}')}")
        right = fn.new(f"fsub {t} {other}, {part}")
        rest = fn.new(f"fadd {t} {left}, {right}")
        return fn.new(f"fcmp oeq {t} {rest}, 0.0"), "true"

    return exact


def exact_product(f: Format) -> Exact:
    t = type_of(f)

    def exact(fn: Function, result: str) -> tuple[str, str]:
        minus = fn.new(f"fneg {t} {result}")
        rest = fn.new(f"call {t} @llvm.fma.f{f.bits}({t} %a, {t} %b, {t} {minus})")
        none = fn.new(f"fcmp oeq {t} {rest}, 0.0")
        zero = fn.any([fn.new(f"fcmp oeq {t} {n}, 0.0") for n in ("%a", "%b")])
        return fn.new(f"and i1 {none}, {_is_large(fn, f, result)}"), zero

    return exact


def exact_quotient(f: Format) -> Exact:
    t = type_of(f)

    def exact(fn: Function, result: str) -> tuple[str, str]:
        minus = fn.new(f"fneg {t} %a")
        rest = fn.new(f"call {t} @llvm.fma.f{f.bits}({t} {result}, {t} %b, {t} {minus})")
        none = fn.new(f"fcmp oeq {t} {rest}, 0.0")
        return (
            fn.new(f"and i1 {none}, {_is_large(fn, f, '%a')}"),
            fn.new(f"fcmp oeq {t} %a, 0.0"),
        )

    return exact


def exact_conversion(fn: Function, result: str) -> tuple[str, str]:
    again = fn.new(f"fpext float {result} to double")
    same = fn.new(f"fcmp oeq double {again}, %a")
    return same, same

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

It is long because each operation needs all that differs between the two.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from dbt.ir.floating import (
    ALTERNATIVE_HALF,
    AS_STATUS,
    AWAY,
    DEFAULT_NAN,
    DENORMAL,
    DIVISION_BY_ZERO,
    DOUBLE,
    DOWN,
    FLUSH,
    INEXACT,
    INVALID,
    NEAREST,
    OVERFLOW,
    ROUNDING_SHIFT,
    SINGLE,
    TO_ZERO,
    UNDERFLOW,
    UP,
    Format,
)

MASKED = 0x1F80
"""MXCSR as the host has it: exceptions are masked, rounding is to nearest."""
SPECIAL = 3 << ROUNDING_SHIFT | FLUSH
"""The bits of a status that ask for something that the fast way does not do."""
CONVENTION = "preserve_allcc"
"""Of calls of the functions: they change no registers but those of the result, so that LLVM need
not keep anything else in memory around a call that is hardly ever made. Upper halves of registers
of 256 bits are not kept (LLVM puts ``vzeroupper`` behind their restoration): no value of so many
bits may be needed behind a call."""
_CLEAR = "{memory}"


SPAN = (1 << 32) - (3 << SINGLE.fraction + 1)
"""How many magnitudes, in a format's 32 bits behind the sign, are results that prove that the fast
way was right: almost all, from 0 on or from twice the least normal number on."""


def span_of(lines: list[str], status: str, name: str) -> str:
    """Append lines that compute the *span* of a status: ``SPAN`` where the fast way may be right,
    else 0. Returns its name, which begins with ``name``."""
    lines.append(
        f" {name}a = and i32 {status}, {SPECIAL | INEXACT}\n"
        f" {name}b = icmp eq i32 {name}a, {INEXACT}\n"
        f" {name} = select i1 {name}b, i32 {SPAN}, i32 0"
    )
    return name


def room_of(lines: list[str], status: str, name: str) -> str:
    """Append lines that compute the *room* of a status: 1 where the fast way of vectors may be
    right, which rounds to nearest and raises INEXACT at most, else 0. Returns its name, which
    begins with ``name``."""
    lines.append(
        f" {name}a = and i32 {status}, {3 << ROUNDING_SHIFT | INEXACT}\n"
        f" {name}b = icmp eq i32 {name}a, {INEXACT}\n"
        f" {name} = zext i1 {name}b to i32"
    )
    return name


def type_of(f: Format) -> str:
    """LLVM's type of a format."""
    return "float" if f is SINGLE else "double"


def ordinary(f: Format) -> tuple[int, int]:
    """The least magnitude of the results that the fast way may have, and the number of them."""
    least = (1 << f.fraction) + 1
    return least, f.infinity - least


class _Function:
    """A function in the making. Values are numbered by name, so that text can come in any order."""

    def __init__(self, name: str, result: str, parameters: str) -> None:
        self.result = f"{{{result}, i32}}"
        self._result = result
        self.count = 0
        head = f"{CONVENTION} {self.result} @{name}({parameters}, i32 %st)"
        self.lines = [f"define dso_local {head} nounwind {{\ne:\n %mx = alloca i32"]

    def new(self, text: str) -> str:
        """Append a value."""
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f" {name} = {text}")
        return name

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End a part of the text with a choice, and begin the part ``no``."""
        self.lines.append(f" br i1 {condition}, label %{yes}, label %{no}")
        self.label(no)

    def give(self, value: str, status: str) -> None:
        """Return a result and a status."""
        pair = self.new(f"insertvalue {self.result} poison, {self._result} {value}, 0")
        pair = self.new(f"insertvalue {self.result} {pair}, i32 {status}, 1")
        self.lines.append(f" ret {self.result} {pair}")

    def text(self) -> str:
        return "\n".join([*self.lines, "}"])

    # -- small steps

    def asks(self, bits: int) -> str:
        """Whether the status has one of some bits."""
        return self.new(f"icmp ne i32 {self.new(f'and i32 %st, {bits}')}, 0")

    def flag(self, condition: str, bit: int) -> str:
        """A bit of the status if a condition holds."""
        return self.new(f"select i1 {condition}, i32 {bit}, i32 0")

    def raised(self, *flags: str) -> str:
        """The status with further bits."""
        status = "%st"
        for flag in flags:
            status = self.new(f"or i32 {status}, {flag}")
        return status

    def any(self, conditions: Sequence[str]) -> str:
        first, *others = conditions
        for other in others:
            first = self.new(f"or i1 {first}, {other}")
        return first

    def choose(self, condition: str, type_: str, yes: str, no: str) -> str:
        return self.new(f"select i1 {condition}, {type_} {yes}, {type_} {no}")


class _Value:
    """An operand: its bits, and what they say."""

    def __init__(self, fn: _Function, f: Format, value: str, *, bits: str = "") -> None:
        self.fn, self.f, self.value = fn, f, value
        self.integer = f"i{f.bits}"
        self.bits = bits or fn.new(f"bitcast {type_of(f)} {value} to {self.integer}")
        self.magnitude = fn.new(f"and {self.integer} {self.bits}, {f.sign - 1}")
        self.sign = fn.new(f"and {self.integer} {self.bits}, {-f.sign}")

    @classmethod
    def of_bits(cls, fn: _Function, f: Format, bits: str) -> "_Value":
        value = fn.new(f"bitcast i{f.bits} {bits} to {type_of(f)}")
        return cls(fn, f, value, bits=bits)

    def is_(self, relation: str, number: int) -> str:
        """Whether the magnitude compares so with a number."""
        return self.fn.new(f"icmp {relation} {self.integer} {self.magnitude}, {number}")

    @property
    def nan(self) -> str:
        return self.is_("ugt", self.f.infinity)

    @property
    def signalling(self) -> str:
        quiet = self.fn.new(f"and {self.integer} {self.bits}, {self.f.quiet}")
        silent = self.fn.new(f"icmp eq {self.integer} {quiet}, 0")
        return self.fn.new(f"and i1 {self.nan}, {silent}")

    @property
    def ordinary(self) -> str:
        """Whether the magnitude is above that of the least normal number, and finite."""
        (least, span), fn = ordinary(self.f), self.fn
        above = fn.new(f"sub {self.integer} {self.magnitude}, {least}")
        return fn.new(f"icmp ult {self.integer} {above}, {span}")

    def flushed(self, flush: str) -> tuple["_Value", str]:
        """The operand, 0 in place of a denormal if denormals are to be flushed; whether it was."""
        below = self.fn.new(f"sub {self.integer} {self.magnitude}, 1")
        least = (1 << self.f.fraction) - 1
        denormal = self.fn.new(f"icmp ult {self.integer} {below}, {least}")
        changed = self.fn.new(f"and i1 {flush}, {denormal}")
        bits = self.fn.choose(changed, self.integer, self.sign, self.bits)
        return _Value.of_bits(self.fn, self.f, bits), changed


def _mxcsr(fn: _Function, value: str) -> None:
    """Set MXCSR."""
    fn.lines.append(f" store i32 {value}, ptr %mx")
    fn.lines.append(
        f' call void asm sideeffect "ldmxcsr $0", "*m,~{_CLEAR}"(ptr elementtype(i32) %mx)'
    )


def _rounding(fn: _Function) -> str:
    """MXCSR with the rounding mode of the status: x86 has its two bits the other way round."""
    up = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT}')}, 1")
    down = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT + 1}')}, 1")
    bits = fn.new(f"or i32 {fn.new(f'shl i32 {up}, 14')}, {fn.new(f'shl i32 {down}, 13')}")
    return fn.new(f"or i32 {bits}, {MASKED}")


class _Instruction:
    """An instruction of the host, as assembler text: one that rounds. Without a text, a function of
    C's library, whose name is in place of the constraints."""

    def __init__(self, text: str, constraints: str, operands: Sequence[Format], to: Format) -> None:
        self.text, self.constraints, self.operands, self.to = text, constraints, operands, to

    def run(self, fn: _Function, mxcsr: str, values: Sequence[str]) -> tuple[str, str]:
        """The result with MXCSR set, and MXCSR after it."""
        _mxcsr(fn, mxcsr)
        given = ", ".join(
            f"{type_of(f)} {value}" for f, value in zip(self.operands, values, strict=True)
        )
        code = f'asm sideeffect "{self.text}", "{self.constraints},~{_CLEAR}"'
        result = fn.new(
            f"call {type_of(self.to)} {code if self.text else f'@{self.constraints}'}({given})"
        )
        fn.lines.append(
            f' call void asm sideeffect "stmxcsr $0", "=*m,~{_CLEAR}"(ptr elementtype(i32) %mx)'
        )
        after = fn.new("load i32, ptr %mx")
        _mxcsr(fn, str(MASKED))
        return result, after


def _exceptions(fn: _Function, mxcsr: str) -> str:
    """The exceptions in MXCSR as bits of a status. UNDERFLOW is left out: see ``_rounded``."""
    invalid = fn.new(f"and i32 {mxcsr}, {INVALID}")
    others = DIVISION_BY_ZERO | OVERFLOW | INEXACT
    lower = fn.new(f"lshr i32 {mxcsr}, 1")
    return fn.new(f"or i32 {invalid}, {fn.new(f'and i32 {lower}, {others}')}")


def _rounded(fn: _Function, instruction: _Instruction, values: Sequence[str], idc: str) -> None:
    """The text that computes operands that are no NaNs, and returns."""
    f = instruction.to
    integer = f"i{f.bits}"
    result, mxcsr = instruction.run(fn, _rounding(fn), values)
    raised = _exceptions(fn, mxcsr)
    found = _Value(fn, f, result)
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
    lower = _Value(fn, f, cut)
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


Exact: TypeAlias = Callable[[_Function, str], tuple[str, str]]
"""Appends conditions on a result rounded to nearest: that it is exact if it is an ordinary number,
and that it is if it is 0."""


def _arithmetic(
    name: str,
    instruction: _Instruction,
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
    fn = _Function(f"{name}.odd", type_of(to), parameters)
    flush = fn.asks(FLUSH)
    both = [_Value(fn, f, n).flushed(flush) for f, n in zip(formats, names, strict=True)]
    values = [value for value, _ in both]
    idc = fn.flag(fn.any([changed for _, changed in both]), DENORMAL)
    fn.branch(fn.any([value.nan for value in values]), "nan", "numbers")
    if exact is not None:
        _give_exact(fn, to, fast, exact)
    _rounded(fn, instruction, [value.value for value in values], idc)
    fn.label("nan")
    _give_nan(fn, to, [values[k] for k in priority or range(len(values))], values, idc)
    return f"{_usual(name, to, parameters, fast, exact)}\n{fn.text()}"


def _usual(name: str, to: Format, parameters: str, fast: str, exact: Exact | None) -> str:
    """The function of an operation, which needs few registers: if the fast way is not right, and
    does not give an exact 0, it calls that of the rest."""
    fn = _Function(name, type_of(to), parameters)
    usual = fn.new(f"icmp eq i32 {fn.new(f'and i32 %st, {SPECIAL | INEXACT}')}, {INEXACT}")
    fn.lines.append(f" br i1 {usual}, label %fast, label %odd")
    fn.label("fast")
    result = fn.new(fast)
    found = _Value(fn, to, result)
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


def _give_exact(fn: _Function, f: Format, fast: str, exact: Exact) -> None:
    """The text that returns an exact result, or goes on."""
    fn.branch(fn.asks(SPECIAL), "asked", "plain")
    result = fn.new(fast)
    found = _Value(fn, f, result)
    if_ordinary, if_zero = exact(fn, result)
    whole = fn.new(f"and i1 {found.ordinary}, {if_ordinary}")
    nothing = fn.new(f"and i1 {found.is_('eq', 0)}, {if_zero}")
    either = fn.any([whole, nothing])
    fn.lines.append(f" br i1 {either}, label %exact, label %asked")
    fn.label("exact")
    fn.give(result, "%st")
    fn.label("asked")


def _is_large(fn: _Function, f: Format, number: str) -> str:
    """Whether what rounding cuts off a product of this size is a number."""
    return _Value(fn, f, number).is_("ugt", (2 * f.fraction + 4) << f.fraction)


def _exact_sum(f: Format, second: str) -> Exact:
    """What rounding has cut off a sum is a number, and can be computed (Knuth, TAOCP volume 2,
    4.2.2, theorem B). A sum of 0 is exact."""
    t = type_of(f)

    def exact(fn: _Function, result: str) -> tuple[str, str]:
        other = fn.new(second)
        part = fn.new(f"fsub {t} {result}, %a")
        left = fn.new(f"fsub {t} %a, {fn.new(f'fsub {t} {result}, {part}')}")
        right = fn.new(f"fsub {t} {other}, {part}")
        rest = fn.new(f"fadd {t} {left}, {right}")
        return fn.new(f"fcmp oeq {t} {rest}, 0.0"), "true"

    return exact


def _exact_product(f: Format) -> Exact:
    t = type_of(f)

    def exact(fn: _Function, result: str) -> tuple[str, str]:
        minus = fn.new(f"fneg {t} {result}")
        rest = fn.new(f"call {t} @llvm.fma.f{f.bits}({t} %a, {t} %b, {t} {minus})")
        none = fn.new(f"fcmp oeq {t} {rest}, 0.0")
        zero = fn.any([fn.new(f"fcmp oeq {t} {n}, 0.0") for n in ("%a", "%b")])
        return fn.new(f"and i1 {none}, {_is_large(fn, f, result)}"), zero

    return exact


def _exact_quotient(f: Format) -> Exact:
    t = type_of(f)

    def exact(fn: _Function, result: str) -> tuple[str, str]:
        minus = fn.new(f"fneg {t} %a")
        rest = fn.new(f"call {t} @llvm.fma.f{f.bits}({t} {result}, {t} %b, {t} {minus})")
        none = fn.new(f"fcmp oeq {t} {rest}, 0.0")
        return (
            fn.new(f"and i1 {none}, {_is_large(fn, f, '%a')}"),
            fn.new(f"fcmp oeq {t} %a, 0.0"),
        )

    return exact


def _exact_conversion(fn: _Function, result: str) -> tuple[str, str]:
    again = fn.new(f"fpext float {result} to double")
    same = fn.new(f"fcmp oeq double {again}, %a")
    return same, same


def _give_nan(
    fn: _Function, to: Format, ordered: Sequence[_Value], values: Sequence[_Value], idc: str
) -> None:
    """The text that returns the NaN of operands: a signalling one first."""
    f = ordered[0].f
    integer = ordered[0].integer
    chosen = ordered[-1].bits
    for value in reversed(ordered[:-1]):
        chosen = fn.choose(value.nan, integer, value.bits, chosen)
    for value in reversed(ordered):
        chosen = fn.choose(value.signalling, integer, value.bits, chosen)
    invalid = fn.any([value.signalling for value in ordered])
    default = fn.asks(DEFAULT_NAN)
    if len(values) == 3:
        meaningless = _is_meaningless(fn, values)
        quiet = fn.new(f"xor i1 {invalid}, true")
        meaningless = fn.new(f"and i1 {meaningless}, {quiet}")
        invalid, default = fn.any([invalid, meaningless]), fn.any([default, meaningless])
    bits = fn.new(f"or {integer} {chosen}, {f.quiet}")
    if to is not f:
        narrow = fn.new(f"fptrunc double {fn.new(f'bitcast i64 {bits} to double')} to float")
        bits = fn.new(f"bitcast float {narrow} to i32")
    bits = fn.choose(default, f"i{to.bits}", str(to.default_nan), bits)
    result = fn.new(f"bitcast i{to.bits} {bits} to {type_of(to)}")
    fn.give(result, fn.raised(idc, fn.flag(invalid, INVALID)))


def _is_meaningless(fn: _Function, values: Sequence[_Value]) -> str:
    """Whether the product of the first two is infinity times 0."""
    a, b, _ = values
    return fn.any(
        [
            fn.new(f"and i1 {x.is_('eq', x.f.infinity)}, {y.is_('eq', 0)}")
            for x, y in ((a, b), (b, a))
        ]
    )


def _widen() -> str:
    """f32 to f64, which is exact."""
    fn = _Function("fp.widen", "double", "float %a")
    value, changed = _Value(fn, SINGLE, "%a").flushed(fn.asks(FLUSH))
    wide = fn.new(f"bitcast double {fn.new(f'fpext float {value.value} to double')} to i64")
    # LLVM may make the conversion of a NaN what it likes.
    payload = fn.new(f"shl i64 {fn.new(f'zext i32 {value.magnitude} to i64')}, 29")
    sign = fn.new(f"shl i64 {fn.new(f'zext i32 {value.sign} to i64')}, 32")
    nan = fn.new(f"or i64 {payload}, {DOUBLE.default_nan}")
    nan = fn.new(f"or i64 {nan}, {sign}")
    nan = fn.choose(fn.asks(DEFAULT_NAN), "i64", str(DOUBLE.default_nan), nan)
    bits = fn.choose(value.nan, "i64", nan, wide)
    result = fn.new(f"bitcast i64 {bits} to double")
    fn.give(
        result,
        fn.raised(fn.flag(changed, DENORMAL), fn.flag(value.signalling, INVALID)),
    )
    return fn.text()


def _compare(f: Format) -> str:
    """The relation of two numbers. ``signals``: a NaN of any kind is invalid."""
    t = type_of(f)
    fn = _Function(f"fp.cmp.f{f.bits}", "i8", f"{t} %a, {t} %b, i1 %signals")
    flush = fn.asks(FLUSH)
    (a, a_changed), (b, b_changed) = (_Value(fn, f, n).flushed(flush) for n in ("%a", "%b"))
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
    fn = _Function(f"fp.{name}.f{f.bits}", t, f"{t} %a, {t} %b")
    flush = fn.asks(FLUSH)
    (a, a_changed), (b, b_changed) = (_Value(fn, f, n).flushed(flush) for n in ("%a", "%b"))
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
    _give_nan(fn, f, [a, b], [a, b], idc)
    return fn.text()


INTEGRAL = {NEAREST: "roundeven", UP: "ceil", DOWN: "floor", TO_ZERO: "trunc", AWAY: "round"}
"""LLVM's names of what rounds to an integer in a mode."""


def _to_integral(f: Format) -> str:
    """A number rounded to an integer, in a mode (``frint``)."""
    t, integer = type_of(f), f"i{f.bits}"
    fn = _Function(f"fp.rint.f{f.bits}", t, f"{t} %a, i32 %mode")
    value, changed = _Value(fn, f, "%a").flushed(fn.asks(FLUSH))
    idc = fn.flag(changed, DENORMAL)
    fn.branch(value.nan, "nan", "number")
    own = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT}')}, 3")
    asked = fn.new(f"icmp eq i32 %mode, {AS_STATUS}")
    mode = fn.choose(asked, "i32", own, "%mode")
    rounded = value.value
    for number, name in INTEGRAL.items():
        candidate = fn.new(f"call {t} @llvm.{name}.f{f.bits}({t} {value.value})")
        chosen = fn.new(f"icmp eq i32 {mode}, {number}")
        rounded = fn.choose(chosen, t, candidate, rounded)
    # A zero has the sign of what was rounded.
    magnitude = _Value(fn, f, rounded).magnitude
    bits = fn.new(f"or {integer} {magnitude}, {value.sign}")
    fn.give(fn.new(f"bitcast {integer} {bits} to {t}"), fn.raised(idc))
    fn.label("nan")
    _give_nan(fn, f, [value], [value], idc)
    declared = [f"declare {t} @llvm.{name}.f{f.bits}({t})" for name in INTEGRAL.values()]
    return "\n".join([*declared, fn.text()])


def _to_integer(f: Format) -> str:
    """A number times a power of 2, rounded to an integer within bounds."""
    fn = _Function(
        f"fp.toint.f{f.bits}", "i32", f"{type_of(f)} %a, double %scale, i64 %least, i64 %most"
    )
    value, changed = _Value(fn, f, "%a").flushed(fn.asks(FLUSH))
    idc = fn.flag(changed, DENORMAL)
    fn.branch(value.nan, "nan", "number")
    wide = value.value if f is DOUBLE else fn.new(f"fpext float {value.value} to double")
    scaled = fn.new(f"fmul double {wide}, %scale")
    magnitude = _Value(fn, DOUBLE, scaled)
    negative = fn.new(f"icmp ne i64 {magnitude.sign}, 0")
    fn.branch(magnitude.is_("uge", 0x43D0000000000000), "huge", "fits")  # 2**62
    zero = fn.new(f"and i32 %st, {3 << ROUNDING_SHIFT}")
    fn.branch(fn.new(f"icmp eq i32 {zero}, {3 << ROUNDING_SHIFT}"), "cut", "round")
    _mxcsr(fn, _rounding(fn))
    rounded = fn.new(
        f'call i64 asm sideeffect "cvtsd2siq $1, $0", "=r,x,~{_CLEAR}"(double {scaled})'
    )
    _mxcsr(fn, str(MASKED))
    fn.lines.append(" br label %both")
    fn.label("cut")
    whole = fn.new(f"fptosi double {scaled} to i64")
    fn.lines.append(" br label %both")
    fn.label("both")
    count = fn.new(f"phi i64 [{rounded}, %round], [{whole}, %cut]")
    again = fn.new(f"sitofp i64 {count} to double")
    inexact = fn.new(f"fcmp une double {again}, {scaled}")
    below, above = (fn.new(f"icmp {how} i64 {count}, {bound}")
                    for how, bound in (("slt", "%least"), ("sgt", "%most")))  # fmt: skip
    result = fn.choose(above, "i64", "%most", fn.choose(below, "i64", "%least", count))
    invalid = fn.any([below, above])
    raised = fn.choose(invalid, "i32", str(INVALID), fn.flag(inexact, INEXACT))
    fn.give(fn.new(f"trunc i64 {result} to i32"), fn.raised(idc, raised))
    fn.label("huge")
    bound = fn.choose(negative, "i64", "%least", "%most")
    fn.give(fn.new(f"trunc i64 {bound} to i32"), fn.raised(idc, str(INVALID)))
    fn.label("nan")
    fn.give("0", fn.raised(str(INVALID)))
    return fn.text()


def _from_half() -> str:
    """16 bits to f32, which is exact."""
    fn = _Function("fp.from_half", "float", "i16 %a")
    wide = fn.new("zext i16 %a to i32")
    sign = fn.new(f"shl i32 {fn.new(f'and i32 {wide}, 32768')}, 16")
    magnitude = fn.new(f"and i32 {wide}, 32767")
    shifted = fn.new(f"shl i32 {magnitude}, 13")
    normal = fn.new(f"add i32 {shifted}, {112 << 23}")
    # A denormal is so many times 2**-24.
    counted = fn.new(f"fmul float {fn.new(f'uitofp i32 {magnitude} to float')}, 0x3E70000000000000")
    small = fn.new(f"icmp ult i32 {magnitude}, 1024")
    bits = fn.choose(small, "i32", fn.new(f"bitcast float {counted} to i32"), normal)
    ieee = fn.new(f"xor i1 {fn.asks(ALTERNATIVE_HALF)}, true")
    special = fn.new(f"and i1 {fn.new(f'icmp uge i32 {magnitude}, 31744')}, {ieee}")
    bits = fn.choose(special, "i32", fn.new(f"or i32 {shifted}, {SINGLE.infinity}"), bits)
    nan = fn.new(f"and i1 {special}, {fn.new(f'icmp ugt i32 {magnitude}, 31744')}")
    silent = fn.new(f"icmp eq i32 {fn.new(f'and i32 {wide}, 512')}, 0")
    signalling = fn.new(f"and i1 {nan}, {silent}")
    bits = fn.choose(nan, "i32", fn.new(f"or i32 {bits}, {SINGLE.quiet}"), bits)
    bits = fn.new(f"or i32 {bits}, {sign}")
    default = fn.new(f"and i1 {nan}, {fn.asks(DEFAULT_NAN)}")
    bits = fn.choose(default, "i32", str(SINGLE.default_nan), bits)
    fn.give(fn.new(f"bitcast i32 {bits} to float"), fn.raised(fn.flag(signalling, INVALID)))
    return fn.text()


def _to_half() -> str:
    """f32 to 16 bits, in integers: the host's conversion may be lacking, and has no other form."""
    fn = _Function("fp.to_half", "i16", "float %a")
    value, changed = _Value(fn, SINGLE, "%a").flushed(fn.asks(FLUSH))
    idc = fn.flag(changed, DENORMAL)
    alternative = fn.asks(ALTERNATIVE_HALF)
    sign = fn.new(f"lshr i32 {value.sign}, 16")
    fn.branch(value.is_("uge", SINGLE.infinity), "special", "number")
    # value = count * 2**(exponent - 23), and the unit of the result is 2**(lowest - 10)
    field = fn.new(f"lshr i32 {value.magnitude}, 23")
    normal = fn.new(f"icmp ne i32 {field}, 0")
    exponent = fn.new(f"sub i32 {fn.choose(normal, 'i32', field, '1')}, 127")
    low = fn.new(f"and i32 {value.magnitude}, 8388607")
    count = fn.new(f"or i32 {low}, {fn.choose(normal, 'i32', '8388608', '0')}")
    tiny = fn.new(f"icmp slt i32 {exponent}, -14")
    lowest = fn.choose(tiny, "i32", "-14", exponent)
    shift = fn.new(f"add i32 {fn.new(f'sub i32 {lowest}, {exponent}')}, 13")
    far = fn.new(f"icmp ugt i32 {shift}, 30")
    shift = fn.choose(far, "i32", "30", shift)
    kept = fn.new(f"lshr i32 {count}, {shift}")
    rest = fn.new(f"sub i32 {count}, {fn.new(f'shl i32 {kept}, {shift}')}")
    half = fn.new(f"shl i32 1, {fn.new(f'sub i32 {shift}, 1')}")
    inexact = fn.new(f"icmp ne i32 {rest}, 0")
    up = _rounds_up(fn, value, kept, rest, half, inexact)
    bits = fn.new(f"add i32 {kept}, {fn.new(f'zext i1 {up} to i32')}")
    place = fn.new(f"shl i32 {fn.new(f'add i32 {lowest}, 14')}, 10")
    bits = fn.new(f"add i32 {bits}, {place}")
    over = fn.new(f"icmp uge i32 {bits}, {fn.choose(alternative, 'i32', '32768', '31744')}")
    fn.branch(over, "over", "within")
    under = fn.flag(fn.new(f"and i1 {tiny}, {inexact}"), UNDERFLOW)
    _give_half(fn, sign, bits, idc, under, fn.flag(inexact, INEXACT))
    fn.label("over")
    # Where a magnitude is rounded up that is above the largest number, infinity is the result.
    largest = fn.choose(_is_away(fn, value), "i32", "31744", "31743")
    bits = fn.choose(alternative, "i32", "32767", largest)
    raised = fn.choose(alternative, "i32", str(INVALID), str(OVERFLOW | INEXACT))
    _give_half(fn, sign, bits, idc, raised)
    fn.label("special")
    fraction = fn.new(f"and i32 {fn.new(f'lshr i32 {value.magnitude}, 13')}, 1023")
    quiet = fn.new(f"or i32 {fraction}, 32256")
    signed = fn.choose(fn.asks(DEFAULT_NAN), "i32", "0", sign)
    quiet = fn.choose(fn.asks(DEFAULT_NAN), "i32", "32256", quiet)
    of_nan = fn.choose(alternative, "i32", "0", quiet)
    of_infinity = fn.choose(alternative, "i32", "32767", "31744")
    bits = fn.choose(value.nan, "i32", of_nan, of_infinity)
    keeps = fn.any([alternative, fn.new(f"xor i1 {value.nan}, true")])
    signed = fn.choose(keeps, "i32", sign, signed)
    invalid = fn.any([alternative, value.signalling])
    _give_half(fn, signed, bits, fn.flag(invalid, INVALID))
    return fn.text()


def _to_half_from_double() -> str:
    """f64 to 16 bits: as f32 whose last bit says whether something was cut off, which 16 bits round
    as the number itself. What f32 does not reach, 16 bits reach even less."""
    fn = _Function("fp.to_half.f64", "i16", "double %a")
    value, changed = _Value(fn, DOUBLE, "%a").flushed(fn.asks(FLUSH))
    idc = fn.flag(changed, DENORMAL)
    cut = fn.new(f"and i64 {value.magnitude}, {(1 << 29) - 1}")
    odd = fn.new(f"zext i1 {fn.new(f'icmp ne i64 {cut}, 0')} to i64")
    shifted = fn.new(f"or i64 {fn.new(f'lshr i64 {value.magnitude}, 29')}, {odd}")
    bits = fn.new(f"sub i64 {shifted}, {(1023 - 127) << 23}")
    small = value.is_("ult", (1023 - 100) << 52)
    bits = fn.choose(small, "i64", str(27 << 23), bits)
    bits = fn.choose(value.is_("eq", 0), "i64", "0", bits)
    large = value.is_("uge", (1023 + 100) << 52)
    bits = fn.choose(large, "i64", str(227 << 23), bits)
    special = fn.new(f"or i64 {fn.new(f'and i64 {shifted}, 8388607')}, {SINGLE.infinity}")
    bits = fn.choose(value.is_("uge", DOUBLE.infinity), "i64", special, bits)
    bits = fn.new(f"or i64 {bits}, {fn.new(f'lshr i64 {value.sign}, 32')}")
    narrow = fn.new(f"bitcast i32 {fn.new(f'trunc i64 {bits} to i32')} to float")
    pair = "{i16, i32}"
    call = f"call {CONVENTION} {pair} @fp.to_half(float {narrow}, i32 {fn.raised(idc)})"
    both = fn.new(call)
    fn.give(fn.new(f"extractvalue {pair} {both}, 0"), fn.new(f"extractvalue {pair} {both}, 1"))
    return fn.text()


def _give_half(fn: _Function, sign: str, bits: str, *raised: str) -> None:
    fn.give(fn.new(f"trunc i32 {fn.new(f'or i32 {bits}, {sign}')} to i16"), fn.raised(*raised))


def _directions(fn: _Function, value: _Value) -> tuple[str, str]:
    """Whether rounding is to nearest, and whether it leads away from 0 for a number's sign."""
    mode = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT}')}, 3")
    negative = fn.new(f"icmp ne i32 {value.sign}, 0")
    wanted = fn.choose(negative, "i32", "2", "1")
    return fn.new(f"icmp eq i32 {mode}, 0"), fn.new(f"icmp eq i32 {mode}, {wanted}")


def _is_away(fn: _Function, value: _Value) -> str:
    return fn.any(_directions(fn, value))


def _rounds_up(fn: _Function, value: _Value, kept: str, rest: str, half: str, inexact: str) -> str:
    """Whether a magnitude becomes the larger one of the two numbers it is between."""
    nearest, away = _directions(fn, value)
    more = fn.new(f"icmp ugt i32 {rest}, {half}")
    odd = fn.new(f"trunc i32 {kept} to i1")
    tie = fn.new(f"and i1 {fn.new(f'icmp eq i32 {rest}, {half}')}, {odd}")
    closer = fn.new(f"and i1 {nearest}, {fn.any([more, tie])}")
    return fn.any([closer, fn.new(f"and i1 {away}, {inexact}")])


# -- all of them -----------------------------------------------------------------------------------


def _of_format(f: Format, *, has_fma: bool) -> Iterator[str]:
    t, s = type_of(f), "ss" if f is SINGLE else "sd"
    for name, exact in {
        "add": _exact_sum(f, f"fadd {t} %b, -0.0"),
        "sub": _exact_sum(f, f"fneg {t} %b"),
        "mul": _exact_product(f),
        "div": _exact_quotient(f),
    }.items():
        instruction = _Instruction(f"{name}{s} $2, $0", "=x,0,x", (f, f), f)
        fast = f"f{name} {t} %a, %b"
        yield _arithmetic(f"fp.{name}.f{f.bits}", instruction, fast, exact=exact)
    root = _Instruction(f"sqrt{s} $1, $0", "=x,x", (f,), f)
    name = f"llvm.sqrt.f{f.bits}"
    yield _arithmetic(f"fp.sqrt.f{f.bits}", root, f"call {t} @{name}({t} %a)")
    fused = _Instruction(f"vfmadd213{s} $3, $2, $0", "=x,0,x,x", (f, f, f), f)
    name = f"llvm.fma.f{f.bits}"
    if not has_fma:
        symbol = "fmaf" if f is SINGLE else "fma"
        fused = _Instruction("", symbol, (f, f, f), f)
        yield f"declare {t} @{symbol}({t}, {t}, {t})"
    yield _arithmetic(
        f"fp.fma.f{f.bits}", fused, f"call {t} @{name}({t} %a, {t} %b, {t} %c)", (2, 0, 1)
    )
    yield f"declare {t} @llvm.sqrt.f{f.bits}({t})\ndeclare {t} @llvm.fma.f{f.bits}({t}, {t}, {t})"
    yield _compare(f)
    yield _extreme(f, "min", "olt")
    yield _extreme(f, "max", "ogt")
    yield _to_integer(f)
    yield _to_integral(f)


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
    fn = _Function(name + OF_BITS, bits_of(result), ", ".join(parameters))
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
    narrow = _Instruction("cvtsd2ss $1, $0", "=x,x", (DOUBLE,), SINGLE)
    return "\n".join(
        [
            *_of_format(SINGLE, has_fma=has_fma),
            *_of_format(DOUBLE, has_fma=has_fma),
            _arithmetic("fp.narrow", narrow, "fptrunc double %a to float", exact=_exact_conversion),
            _widen(),
            _from_half(),
            _to_half(),
            _to_half_from_double(),
            *map(_of_bits, FUNCTIONS),
        ]
    )

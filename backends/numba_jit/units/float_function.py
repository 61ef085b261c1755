"""Functions of floating point in the making: operands, MXCSR, and NaNs."""

from collections.abc import Sequence

from backends.numba_jit.units.float_status import CONVENTION
from dbt.ir.floating import (
    DEFAULT_NAN,
    INVALID,
    ROUNDING_SHIFT,
    SINGLE,
    Format,
)

MASKED = 0x1F80
"""MXCSR as the host has it: exceptions are masked, rounding is to nearest."""
CLEAR = "{memory}"
"""What assembler text changes that sets MXCSR."""


def type_of(f: Format) -> str:
    """LLVM's type of a format."""
    return "float" if f is SINGLE else "double"


def ordinary(f: Format) -> tuple[int, int]:
    """The least magnitude of the results that the fast way may have, and the number of them."""
    least = (1 << f.fraction) + 1
    return least, f.infinity - least


class Function:
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


class Value:
    """An operand: its bits, and what they say."""

    def __init__(self, fn: Function, f: Format, value: str, *, bits: str = "") -> None:
        self.fn, self.f, self.value = fn, f, value
        self.integer = f"i{f.bits}"
        self.bits = bits or fn.new(f"bitcast {type_of(f)} {value} to {self.integer}")
        self.magnitude = fn.new(f"and {self.integer} {self.bits}, {f.sign - 1}")
        self.sign = fn.new(f"and {self.integer} {self.bits}, {-f.sign}")

    @classmethod
    def of_bits(cls, fn: Function, f: Format, bits: str) -> "Value":
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

    def flushed(self, flush: str) -> tuple["Value", str]:
        """The operand, 0 in place of a denormal if denormals are to be flushed; whether it was."""
        below = self.fn.new(f"sub {self.integer} {self.magnitude}, 1")
        least = (1 << self.f.fraction) - 1
        denormal = self.fn.new(f"icmp ult {self.integer} {below}, {least}")
        changed = self.fn.new(f"and i1 {flush}, {denormal}")
        bits = self.fn.choose(changed, self.integer, self.sign, self.bits)
        return Value.of_bits(self.fn, self.f, bits), changed


def set_mxcsr(fn: Function, value: str) -> None:
    """Set MXCSR."""
    fn.lines.append(f" store i32 {value}, ptr %mx")
    fn.lines.append(
        f' call void asm sideeffect "ldmxcsr $0", "*m,~{CLEAR}"(ptr elementtype(i32) %mx)'
    )


def rounding_mxcsr(fn: Function) -> str:
    """MXCSR with the rounding mode of the status: x86 has its two bits the other way round."""
    up = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT}')}, 1")
    down = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT + 1}')}, 1")
    bits = fn.new(f"or i32 {fn.new(f'shl i32 {up}, 14')}, {fn.new(f'shl i32 {down}, 13')}")
    return fn.new(f"or i32 {bits}, {MASKED}")


def give_nan(
    fn: Function, to: Format, ordered: Sequence[Value], values: Sequence[Value], idc: str
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


def _is_meaningless(fn: Function, values: Sequence[Value]) -> str:
    """Whether the product of the first two is infinity times 0."""
    a, b, _ = values
    return fn.any(
        [
            fn.new(f"and i1 {x.is_('eq', x.f.infinity)}, {y.is_('eq', 0)}")
            for x, y in ((a, b), (b, a))
        ]
    )

"""What the ops of floating point compute: exact arithmetic of rationals, and one rounding.

They take and give a *status*, as ARM's FPSCR is laid out (ARM ARM A2.7, B4.1.58): how to round and
what to do with NaNs and denormals, and the exceptions that have happened so far. It is plain
Python, written to be obviously right: the functions have the names of the manual's pseudocode
where there is one.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isqrt

from dbt.classes import attrs
from dbt.ir import ops
from dbt.ir.ops import Op
from dbt.ir.types import F32, F64, Type

INVALID, DIVISION_BY_ZERO, OVERFLOW, UNDERFLOW, INEXACT, DENORMAL = 1, 2, 4, 8, 16, 128
"""Bits of a status: exceptions. DENORMAL is that of an operand taken for zero."""
EXCEPTIONS = INVALID | DIVISION_BY_ZERO | OVERFLOW | UNDERFLOW | INEXACT | DENORMAL
ROUNDING_SHIFT = 22
NEAREST, UP, DOWN, TO_ZERO = range(4)
"""The two bits of the rounding mode."""
AWAY, AS_STATUS = 4, 5
"""Further modes of ``frint``: to nearest with halves away from 0, and that of the status."""
FLUSH, DEFAULT_NAN, ALTERNATIVE_HALF = 1 << 24, 1 << 25, 1 << 26
"""Bits of a status: denormals are taken for zero, of operands and results; every NaN that comes out
is the default one; 16-bit numbers have no infinities and no NaNs, but numbers in their place."""


@attrs.frozen
class Format:
    """A format of IEEE 754: its width and the bits of its fraction."""

    bits: int
    fraction: int

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return 1 << (self.bits - 1)

    @property
    def infinity(self) -> int:
        """Its positive infinity: all ones in the exponent."""
        return self.sign - (1 << self.fraction)

    @property
    def quiet(self) -> int:
        """The bit that tells a quiet NaN from a signalling one."""
        return 1 << (self.fraction - 1)

    @property
    def default_nan(self) -> int:
        """The positive quiet NaN without a payload."""
        return self.infinity | self.quiet

    @property
    def least(self) -> int:
        """The exponent of its least normal number."""
        return 2 - (1 << (self.bits - self.fraction - 2))


HALF, SINGLE, DOUBLE = Format(16, 10), Format(32, 23), Format(64, 52)
_FORMATS = {F32: SINGLE, F64: DOUBLE}


@attrs.frozen
class Operand:
    """An unpacked operand. ``value`` is that of a zero or a finite number."""

    bits: int
    negative: bool
    infinite: bool
    nan: bool
    signalling: bool
    value: Fraction

    @property
    def zero(self) -> bool:
        """Whether it is a zero of either sign."""
        return not (self.infinite or self.nan or self.value)


class _Operation:
    """One operation: the status that it finds, and the exceptions that it raises."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.raised = 0
        self.rounding = status >> ROUNDING_SHIFT & 3

    def unpack(self, f: Format, bits: int) -> Operand:
        """FPUnpack."""
        magnitude, fraction = bits & ~f.sign, bits & ((1 << f.fraction) - 1)
        exponent = magnitude >> f.fraction
        negative = bool(bits & f.sign)
        if not exponent and fraction and self.status & FLUSH and f is not HALF:
            self.raised |= DENORMAL
            bits, fraction = bits & f.sign, 0
        special = magnitude >= f.infinity and not (f is HALF and self.status & ALTERNATIVE_HALF)
        nan = special and magnitude > f.infinity
        count = fraction | (1 << f.fraction if exponent else 0)
        value = Fraction(0)
        if not special:
            value = count * Fraction(2) ** (max(exponent, 1) - 1 + f.least - f.fraction)
        return Operand(
            bits, negative, special and not nan, nan, nan and not bits & f.quiet,
            -value if negative else value,
        )  # fmt: skip

    def invalid(self, f: Format) -> int:
        """The result of an operation that has none."""
        self.raised |= INVALID
        return f.default_nan

    def nan_of(self, f: Format, *operands: Operand) -> int | None:
        """FPProcessNaNs: the first signalling operand, else the first NaN, quiet."""
        found = [x for x in operands if x.signalling] or [x for x in operands if x.nan]
        if not found:
            return None
        if found[0].signalling:
            self.raised |= INVALID
        return f.default_nan if self.status & DEFAULT_NAN else found[0].bits | f.quiet

    def zero_of(self, f: Format, *, negative: bool) -> int:
        """A zero with a sign."""
        return f.sign if negative else 0

    def infinity_of(self, f: Format, *, negative: bool) -> int:
        """An infinity with a sign."""
        return f.infinity | self.zero_of(f, negative=negative)

    def round(self, f: Format, value: Fraction) -> int:
        """FPRound: the number of a format for a value that is not 0."""
        negative, magnitude = value < 0, abs(value)
        exponent = _exponent(magnitude)
        tiny = exponent < f.least
        sign = self.zero_of(f, negative=negative)
        if tiny and self.status & FLUSH and f is not HALF:
            self.raised |= UNDERFLOW
            return sign
        exponent = max(exponent, f.least)
        scaled = magnitude / Fraction(2) ** (exponent - f.fraction)
        count = int(scaled)
        error = scaled - count
        if tiny and error:
            self.raised |= UNDERFLOW
        count += self._rounds_up(negative, count, error)
        bits = count + (exponent - f.least << f.fraction)
        if f is HALF and self.status & ALTERNATIVE_HALF:
            if bits >= f.sign:
                self.raised |= INVALID
                return sign | f.sign - 1
        elif bits >= f.infinity:
            self.raised |= OVERFLOW | INEXACT
            away = {NEAREST: True, UP: not negative, DOWN: negative, TO_ZERO: False}
            return sign | f.infinity - (0 if away[self.rounding] else 1)
        if error:
            self.raised |= INEXACT
        return sign | bits

    def _rounds_up(self, negative: bool, count: int, error: Fraction) -> bool:
        """Whether a magnitude between two numbers becomes the larger one."""
        match self.rounding:
            case 0:
                return error > Fraction(1, 2) or (error == Fraction(1, 2) and count & 1 == 1)
            case 1:
                return bool(error) and not negative
            case 2:
                return bool(error) and negative
        return False

    def finish(self, f: Format, value: Fraction) -> int:
        """A result that may be an exact 0, which is negative only when rounding down."""
        return self.round(f, value) if value else self.zero_of(f, negative=self.rounding == DOWN)


def _exponent(value: Fraction) -> int:
    """The largest e with 2**e <= value."""
    e = value.numerator.bit_length() - value.denominator.bit_length()
    return e if Fraction(2) ** e <= value else e - 1


# -- Arithmetic ------------------------------------------------------------------------------------


def _add(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    nan = o.nan_of(f, a, b)
    if nan is not None:
        return nan
    return _sum(o, f, a, b)


def _sum(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    """The sum of two that are no NaNs."""
    if a.infinite or b.infinite:
        if a.infinite and b.infinite and a.negative != b.negative:
            return o.invalid(f)
        return o.infinity_of(f, negative=a.negative if a.infinite else b.negative)
    if a.zero and b.zero and a.negative == b.negative:
        return o.zero_of(f, negative=a.negative)
    return o.finish(f, a.value + b.value)


def _negated(a: Operand) -> Operand:
    return attrs.evolve(a, negative=not a.negative, value=-a.value)


def _subtract(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    nan = o.nan_of(f, a, b)
    return _sum(o, f, a, _negated(b)) if nan is None else nan


def _product(a: Operand, b: Operand) -> Operand | None:
    """The exact product of two that are no NaNs; None if it has no value."""
    infinite, negative = a.infinite or b.infinite, a.negative != b.negative
    if infinite and (a.zero or b.zero):
        return None
    value = Fraction(0) if infinite else a.value * b.value
    return Operand(0, negative, infinite, nan=False, signalling=False, value=value)


def _multiply(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    nan = o.nan_of(f, a, b)
    if nan is not None:
        return nan
    product = _product(a, b)
    if product is None:
        return o.invalid(f)
    if product.infinite:
        return o.infinity_of(f, negative=product.negative)
    if product.zero:
        return o.zero_of(f, negative=product.negative)
    return o.round(f, product.value)


def _divide(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    nan = o.nan_of(f, a, b)
    if nan is not None:
        return nan
    negative = a.negative != b.negative
    if (a.infinite and b.infinite) or (a.zero and b.zero):
        return o.invalid(f)
    if a.infinite or b.zero:
        o.raised |= 0 if a.infinite else DIVISION_BY_ZERO
        return o.infinity_of(f, negative=negative)
    if a.zero or b.infinite:
        return o.zero_of(f, negative=negative)
    return o.round(f, a.value / b.value)


def _root(o: _Operation, f: Format, a: Operand) -> int:
    nan = o.nan_of(f, a)
    if nan is not None:
        return nan
    if a.zero:
        return a.bits
    if a.negative:
        return o.invalid(f)
    if a.infinite:
        return a.bits
    # A square of so many bits that what is cut off cannot be told from another rest by rounding.
    scale = 4 ** (2 * f.bits + max(0, -_exponent(a.value)))
    square = a.value * scale
    root = Fraction(isqrt(int(square)))
    if root * root != square:
        root += Fraction(1, 2)
    return o.round(f, root / isqrt(scale))


def _fused(o: _Operation, f: Format, a: Operand, b: Operand, c: Operand) -> int:
    """FPMulAdd: a * b + c, whose NaNs come c first."""
    nan = o.nan_of(f, c, a, b)
    meaningless = (a.infinite and b.zero) or (a.zero and b.infinite)
    if meaningless and (nan is None or c.nan):
        return o.invalid(f) if nan is None or not c.signalling else nan
    if nan is not None:
        return nan
    product = _product(a, b)
    assert product is not None
    return _sum(o, f, product, c)


def _compare(o: _Operation, a: Operand, b: Operand, *, signals: bool) -> int:
    """FPCompare: 0 equal, 1 less, 2 greater, 3 unordered."""
    if a.nan or b.nan:
        if signals or a.signalling or b.signalling:
            o.raised |= INVALID
        return 3
    x, y = (_rank(operand) for operand in (a, b))
    return 0 if x == y else 1 if x < y else 2


def _rank(a: Operand) -> tuple[int, Fraction]:
    return (-1 if a.negative else 1) if a.infinite else 0, a.value


def _lesser(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    """FPMin."""
    return _chosen(o, f, a, b, (_rank(a), not a.negative) <= (_rank(b), not b.negative))


def _greater(o: _Operation, f: Format, a: Operand, b: Operand) -> int:
    """FPMax."""
    return _chosen(o, f, a, b, (_rank(a), not a.negative) >= (_rank(b), not b.negative))


def _chosen(o: _Operation, f: Format, a: Operand, b: Operand, first: bool) -> int:
    nan = o.nan_of(f, a, b)
    return (a if first else b).bits if nan is None else nan


# -- Conversions -----------------------------------------------------------------------------------


def _convert(o: _Operation, f: Format, to: Format, a: Operand) -> int:
    """FPDoubleToSingle, FPSingleToDouble, FPHalfToSingle, FPSingleToHalf."""
    alternative = to is HALF and o.status & ALTERNATIVE_HALF
    sign = o.zero_of(to, negative=a.negative)
    if a.nan:
        if a.signalling or alternative:
            o.raised |= INVALID
        if alternative:
            return sign
        if o.status & DEFAULT_NAN:
            return to.default_nan
        fraction = a.bits & ((1 << f.fraction) - 1)
        shift = to.fraction - f.fraction
        fraction = fraction << shift if shift >= 0 else fraction >> -shift
        return sign | to.default_nan | fraction
    if a.infinite:
        if alternative:
            o.raised |= INVALID
            return sign | to.sign - 1
        return sign | to.infinity
    return o.round(to, a.value) if a.value else sign


def _from_integer(o: _Operation, to: Format, value: int, fraction: int) -> int:
    """FixedToFP."""
    return o.round(to, Fraction(value, 1 << fraction)) if value else 0


def _to_integer(o: _Operation, a: Operand, least: int, most: int, fraction: int) -> int:
    """FPToFixed: rounded, and the nearest of the type if it does not fit."""
    if a.nan or a.infinite:
        o.raised |= INVALID
        return 0 if a.nan else least if a.negative else most
    scaled = abs(a.value) * (1 << fraction)
    count = int(scaled)
    error = scaled - count
    count += o._rounds_up(a.negative, count, error)
    result = -count if a.negative else count
    if not least <= result <= most:
        o.raised |= INVALID
        return least if result < least else most
    if error:
        o.raised |= INEXACT
    return result


def _to_integral(o: _Operation, f: Format, a: Operand, mode: int) -> int:
    """FPRoundInt, which is not exact."""
    nan = o.nan_of(f, a)
    if nan is not None:
        return nan
    if a.infinite or a.zero:
        return a.bits
    magnitude = abs(a.value)
    count = int(magnitude)
    error = magnitude - count
    if mode == AWAY:
        count += error >= Fraction(1, 2)
    else:
        if mode != AS_STATUS:
            o.rounding = mode
        count += o._rounds_up(a.negative, count, error)
    return o.round(f, Fraction(-count if a.negative else count)) if count else a.bits & f.sign


# -- Ops -------------------------------------------------------------------------------------------

_ARITHMETIC: Mapping[Op, Callable[..., int]] = {
    ops.FADD: _add,
    ops.FSUB: _subtract,
    ops.FMUL: _multiply,
    ops.FDIV: _divide,
    ops.FSQRT: _root,
    ops.FMA: _fused,
    ops.FMIN: _lesser,
    ops.FMAX: _greater,
}


def evaluate(
    op: Op, type_: Type, operand: Type, args: Sequence[int], imm: Sequence[int]
) -> tuple[int, int]:
    """The result of an op and the status after it. ``type_`` is the type of the result, ``operand``
    that of the first operand; the last of ``args`` is the status."""
    o = _Operation(args[-1])
    return _result(o, op, type_, operand, args, imm) & type_.mask, o.status | o.raised


def _result(
    o: _Operation, op: Op, type_: Type, operand: Type, args: Sequence[int], imm: Sequence[int]
) -> int:
    if op in _TO_FLOAT:
        value = args[0] - (args[0] >> 31 << 32 if op is ops.SINT_TO_F else 0)
        return _from_integer(o, _FORMATS[type_], value, imm[0])
    if op is ops.HALF_TO_F:
        return _convert(o, HALF, _FORMATS[type_], o.unpack(HALF, args[0]))
    f = _FORMATS[operand]
    operands = [o.unpack(f, bits) for bits in args[:-1]]
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](o, f, *operands)
    if op is ops.FRINT:
        return _to_integral(o, f, operands[0], imm[0])
    if op in _TO_INTEGER:
        return _to_integer(o, operands[0], *_range(op, imm[0]), imm[1])
    if op in (ops.FCMP, ops.FCMPE):
        return _compare(o, *operands, signals=op is ops.FCMPE)
    return _convert(o, f, HALF if op is ops.F_TO_HALF else _FORMATS[type_], operands[0])


_TO_FLOAT = (ops.SINT_TO_F, ops.UINT_TO_F)
_TO_INTEGER = (ops.F_TO_SINT, ops.F_TO_UINT)
HANDLED = frozenset(
    {*_ARITHMETIC, *_TO_FLOAT, *_TO_INTEGER}
    | {ops.FCMP, ops.FCMPE, ops.FCVT, ops.HALF_TO_F, ops.F_TO_HALF, ops.FRINT}
)


def _range(op: Op, bits: int) -> tuple[int, int]:
    """The least and the greatest integer of a conversion."""
    if op is ops.F_TO_UINT:
        return 0, (1 << bits) - 1
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1

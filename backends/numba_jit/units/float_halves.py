"""Functions of conversions from and to 16 bits."""

from backends.numba_jit.units.float_function import (
    Function,
    Value,
)
from backends.numba_jit.units.float_status import CONVENTION
from dbt.ir.floating import (
    ALTERNATIVE_HALF,
    DEFAULT_NAN,
    DENORMAL,
    DOUBLE,
    FLUSH,
    INEXACT,
    INVALID,
    OVERFLOW,
    ROUNDING_SHIFT,
    SINGLE,
    UNDERFLOW,
)


def from_half() -> str:
    """16 bits to f32, which is exact."""
    fn = Function("fp.from_half", "float", "i16 %a")
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


def to_half() -> str:
    """f32 to 16 bits, in integers: the host's conversion may be lacking, and has no other form."""
    fn = Function("fp.to_half", "i16", "float %a")
    value, changed = Value(fn, SINGLE, "%a").flushed(fn.asks(FLUSH))
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


def to_half_from_double() -> str:
    """f64 to 16 bits: as f32 whose last bit says whether something was cut off, which 16 bits round
    as the number itself. What f32 does not reach, 16 bits reach even less."""
    fn = Function("fp.to_half.f64", "i16", "double %a")
    value, changed = Value(fn, DOUBLE, "%a").flushed(fn.asks(FLUSH))
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


def _give_half(fn: Function, sign: str, bits: str, *raised: str) -> None:
    fn.give(fn.new(f"trunc i32 {fn.new(f'or i32 {bits}, {sign}')} to i16"), fn.raised(*raised))


def _directions(fn: Function, value: Value) -> tuple[str, str]:
    """Whether rounding is to nearest, and whether it leads away from 0 for a number's sign."""
    mode = fn.new(f"and i32 {fn.new(f'lshr i32 %st, {ROUNDING_SHIFT}')}, 3")
    negative = fn.new(f"icmp ne i32 {value.sign}, 0")
    wanted = fn.choose(negative, "i32", "2", "1")
    return fn.new(f"icmp eq i32 {mode}, 0"), fn.new(f"icmp eq i32 {mode}, {wanted}")


def _is_away(fn: Function, value: Value) -> str:
    return fn.any(_directions(fn, value))


def _rounds_up(fn: Function, value: Value, kept: str, rest: str, half: str, inexact: str) -> str:
    """Whether a magnitude becomes the larger one of the two numbers it is between."""
    nearest, away = _directions(fn, value)
    more = fn.new(f"icmp ugt i32 {rest}, {half}")
    odd = fn.new(f"trunc i32 {kept} to i1")
    tie = fn.new(f"and i1 {fn.new(f'icmp eq i32 {rest}, {half}')}, {odd}")
    closer = fn.new(f"and i1 {nearest}, {fn.any([more, tie])}")
    return fn.any([closer, fn.new(f"and i1 {away}, {inexact}")])

"""Functions of conversions: to the wider format, and to integers."""

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
from dbt.ir.floating import (
    AS_STATUS,
    AWAY,
    DEFAULT_NAN,
    DENORMAL,
    DOUBLE,
    DOWN,
    FLUSH,
    INEXACT,
    INVALID,
    NEAREST,
    ROUNDING_SHIFT,
    SINGLE,
    TO_ZERO,
    UP,
    Format,
)


def widen() -> str:
    """f32 to f64, which is exact."""
    fn = Function("fp.widen", "double", "float %a")
    value, changed = Value(fn, SINGLE, "%a").flushed(fn.asks(FLUSH))
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


INTEGRAL = {NEAREST: "roundeven", UP: "ceil", DOWN: "floor", TO_ZERO: "trunc", AWAY: "round"}
"""LLVM's names of what rounds to an integer in a mode."""


def to_integral(f: Format) -> str:
    """A number rounded to an integer, in a mode (``frint``)."""
    t, integer = type_of(f), f"i{f.bits}"
    fn = Function(f"fp.rint.f{f.bits}", t, f"{t} %a, i32 %mode")
    value, changed = Value(fn, f, "%a").flushed(fn.asks(FLUSH))
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
    magnitude = Value(fn, f, rounded).magnitude
    bits = fn.new(f"or {integer} {magnitude}, {value.sign}")
    fn.give(fn.new(f"bitcast {integer} {bits} to {t}"), fn.raised(idc))
    fn.label("nan")
    give_nan(fn, f, [value], [value], idc)
    declared = [f"declare {t} @llvm.{name}.f{f.bits}({t})" for name in INTEGRAL.values()]
    return "\n".join([*declared, fn.text()])


def to_integer(f: Format) -> str:
    """A number times a power of 2, rounded to an integer within bounds."""
    fn = Function(
        f"fp.toint.f{f.bits}", "i32", f"{type_of(f)} %a, double %scale, i64 %least, i64 %most"
    )
    value, changed = Value(fn, f, "%a").flushed(fn.asks(FLUSH))
    idc = fn.flag(changed, DENORMAL)
    fn.branch(value.nan, "nan", "number")
    wide = value.value if f is DOUBLE else fn.new(f"fpext float {value.value} to double")
    scaled = fn.new(f"fmul double {wide}, %scale")
    magnitude = Value(fn, DOUBLE, scaled)
    negative = fn.new(f"icmp ne i64 {magnitude.sign}, 0")
    fn.branch(magnitude.is_("uge", 0x43D0000000000000), "huge", "fits")  # 2**62
    zero = fn.new(f"and i32 %st, {3 << ROUNDING_SHIFT}")
    fn.branch(fn.new(f"icmp eq i32 {zero}, {3 << ROUNDING_SHIFT}"), "cut", "round")
    set_mxcsr(fn, rounding_mxcsr(fn))
    rounded = fn.new(
        f'call i64 asm sideeffect "cvtsd2siq $1, $0", "=r,x,~{CLEAR}"(double {scaled})'
    )
    set_mxcsr(fn, str(MASKED))
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

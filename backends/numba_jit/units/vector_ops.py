"""Ops of vectors as LLVM text: integers and moves. The lanes of an op are LLVM's vector types.

As of scalars, LLVM leaves large shift amounts undefined; ours are defined (``dbt/ir/ops.py``).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from backends.native.llvm import binding
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op
from dbt.ir.types import I8, I32, LANES, V64, V128, Type
from dbt.ir.vectors import indices_of, lane_of, split

Lower: TypeAlias = Callable[..., str]


def vector_of(whole: Type, lane: Type) -> str:
    """LLVM's type of a vector with such lanes."""
    return f"<{whole.bits // lane.bits} x {LLVM_TYPES[lane.name]}>"


def _literal(numbers: Sequence[int], lane: Type) -> str:
    return f"<{', '.join(f'{lane} {number}' for number in numbers)}>"


def as_lanes(u: UnitText, value: Value, lane: Type) -> str:
    """The text of a vector as one of such lanes."""
    whole = value.type
    assert whole is not None
    if isinstance(value, Const) and not lane.floating:
        return _literal(split(value.value, whole.bits, lane), lane)
    kind, wanted = LLVM_TYPES[whole.name], vector_of(whole, lane)
    text = u.value(value)
    return text if kind == wanted else u.new(f"bitcast {kind} {text} to {wanted}")


def of_lanes(u: UnitText, whole: Type, lane: Type, text: str) -> str:
    """The text of a vector that was computed as one of such lanes."""
    kind, given = LLVM_TYPES[whole.name], vector_of(whole, lane)
    return text if kind == given else u.new(f"bitcast {given} {text} to {kind}")


def _type(value: Value) -> Type:
    assert value.type is not None
    return value.type


def _call(u: UnitText, name: str, whole: Type, lane: Type, *args: str, extra: str = "") -> str:
    """A call of one of LLVM's intrinsics on vectors."""
    kind = vector_of(whole, lane)
    symbol = f"llvm.{name}.v{whole.bits // lane.bits}{lane}"
    kinds = ", ".join([kind] * len(args) + ([extra.split(maxsplit=1)[0]] if extra else []))
    u.intrinsic(symbol, f"{kind} @{symbol}({kinds})")
    given = ", ".join([*(f"{kind} {arg}" for arg in args), *([extra] if extra else [])])
    return u.new(f"call {kind} @{symbol}({given})")


# -- Bits ------------------------------------------------------------------------------------------


def _bits(opcode: str) -> Lower:
    def lower(u: UnitText, inst: Inst, a: str, b: str) -> str:
        return u.new(f"{opcode} {LLVM_TYPES[_type(inst).name]} {a}, {b}")

    return lower


def _ones(whole: Type) -> str:
    return "<i32 -1, i32 -1>" if whole is V64 else "<i64 -1, i64 -1>"


def _not(u: UnitText, inst: Inst, a: str) -> str:
    whole = _type(inst)
    return u.new(f"xor {LLVM_TYPES[whole.name]} {a}, {_ones(whole)}")


def _choose_bits(u: UnitText, inst: Inst, mask: str, a: str, b: str) -> str:
    whole = _type(inst)
    kind = LLVM_TYPES[whole.name]
    other = u.new(f"xor {kind} {mask}, {_ones(whole)}")
    first, second = u.new(f"and {kind} {mask}, {a}"), u.new(f"and {kind} {other}, {b}")
    return u.new(f"or {kind} {first}, {second}")


def _any(u: UnitText, inst: Inst, a: str) -> str:
    whole = _type(inst.args[0])
    integer = f"i{whole.bits}"
    bits = u.new(f"bitcast {LLVM_TYPES[whole.name]} {a} to {integer}")
    return u.new(f"icmp ne {integer} {bits}, 0")


# -- Lane by lane ----------------------------------------------------------------------------------


def _lanewise(compute: Callable[..., str]) -> Lower:
    """An op whose operands and result have the same lanes. ``compute`` takes the emitter, LLVM's
    type, the instruction and the operands."""

    def lower(u: UnitText, inst: Inst, *_: str) -> str:
        lane, whole = lane_of(inst), _type(inst)
        operands = [as_lanes(u, value, lane) for value in inst.args]
        return of_lanes(u, whole, lane, compute(u, vector_of(whole, lane), inst, *operands))

    return lower


def _plain(opcode: str) -> Lower:
    return _lanewise(lambda u, kind, _, a, b: u.new(f"{opcode} {kind} {a}, {b}"))


def _intrinsic(name: str, extra: str = "") -> Lower:
    def compute(u: UnitText, _: str, inst: Inst, *operands: str) -> str:
        return _call(u, name, _type(inst), lane_of(inst), *operands, extra=extra)

    return _lanewise(compute)


def _comparison(relation: str) -> Lower:
    def compute(u: UnitText, kind: str, _: Inst, a: str, b: str) -> str:
        count = kind[1:].partition(" ")[0]
        holds = u.new(f"icmp {relation} {kind} {a}, {b}")
        return u.new(f"sext <{count} x i1> {holds} to {kind}")

    return _lanewise(compute)


def _known_amounts(inst: Inst, lane: Type) -> list[int] | None:
    amounts = inst.args[1]
    if not isinstance(amounts, Const):
        return None
    return split(amounts.value, amounts.type.bits, lane)


def _shift(opcode: str) -> Lower:
    def compute(u: UnitText, kind: str, inst: Inst, a: str, b: str) -> str:
        lane = lane_of(inst)
        amounts, most = _known_amounts(inst, lane), lane.bits - 1
        if amounts is not None and max(amounts) <= most:
            return u.new(f"{opcode} {kind} {a}, {b}")
        count = kind[1:].partition(" ")[0]
        limit = _literal([lane.bits] * int(count), lane)
        fits = u.new(f"icmp ult {kind} {b}, {limit}")
        masked = u.new(f"and {kind} {b}, {_literal([most] * int(count), lane)}")
        shifted = u.new(f"{opcode} {kind} {a}, {masked}")
        return u.new(f"select <{count} x i1> {fits}, {kind} {shifted}, {kind} zeroinitializer")

    return _lanewise(compute)


def _sar(u: UnitText, kind: str, inst: Inst, a: str, b: str) -> str:
    lane = lane_of(inst)
    amounts, most = _known_amounts(inst, lane), lane.bits - 1
    if amounts is not None:
        return u.new(f"ashr {kind} {a}, {_literal([min(n, most) for n in amounts], lane)}")
    limit = _literal([most] * (_type(inst).bits // lane.bits), lane)
    return u.new(f"ashr {kind} {a}, {_call(u, 'umin', _type(inst), lane, b, limit)}")


# -- Moves of lanes --------------------------------------------------------------------------------


def _splat(u: UnitText, inst: Inst, a: str) -> str:
    lane, whole = lane_of(inst), _type(inst)
    kind = vector_of(whole, lane)
    one = u.new(f"insertelement {kind} poison, {lane} {a}, i32 0")
    mask = f"<{whole.bits // lane.bits} x i32> zeroinitializer"
    return of_lanes(u, whole, lane, u.new(f"shufflevector {kind} {one}, {kind} poison, {mask}"))


def _extract(u: UnitText, inst: Inst, _: str) -> str:
    lane, (value,) = lane_of(inst), inst.args
    kind = vector_of(_type(value), lane)
    return u.new(f"extractelement {kind} {as_lanes(u, value, lane)}, i32 {inst.imm[1]}")


def _insert(u: UnitText, inst: Inst, _: str, b: str) -> str:
    lane, whole = lane_of(inst), _type(inst)
    kind, vector = vector_of(whole, lane), as_lanes(u, inst.args[0], lane)
    changed = u.new(f"insertelement {kind} {vector}, {lane} {b}, i32 {inst.imm[1]}")
    return of_lanes(u, whole, lane, changed)


def _resized(opcode: str, whole: Type, to: Type) -> Lower:
    def lower(u: UnitText, inst: Inst, _: str) -> str:
        lane = lane_of(inst)
        other = LANES[f"i{lane.bits * to.bits // whole.bits}"]
        kind, wanted = vector_of(whole, lane), vector_of(to, other)
        value = u.new(f"{opcode} {kind} {as_lanes(u, inst.args[0], lane)} to {wanted}")
        return of_lanes(u, to, other, value)

    return lower


def _half(u: UnitText, inst: Inst, _: str) -> str:
    first = 2 * int(inst.imm[0])
    value = as_lanes(u, inst.args[0], I32)
    mask = f"<2 x i32> <i32 {first}, i32 {first + 1}>"
    return u.new(f"shufflevector <4 x i32> {value}, <4 x i32> poison, {mask}")


def _concat(u: UnitText, _: Inst, a: str, b: str) -> str:
    mask = "<4 x i32> <i32 0, i32 1, i32 2, i32 3>"
    both = u.new(f"shufflevector <2 x i32> {a}, <2 x i32> {b}, {mask}")
    return of_lanes(u, V128, I32, both)


def _shuffle(u: UnitText, inst: Inst, *_: str) -> str:
    lane, whole = lane_of(inst), _type(inst)
    kind = vector_of(whole, lane)
    a, b = (as_lanes(u, value, lane) for value in inst.args)
    numbers = indices_of(inst)
    mask = f"<{len(numbers)} x i32> {_literal(numbers, I32)}"
    return of_lanes(u, whole, lane, u.new(f"shufflevector {kind} {a}, {kind} {b}, {mask}"))


def _table(u: UnitText, inst: Inst, *_: str) -> str:
    table, numbers = as_lanes(u, inst.args[0], I8), as_lanes(u, inst.args[1], I8)
    whole = _type(inst)
    if whole is V64:
        order = ", ".join(f"i32 {n}" for n in range(16))
        numbers = u.new(
            f"shufflevector <8 x i8> {numbers}, <8 x i8> zeroinitializer, <16 x i32> <{order}>"
        )
    found = _look_up(u, table, numbers)
    if whole is V128:
        return of_lanes(u, V128, I8, found)
    low = u.new(f"bitcast <16 x i8> {found} to <4 x i32>")
    return u.new(f"shufflevector <4 x i32> {low}, <4 x i32> poison, <2 x i32> <i32 0, i32 1>")


def _look_up(u: UnitText, table: str, numbers: str) -> str:
    """The entries of a table of 16 bytes with 16 numbers; 0 for numbers that are too large."""
    if binding().get_host_cpu_features().get("ssse3"):
        # The instruction gives 0 for a number whose highest bit is set.
        more = _literal([0x70] * 16, I8)
        marked = _call(u, "uadd.sat", V128, I8, numbers, more)
        name = "llvm.x86.ssse3.pshuf.b.128"
        u.intrinsic(name, f"<16 x i8> @{name}(<16 x i8>, <16 x i8>)")
        return u.new(f"call <16 x i8> @{name}(<16 x i8> {table}, <16 x i8> {marked})")
    result = "zeroinitializer"
    for n in range(16):
        number = u.new(f"extractelement <16 x i8> {numbers}, i32 {n}")
        place = u.new(f"and i8 {number}, 15")
        entry = u.new(f"extractelement <16 x i8> {table}, i8 {place}")
        fits = u.new(f"icmp ult i8 {number}, 16")
        entry = u.new(f"select i1 {fits}, i8 {entry}, i8 0")
        result = u.new(f"insertelement <16 x i8> {result}, i8 {entry}, i32 {n}")
    return result


VECTORS: dict[Op, Lower] = {
    ops.VAND: _bits("and"), ops.VOR: _bits("or"), ops.VXOR: _bits("xor"), ops.VNOT: _not,
    ops.VBITS: _choose_bits, ops.VANY: _any,
    ops.VADD: _plain("add"), ops.VSUB: _plain("sub"), ops.VMUL: _plain("mul"),
    ops.VSADD_SAT: _intrinsic("sadd.sat"), ops.VUADD_SAT: _intrinsic("uadd.sat"),
    ops.VSSUB_SAT: _intrinsic("ssub.sat"), ops.VUSUB_SAT: _intrinsic("usub.sat"),
    ops.VSMIN: _intrinsic("smin"), ops.VSMAX: _intrinsic("smax"),
    ops.VUMIN: _intrinsic("umin"), ops.VUMAX: _intrinsic("umax"),
    ops.VEQ: _comparison("eq"), ops.VSLT: _comparison("slt"), ops.VULT: _comparison("ult"),
    ops.VSHL: _shift("shl"), ops.VSHR: _shift("lshr"), ops.VSAR: _lanewise(_sar),
    ops.VCLZ: _intrinsic("ctlz", "i1 0"), ops.VPOPCOUNT: _intrinsic("ctpop"),
    ops.VSPLAT: _splat, ops.VEXTRACT: _extract, ops.VINSERT: _insert,
    ops.VZEXT: _resized("zext", V64, V128), ops.VSEXT: _resized("sext", V64, V128),
    ops.VTRUNC: _resized("trunc", V128, V64), ops.VHALF: _half, ops.VCONCAT: _concat,
    ops.VSHUFFLE: _shuffle, ops.VTABLE: _table,
}  # fmt: skip

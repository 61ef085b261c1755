"""What the ops of vectors compute, lane by lane. Vectors are unsigned ints, as all values are: lane
0 is in the lowest bits."""

from collections.abc import Callable, Mapping, Sequence

from dbt.ir import ciphers, ops
from dbt.ir.block import Inst
from dbt.ir.ops import Op
from dbt.ir.types import F32, I8, I32, LANES, Type


def split(vector: int, bits: int, lane: Type) -> list[int]:
    """The lanes of a vector of so many bits."""
    return [vector >> at & lane.mask for at in range(0, bits, lane.bits)]


def join(lanes: Sequence[int], lane: Type) -> int:
    """The vector with these lanes, of which only the bits that fit are taken."""
    return sum((value & lane.mask) << n * lane.bits for n, value in enumerate(lanes))


def _signed(value: int, lane: Type) -> int:
    return value - (1 << lane.bits) if value >> (lane.bits - 1) else value


def _nearest(value: int, lane: Type, *, signed: bool) -> int:
    half = 1 << (lane.bits - 1)
    least, most = (-half, half - 1) if signed else (0, lane.mask)
    return max(least, min(value, most))


# Of each lane; the second function's operands are signed.
_UNSIGNED: Mapping[Op, Callable[[Type, int, int], int]] = {
    ops.VADD: lambda _, a, b: a + b,
    ops.VSUB: lambda _, a, b: a - b,
    ops.VMUL: lambda _, a, b: a * b,
    ops.VUADD_SAT: lambda t, a, b: _nearest(a + b, t, signed=False),
    ops.VUSUB_SAT: lambda t, a, b: _nearest(a - b, t, signed=False),
    ops.VUMIN: lambda _, a, b: min(a, b),
    ops.VUMAX: lambda _, a, b: max(a, b),
    ops.VEQ: lambda _, a, b: -(a == b),
    ops.VULT: lambda _, a, b: -(a < b),
    ops.VSHL: lambda t, a, b: a << b if b < t.bits else 0,
    ops.VSHR: lambda t, a, b: a >> b if b < t.bits else 0,
    ops.VSAR: lambda t, a, b: _signed(a, t) >> min(b, t.bits),
}
_SIGNED: Mapping[Op, Callable[[Type, int, int], int]] = {
    ops.VSADD_SAT: lambda t, a, b: _nearest(a + b, t, signed=True),
    ops.VSSUB_SAT: lambda t, a, b: _nearest(a - b, t, signed=True),
    ops.VSMIN: lambda _, a, b: min(a, b),
    ops.VSMAX: lambda _, a, b: max(a, b),
    ops.VSLT: lambda _, a, b: -(a < b),
}
_ONE: Mapping[Op, Callable[[Type, int], int]] = {
    ops.VCLZ: lambda t, a: t.bits - a.bit_length(),
    ops.VPOPCOUNT: lambda _, a: a.bit_count(),
}
# Bits; without lanes.
_WHOLE: Mapping[Op, Callable[..., int]] = {
    ops.VAND: lambda a, b: a & b,
    ops.VOR: lambda a, b: a | b,
    ops.VXOR: lambda a, b: a ^ b,
    ops.VNOT: lambda a: ~a,
    ops.VBITS: lambda mask, a, b: a & mask | b & ~mask,
    ops.VANY: lambda a: a != 0,
    ops.VCONCAT: lambda a, b: a | b << 64,
    ops.VCLMUL: ciphers.product,
    ops.VAES_SUB: ciphers.aes_substitute,
    ops.VAES_UNSUB: ciphers.aes_restore,
    ops.VAES_MIX: ciphers.aes_mix,
    ops.VAES_UNMIX: ciphers.aes_unmix,
}


def lane_of(inst: Inst) -> Type:
    """The type of an instruction's lanes."""
    return LANES[str(inst.imm[0])]


def indices_of(inst: Inst) -> list[int]:
    """The numbers of lanes that a ``vshuffle`` takes."""
    return [int(word) for word in str(inst.imm[1]).split()]


def evaluate(inst: Inst, args: Sequence[int]) -> int:
    """The result of an op on values of its operands."""
    assert inst.type is not None
    op, first = inst.op, inst.args[0].type
    assert first is not None
    if op in _WHOLE:
        result = int(_WHOLE[op](*args))
    elif op in _UNSIGNED or op in _SIGNED or op in _ONE:
        result = _lanewise(op, lane_of(inst), first.bits, args)
    else:
        result = _MOVING[op](inst, first.bits, *args)
    return result & inst.type.mask


def _lanewise(op: Op, lane: Type, bits: int, args: Sequence[int]) -> int:
    columns = zip(*(split(arg, bits, lane) for arg in args), strict=True)
    if op in _ONE:
        return join([_ONE[op](lane, a) for (a,) in columns], lane)
    if op in _UNSIGNED:
        return join([_UNSIGNED[op](lane, a, b) for a, b in columns], lane)
    operation = _SIGNED[op]
    return join([operation(lane, _signed(a, lane), _signed(b, lane)) for a, b in columns], lane)


def _splat(inst: Inst, bits: int, a: int) -> int:
    assert inst.type is not None
    return join([a] * (inst.type.bits // bits), lane_of(inst))


def _extract(inst: Inst, bits: int, a: int) -> int:
    return split(a, bits, lane_of(inst))[int(inst.imm[1])]


def _insert(inst: Inst, bits: int, a: int, value: int) -> int:
    lanes = split(a, bits, lane_of(inst))
    lanes[int(inst.imm[1])] = value
    return join(lanes, lane_of(inst))


def _widen(*, signed: bool) -> Callable[..., int]:
    def widen(inst: Inst, bits: int, a: int) -> int:
        lane = lane_of(inst)
        lanes = split(a, bits, lane)
        return join([_signed(x, lane) if signed else x for x in lanes], LANES[f"i{2 * lane.bits}"])

    return widen


def _narrow(inst: Inst, bits: int, a: int) -> int:
    lane = lane_of(inst)
    return join(split(a, bits, lane), LANES[f"i{lane.bits // 2}"])


def _half(inst: Inst, _: int, a: int) -> int:
    return a >> 64 * int(inst.imm[0])


def _shuffle(inst: Inst, bits: int, a: int, b: int) -> int:
    lane = lane_of(inst)
    lanes = [*split(a, bits, lane), *split(b, bits, lane)]
    return join([lanes[index] for index in indices_of(inst)], lane)


def _digest(rounds: Callable[..., int]) -> Callable[..., int]:
    return lambda inst, _, *args: rounds(int(inst.imm[0]), *args)


def _table(inst: Inst, _: int, table: int, numbers: int) -> int:
    assert inst.type is not None
    entries = split(table, 128, I8)
    found = [entries[n] if n < 16 else 0 for n in split(numbers, inst.type.bits, I8)]
    return join(found, I8)


# Each takes the instruction, the width of its first operand, and the operands.
_MOVING: Mapping[Op, Callable[..., int]] = {
    ops.VSPLAT: _splat,
    ops.VEXTRACT: _extract,
    ops.VINSERT: _insert,
    ops.VZEXT: _widen(signed=False),
    ops.VSEXT: _widen(signed=True),
    ops.VTRUNC: _narrow,
    ops.VHALF: _half,
    ops.VSHUFFLE: _shuffle,
    ops.VTABLE: _table,
    ops.VSHA1: _digest(ciphers.sha1),
    ops.VSHA256: _digest(ciphers.sha256),
}


# -- Floating point --------------------------------------------------------------------------------

# The op of each lane, and what its result is of the lane: a number, or a relation that holds.
_FLOATING: Mapping[Op, tuple[Op, tuple[int, ...]]] = {
    ops.VFADD: (ops.FADD, ()),
    ops.VFSUB: (ops.FSUB, ()),
    ops.VFMUL: (ops.FMUL, ()),
    ops.VFMA: (ops.FMA, ()),
    ops.VFMIN: (ops.FMIN, ()),
    ops.VFMAX: (ops.FMAX, ()),
    ops.VFEQ: (ops.FCMP, (0,)),
    ops.VFLT: (ops.FCMPE, (1,)),
    ops.VFLE: (ops.FCMPE, (0, 1)),
    ops.VSINT_TO_F: (ops.SINT_TO_F, ()),
    ops.VUINT_TO_F: (ops.UINT_TO_F, ()),
    ops.VF_TO_SINT: (ops.F_TO_SINT, ()),
    ops.VF_TO_UINT: (ops.F_TO_UINT, ()),
}
_TO_F32 = (ops.SINT_TO_F, ops.UINT_TO_F)
_TO_INTEGER = (ops.F_TO_SINT, ops.F_TO_UINT)


def evaluate_floating(inst: Inst, args: Sequence[int]) -> tuple[int, int]:
    """The result of an op with a status, and the status after it."""
    from dbt.ir import floating  # few programs need it

    assert inst.type is not None
    op, relations = _FLOATING[inst.op]
    numbers = [int(number) for number in inst.imm]
    imm = [32, *numbers] if op in _TO_INTEGER else numbers
    type_ = I32 if op in _TO_INTEGER or relations else F32
    operand = I32 if op in _TO_F32 else F32
    *vectors, status = args
    found = []
    for column in zip(*(split(v, inst.type.bits, I32) for v in vectors), strict=True):
        result, status = floating.evaluate(op, type_, operand, [*column, status], imm)
        found.append(-(result in relations) if relations else result)
    return join(found, I32), status


HANDLED = frozenset({*_WHOLE, *_UNSIGNED, *_SIGNED, *_ONE, *_MOVING, *_FLOATING})
"""The ops that this module computes."""

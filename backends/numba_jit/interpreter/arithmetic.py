"""Lowering of pure ops to bytecode: one function per kind, called by ``bytecode.Lowering``.

Values narrower than 32 bits stand in their register extended with zeros; where an op could disturb
the upper bits, a further word cuts its result.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from backends.numba_jit.interpreter import opcodes as o
from dbt.ir import ops
from dbt.ir.block import Const, Inst
from dbt.ir.ops import Op
from dbt.ir.types import I32, I64

if TYPE_CHECKING:
    from backends.numba_jit.interpreter.bytecode import Lowering

SWAPPABLE = {ops.ADD, ops.MUL, ops.AND, ops.OR, ops.XOR, ops.EQ, ops.NE}

TWO = {
    ops.ADD: (o.ADD, o.ADDI), ops.SUB: (o.SUB, None), ops.MUL: (o.MUL, None),
    ops.UDIV: (o.UDIV, None), ops.SDIV: (o.SDIV, None), ops.AND: (o.AND, o.ANDI),
    ops.OR: (o.OR, o.ORI), ops.XOR: (o.XOR, o.XORI), ops.SHL: (o.SHL, o.SHLI),
    ops.SHR: (o.SHR, o.SHRI), ops.SAR: (o.SAR, o.SARI), ops.ROR: (o.ROR, o.RORI),
    ops.EQ: (o.EQ, o.EQI), ops.NE: (o.NE, o.NEI), ops.ULT: (o.ULT, o.ULTI),
    ops.ULE: (o.ULE, o.ULEI), ops.SLT: (o.SLT, o.SLTI), ops.SLE: (o.SLE, o.SLEI),
}  # fmt: skip
TWO64 = {
    ops.ADD: o.ADD64, ops.SUB: o.SUB64, ops.MUL: o.MUL64, ops.UDIV: o.UDIV64, ops.SDIV: o.SDIV64,
    ops.AND: o.AND64, ops.OR: o.OR64, ops.XOR: o.XOR64, ops.SHL: o.SHL64, ops.SHR: o.SHR64,
    ops.SAR: o.SAR64, ops.ROR: o.ROR64, ops.EQ: o.EQ64, ops.NE: o.NE64, ops.ULT: o.ULT64,
    ops.ULE: o.ULE64, ops.SLT: o.SLT64, ops.SLE: o.SLE64,
}  # fmt: skip
BITS = {ops.CLZ: o.CLZ, ops.BSWAP: o.BSWAP, ops.RBIT: o.RBIT}
ONE64 = {ops.NOT: o.NOT64, ops.CLZ: o.CLZ64, ops.BSWAP: o.BSWAP64, ops.RBIT: o.RBIT64}
SHIFTS = {ops.SHL, ops.SHR, ops.SAR}
SAME_WHEN_NARROW = {
    ops.AND, ops.OR, ops.XOR, ops.EQ, ops.NE, ops.ULT, ops.ULE, ops.UDIV, ops.SHR,
}  # fmt: skip


def mask_into(
    to: "Lowering", inst: Inst, d: int | None, op: int, a: int, b: int = 0, imm: int = 0
) -> None:
    """The word that computes ``inst``, and for narrow types one that cuts its result."""
    assert inst.type is not None
    if inst.type.bits == 32:
        to.into(inst, d, op, a, b, imm)
    else:
        register = to.temp(1, to.now)
        to.write(register, 1, op, a, b, imm)
        to.into(inst, d, o.ANDI, to.near(register), imm=inst.type.mask)


def lower_two_operands(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Two operands up to 32 bits."""
    if bits == 32 or inst.op in SAME_WHEN_NARROW:
        lower_two(to, inst, d)
    else:
        lower_two_narrow(to, inst, d, bits)


def lower_two(to: "Lowering", inst: Inst, d: int | None) -> None:
    """Two operands of 32 bits (or narrow ones where that makes no difference)."""
    op = inst.op
    a, b = inst.args
    if type(a) is Const and op in SWAPPABLE:
        a, b = b, a
    plain, immediate = TWO[op]
    if type(b) is Const:
        number = b.value
        if op is ops.SUB:
            to.into(inst, d, o.ADDI, to.read(a), imm=-number)
            return
        if op in SHIFTS and number > 31:
            if op is not ops.SAR:
                to.into(inst, d, o.LI)
                return
            number = 31
        if immediate is not None:
            to.into(inst, d, immediate, to.read(a), imm=number)
            return
    if type(a) is Const and op is ops.SUB:
        to.into(inst, d, o.RSBI, to.read(b), imm=a.value)
        return
    if op is ops.ADD and type(b) is Inst and b.op is ops.SHL and b in to.facts.skip:
        base, amount = b.args
        to.into(inst, d, o.ADDSH, to.read(a), to.read(base, 1), amount.value)  # type: ignore[union-attr]
        return
    to.into(inst, d, plain, to.read(a), to.read(b, 1))


def lower_two_narrow(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Two narrow operands where the width matters."""
    op = inst.op
    a, b = inst.args
    if op is ops.ROR:
        lower_narrow_rotate(to, inst, d, bits)
        return
    if op in (ops.SLT, ops.SLE):
        to.into(inst, d, TWO[op][0], to.extended(a), to.extended(b, 1))
        return
    if op is ops.SDIV:
        mask_into(to, inst, d, o.SDIV, to.extended(a), to.extended(b, 1))
        return
    first = to.extended(a) if op is ops.SAR else to.read(a)
    mask_into(to, inst, d, TWO[op][0], first, to.read(b, 1))


def lower_narrow_rotate(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Rotation of i1, i8 and i16."""
    a, amount, low, high = to.read(inst.args[0]), *(to.temp(1, to.now) for _ in range(3))
    to.write(amount, 1, o.ANDI, to.read(inst.args[1], 1), imm=bits - 1)
    to.write(low, 1, o.SHR, a, to.near(amount, 1, 1))
    to.write(amount, 1, o.RSBI, to.near(amount, 1, 1), imm=bits)
    to.write(high, 1, o.SHL, a, to.near(amount, 1, 1))
    mask_into(to, inst, d, o.OR, to.near(low), to.near(high, 1, 1))


def lower_carry(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Carry and overflow of a sum of three."""
    a, b, c = inst.args
    carry = inst.op is ops.CARRY
    if bits == 32:
        last = to.location(c)
        to.into(inst, d, o.CARRY if carry else o.OVERFLOW, to.read(a), to.read(b, 1), last)
        return
    total = to.temp(1, to.now)
    first, second = (to.read(a), to.read(b, 1)) if carry else (to.extended(a), to.extended(b, 1))
    to.write(total, 1, o.ADD, first, second)
    to.write(total, 1, o.ADD, to.near(total), to.read(c, 1))
    if carry:
        to.into(inst, d, o.SHRI, to.near(total), imm=bits)
        return
    cut = to.temp(1, to.now)
    to.write(cut, 1, o.SX, to.near(total), imm=bits)
    to.into(inst, d, o.NE, to.near(total), to.near(cut, 1, 1))


def lower_select(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """A choice between two values up to 32 bits."""
    condition, yes, no = inst.args
    number = to.read(condition, 2)
    to.into(inst, d, o.SEL, to.read(yes), to.read(no, 1), number)


def lower_zext(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Extension with zeros up to 32 bits."""
    to.into(inst, d, o.MOV, to.read(inst.args[0]))


def lower_sext(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Sign extension up to 32 bits."""
    mask_into(to, inst, d, o.SX, to.read(inst.args[0]), imm=bits)


def lower_trunc(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """The low bits of a value up to 32 bits."""
    assert inst.type is not None
    to.into(inst, d, o.ANDI, to.read(inst.args[0]), imm=inst.type.mask)


def lower_neg(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Negation up to 32 bits."""
    mask_into(to, inst, d, o.RSBI, to.read(inst.args[0]))


def lower_not(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Complement up to 32 bits."""
    mask_into(to, inst, d, o.NOT, to.read(inst.args[0]))


def lower_bits(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Leading zeros and reversals; narrow ones sit in the upper bits afterwards."""
    op = BITS[inst.op]
    a = to.read(inst.args[0])
    if bits == 32:
        to.into(inst, d, op, a)
        return
    register = to.temp(1, to.now)
    to.write(register, 1, op, a)
    if inst.op is ops.CLZ:
        to.into(inst, d, o.ADDI, to.near(register), imm=bits - 32)
    else:
        to.into(inst, d, o.SHRI, to.near(register), imm=32 - bits)


# -- 64 bits ---------------------------------------------------------------------------------------


def wide_two(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Two operands."""
    to.into(inst, d, TWO64[inst.op], to.read(inst.args[0]), to.read(inst.args[1], 1))


def wide_one(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """One operand."""
    to.into(inst, d, ONE64[inst.op], to.read(inst.args[0]))


def wide_neg(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Negation."""
    zero = to.read(Const(0, I64))
    to.into(inst, d, o.SUB64, zero, to.read(inst.args[0], 1))


def wide_select(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """A choice between two values."""
    condition, yes, no = inst.args
    number = to.location(condition)
    to.into(inst, d, o.SEL64, to.read(yes), to.read(no, 1), number)


def wide_zext(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Extension with zeros to 64 bits."""
    to.into(inst, d, o.ZX64, to.read(inst.args[0]))


def wide_sext(to: "Lowering", inst: Inst, d: int | None, bits: int) -> None:
    """Sign extension to 64 bits."""
    source = inst.args[0]
    to.into(inst, d, o.SX64, to.extended(source) if bits < 32 else to.read(source))


def wide_trunc(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """The low bits of 64."""
    assert inst.type is not None
    if inst.type is I32:
        to.into(inst, d, o.MOV, to.read(inst.args[0]))
    else:
        to.into(inst, d, o.ANDI, to.read(inst.args[0]), imm=inst.type.mask)


def wide_carry(to: "Lowering", inst: Inst, d: int | None, _bits: int) -> None:
    """Carry and overflow of a sum of three."""
    a, b, c = inst.args
    last = to.location(c)
    wide = o.CARRY64 if inst.op is ops.CARRY else o.OVERFLOW64
    to.into(inst, d, wide, to.read(a), to.read(b, 1), last)


Lower: TypeAlias = Callable[["Lowering", Inst, int | None, int], None]
"""Takes the first operand's width in bits as well."""

NARROW: dict[Op, Lower] = {
    **dict.fromkeys(TWO, lower_two_operands), **dict.fromkeys(BITS, lower_bits),
    ops.SELECT: lower_select, ops.CARRY: lower_carry, ops.OVERFLOW: lower_carry,
    ops.ZEXT: lower_zext, ops.SEXT: lower_sext, ops.TRUNC: lower_trunc, ops.NEG: lower_neg,
    ops.NOT: lower_not,
}  # fmt: skip
WIDE: dict[Op, Lower] = {
    **dict.fromkeys(TWO64, wide_two), **dict.fromkeys(ONE64, wide_one),
    ops.SELECT: wide_select, ops.CARRY: wide_carry, ops.OVERFLOW: wide_carry,
    ops.ZEXT: wide_zext, ops.SEXT: wide_sext, ops.TRUNC: wide_trunc, ops.NEG: wide_neg,
}  # fmt: skip

"""Lazy flags: the operands of a comparison stand for the four flags it sets.

Writing N, Z, C and V costs about three host instructions each, and most are overwritten unread. A
block that ends with all four from one subtraction writes its operands instead and marks the flags
as deferred; one that has set N and Z since defers C and V. Blocks that read deferred flags compute
them first, those that set some mark these as computed. ``leave`` computes all that are deferred:
outside of units the slots are always right.
"""

from collections.abc import Callable, Sequence

from backends.numba_jit import abi
from backends.numba_jit.units.check_plan import root_of
from backends.numba_jit.units.comparison import is_complement, is_subtraction, same, subtracted
from backends.numba_jit.units.flag_slots import (
    ALL,
    CARRY,
    DEFERRED,
    LEFT,
    MATERIALISE,
    OVERFLOW,
    RIGHT,
    mark,
)
from backends.numba_jit.units.unit_text import Bit, Choice, UnitText
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value

_WORDS = 1 << 32


def needed(
    insts: list[Inst], flags: Sequence[str], uses_state: Callable[[Inst], bool]
) -> int | None:
    """The mask of the flags that a block needs as they were before it, because it reads them or
    sets them only sometimes; None if it neither reads nor sets flags.

    ``uses_state`` tells which instructions call functions that may look at them.
    """
    before = seen = 0
    touched = False
    for inst in insts:
        name = inst.imm[0] if inst.op is ops.SET or inst.op is ops.GET else None
        if name in flags:
            touched = True
            flag = 1 << flags.index(str(name))
            if inst.op is ops.SET and inst.when is None:
                seen |= flag
            else:
                before |= flag & ~seen
        elif uses_state(inst):
            touched = True
            before |= ALL & ~seen
        if before | seen == ALL:
            break
    return before if touched else None


def materialise_first(u: UnitText, name: str, flags: int = ALL) -> None:
    """Begin the unit ``name``: when flags of a mask are deferred, compute all and enter the unit
    again."""
    address = u.new(f"getelementptr i8, ptr %s, i64 {DEFERRED}")
    found = u.new(f"and i8 {u.new(f'load i8, ptr {address}')}, {flags}")
    deferred = u.new(f"icmp ne i8 {found}, 0")
    arguments = u.frame.call_arguments("%f", u.frame.arguments.values())
    u.cold_lines.append(
        f"mf:\n %mfe = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}\n"
        f" store ptr @{name}, ptr %mfe\n"
        f" %mfp = getelementptr i8, ptr %s, i64 {MATERIALISE}\n %mft = load ptr, ptr %mfp\n"
        f" %mfr = musttail call preserve_nonecc i64 %mft({arguments})\n ret i64 %mfr"
    )
    u.branch_cold(deferred, "%mf")


def deferrable(
    negative: Bit, zero: Bit, carry: Bit, overflow: Bit
) -> tuple[tuple[Value, Value], int] | None:
    """The operands of a 32-bit subtraction, and the mask of the flags that are of it: all four, or
    C and V, when an instruction that sets N and Z only comes behind it. The addition of a constant
    is a subtraction, too."""
    if isinstance(carry, Choice) or isinstance(overflow, Choice):
        return None
    operands = _subtracted(carry, overflow)
    flags = 1 << CARRY | 1 << OVERFLOW if operands is not None else 0
    if not isinstance(negative, Choice) and not isinstance(zero, Choice):
        compared = _tested(negative, carry, overflow) or operands
        if compared is not None and _is_result(negative, zero, compared):
            operands, flags = compared, ALL
    if operands is None or operands[0].type is None or operands[0].type.bits != 32 or not flags:
        return None
    return operands, flags


def _tested(negative: Value, carry: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands of ``x - 0``: C is 1, V is 0 and N is the sign of x."""
    match negative, carry, overflow:
        case Inst(args=(x, Const(value=0) as nothing)), Const(value=1), Const(value=0):
            return (x, nothing) if negative.op is ops.SLT else None
    return None


def _subtracted(carry: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands of ``a - b``, when C and V are of it."""
    operands = subtracted(overflow)
    return operands if operands is not None and _is_no_borrow(carry, *operands) else None


def _is_result(negative: Value, zero: Value, operands: tuple[Value, Value]) -> bool:
    """True when N and Z are of ``a - b``."""
    match negative:
        case Inst(args=(x, Const(value=0))) if negative.op is ops.SLT:
            return _is_difference(x, *operands) and _is_zero_test(zero, operands, negative)
    return False


def _is_no_borrow(carry: Value, a: Value, b: Value) -> bool:
    """True for ``b <= a``, for the carry of ``a + ~b + 1``, and for that of ``a + -b``, unless b is
    0."""
    if not isinstance(carry, Inst):
        return False
    match carry.args:
        case (left, right) if carry.op is ops.ULE:
            return same(left, b) and same(right, a)
        case (Const(value=less), right) if carry.op is ops.ULT and isinstance(b, Const):
            return less + 1 == b.value and same(right, a)
        case (left, right, Const(value=1)) if carry.op is ops.CARRY:
            return same(left, a) and is_complement(right, b)
        case (left, Const(value=added), Const(value=0)) if carry.op is ops.CARRY:
            return same(left, a) and isinstance(b, Const) and added == -b.value % _WORDS
    return False


def _is_difference(x: Value, a: Value, b: Value) -> bool:
    return is_subtraction(x, a, b) or (isinstance(b, Const) and _apart(x, a) == -b.value % _WORDS)


def _apart(x: Value, y: Value) -> int | None:
    """The constant ``x - y`` modulo 2**32, where both are one 32-bit value plus a constant."""
    (root, offset), (other, start) = root_of(x), root_of(y)
    if root is None or root is not other or root.type is None or root.type.bits != 32:
        return None
    return (offset - start) % _WORDS


def _is_zero_test(zero: Value, operands: tuple[Value, Value], negative: Value) -> bool:
    """True for an equality that holds exactly when the operands are equal."""
    if not isinstance(zero, Inst) or zero.op is not ops.EQ:
        return False
    assert isinstance(negative, Inst)
    (left, right), (a, b) = zero.args, operands
    if (same(left, a) and same(right, b)) or (
        left is negative.args[0] and isinstance(right, Const) and right.value == 0
    ):
        return True
    if not isinstance(right, Const) or not isinstance(b, Const):
        return False
    return _apart(left, a) == (right.value - b.value) % _WORDS


def defer_flags(u: UnitText) -> None:
    """Where one subtraction has set all flags, or C and V of all, write its operands in their
    place."""
    flags = u.frame.flags
    if not u.lazy_flags or any(name not in u.bits for name in flags):
        return
    found = deferrable(*(u.bits[name] for name in flags))
    if found is None:
        return
    operands, deferred = found
    u.write_flags({name: u.slots[name] for name in flags if not deferred >> flags.index(name) & 1})
    for offset, operand in zip((LEFT, RIGHT), operands, strict=True):
        address = u.new(f"getelementptr i8, ptr %s, i64 {offset}")
        u.lines.append(f" store i32 {u.value(operand)}, ptr {address}")
    mark(u.lines, f"%{u.number}", deferred)
    u.number += 1

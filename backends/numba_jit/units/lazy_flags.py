"""Lazy flags: the operands of a comparison stand for the four flags it sets.

Writing N, Z, C and V costs about three host instructions each, and most are overwritten unread. A
block that ends with all four from one subtraction writes its operands instead and marks the flags
as deferred. Blocks that read flags, or set only some, compute deferred flags first. One that sets
all does so only where it is left when it has set some of them. So does ``leave``: outside of units
the slots are always right.
"""

from collections.abc import Callable, Sequence

from backends.numba_jit import abi
from backends.numba_jit.units.check_plan import root_of
from backends.numba_jit.units.comparison import is_complement, is_subtraction, match_signs, same
from backends.numba_jit.units.flag_slots import DEFERRED, LEFT, MATERIALISE, RIGHT, mark
from backends.numba_jit.units.unit_text import Bit, Choice, UnitText
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value

_WORDS = 1 << 32


def sets_all(
    insts: list[Inst], flags: Sequence[str], uses_state: Callable[[Inst], bool]
) -> bool | None:
    """How a block treats flags: None not at all, True when it sets all four, and needs none as it
    was before.

    ``uses_state`` tells which instructions call functions that may look at them.
    """
    seen: set[str] = set()
    for inst in insts:
        name = inst.imm[0] if inst.op is ops.SET or inst.op is ops.GET else None
        if name in flags:
            if inst.op is ops.GET:
                if name not in seen:
                    return False
                continue
            if inst.when is not None:
                return False
            seen.add(str(name))
            if len(seen) == len(flags):
                return True
        elif uses_state(inst):
            return False
    return False if seen else None


def materialise_first(u: UnitText, name: str) -> None:
    """Begin the unit ``name``: when flags are deferred, compute them and enter the unit again."""
    address = u.new(f"getelementptr i8, ptr %s, i64 {DEFERRED}")
    deferred = u.new(f"icmp ne i8 {u.new(f'load i8, ptr {address}')}, 0")
    arguments = u.frame.call_arguments("%f", u.frame.arguments.values())
    u.cold_lines.append(
        f"mf:\n %mfe = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}\n"
        f" store ptr @{name}, ptr %mfe\n"
        f" %mfp = getelementptr i8, ptr %s, i64 {MATERIALISE}\n %mft = load ptr, ptr %mfp\n"
        f" %mfr = musttail call preserve_nonecc i64 %mft({arguments})\n ret i64 %mfr"
    )
    u.branch_cold(deferred, "%mf")


def subtraction(negative: Bit, zero: Bit, carry: Bit, overflow: Bit) -> tuple[Value, Value] | None:
    """The operands of the 32-bit subtraction that the four flags are of, when they are of one."""
    if isinstance(negative, Choice) or isinstance(zero, Choice):
        return None
    if isinstance(carry, Choice) or isinstance(overflow, Choice):
        return None
    operands = _tested(negative, carry, overflow) or _compared(negative, carry, overflow)
    if operands is None or not _is_zero_test(zero, operands, negative):
        return None
    return operands if operands[0].type is not None and operands[0].type.bits == 32 else None


def _tested(negative: Value, carry: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands of ``x - 0``: C is 1, V is 0 and N is the sign of x."""
    match negative, carry, overflow:
        case Inst(args=(x, Const(value=0) as nothing)), Const(value=1), Const(value=0):
            return (x, nothing) if negative.op is ops.SLT else None
    return None


def _compared(negative: Value, carry: Value, overflow: Value) -> tuple[Value, Value] | None:
    """The operands of ``a - b``, when N, C and V are of it."""
    signs = match_signs(negative, overflow)
    if signs is None:
        return None
    x, a, b = signs
    return (a, b) if _is_no_borrow(carry, a, b) and _is_difference(x, a, b) else None


def _is_no_borrow(carry: Value, a: Value, b: Value) -> bool:
    """True for ``b <= a``, and for the carry of ``a + ~b + 1``."""
    if not isinstance(carry, Inst):
        return False
    if carry.op is ops.ULE:
        return same(carry.args[0], b) and same(carry.args[1], a)
    match carry.args:
        case (left, right, Const(value=1)) if carry.op is ops.CARRY:
            return same(left, a) and is_complement(right, b)
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
    """Where one subtraction has set all flags, write its operands in their place."""
    flags = u.frame.flags
    if not u.lazy_flags or any(name not in u.bits for name in flags):
        return
    operands = subtraction(*(u.bits[name] for name in flags))
    if operands is None:
        return
    u.dirty = {name: value for name, value in u.dirty.items() if name not in flags}
    for offset, operand in zip((LEFT, RIGHT), operands, strict=True):
        address = u.new(f"getelementptr i8, ptr %s, i64 {offset}")
        u.lines.append(f" store i32 {u.value(operand)}, ptr {address}")
    mark(u.lines, f"%{u.number}", 1)
    u.number += 1

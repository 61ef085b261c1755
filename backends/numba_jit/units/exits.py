"""Exits as LLVM text: links, entry tables and records."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from backends.numba_jit import abi
from backends.numba_jit.records import HaltRecord, Record, ServedRecord
from backends.numba_jit.units.frame import LEAVE_JUMP, LEAVE_RETURN
from backends.numba_jit.units.lazy_flags import defer_flags
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import HookHit, SyscallHit
from dbt.ir import ops
from dbt.ir.block import (
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    Value,
    frontend_mode,
)

_FEW = 4
"""Places to go on at that are looked for one by one."""


def emit_exit(u: UnitText, exit_: Exit) -> None:
    """Append the way out of a block: what is pending is written first."""
    defer_flags(u)
    u.flush()
    match exit_:
        case Goto() | Call(target=BlockKey()):
            _link(u, 0)
        case Branch(cond=cond):
            _branch(u, u.value(cond))
        case Return(target=target):
            _computed(u, target, abi.RETURN_TABLE, abi.X_RETURN, LEAVE_RETURN)
        case Jump(target=target) | Call(target=target):
            assert not isinstance(target, BlockKey)
            _computed(u, target, abi.JUMP_TABLE, abi.X_JUMP, LEAVE_JUMP)
        case Swi(number=number, resume=resume):
            _record(u, ServedRecord(SyscallHit(number, resume)))
        case Hook(resume=resume):
            _record(u, ServedRecord(HookHit(resume)))
        case Halt(reason=reason, pc=pc):
            _record(u, HaltRecord(reason, pc, frontend_mode(u.block.key.mode)))


def _link(u: UnitText, index: int) -> None:
    slot = u.links[index]
    if u.goes_within(slot):
        return
    u.settle_fuel()
    # A slot that is not linked leads to code of its own, which writes EXIT_CODE.
    u.go(u.pointer(abi.LINKS + 8 * slot))


def _branch(u: UnitText, condition: str) -> None:
    other = f"o{u.number}"
    u.lines.append(f" br i1 {condition}, label {u.next_label()}, label %{other}")
    u.open()
    fuel = u.fuel
    _link(u, 0)
    u.lines.append(f"{other}:")
    u.label, u.fuel = f"%{other}", fuel
    _link(u, 1)


def _computed(u: UnitText, target: Value, table: int, kind: int, way: int) -> None:
    u.settle_fuel()
    location = u.value(target)
    wide = u.new(f"zext i32 {_entry_index(u, target)} to i64")
    entries = u.pointer(table)
    code = u.new(f"load ptr, ptr {u.new(f'getelementptr ptr, ptr {entries}, i64 {wide}')}")
    prefix = f"%x{u.cold_number}"
    before = (
        f"\n {prefix}z = zext i32 {location} to i64"
        f"\n {prefix}s = shl i64 {prefix}z, {abi.KIND_BITS}"
        f"\n {prefix}c = or i64 {prefix}s, {kind}"
    )
    cold = u.cold(f"{prefix}c", before, way=way)
    _inside(u, code, location)
    u.branch_cold(u.new(f"icmp eq ptr {code}, null"), cold)
    u.go(code)


def _entry_index(u: UnitText, target: Value) -> str:
    """The text of ``abi.entry_index`` of a computed location: a rotation by 1."""
    location = u.value(target)
    if isinstance(target, Inst) and target.op is ops.OR and isinstance(target.args[1], Const):
        # LLVM must not see which bits are set: it would make a double shift of the rotation, which
        # takes many processors three times as long.
        location = u.new(f'call i32 asm "", "=r,0"(i32 {location})')
    name = u.intrinsic("llvm.fshr.i32", "i32 @llvm.fshr.i32(i32, i32, i32)")
    return u.new(f"call i32 {name}(i32 {location}, i32 {location}, i32 1)")


def _inside(u: UnitText, code: str, location: str) -> None:
    """Go on in this function where the code of a computed target is repeated in it: there are
    few such places, or the location tells them apart."""
    inside = u.inside()
    if len(inside) <= _FEW:
        for label, symbol, _ in inside:
            _stay(u, u.new(f"icmp eq ptr {code}, @{symbol}"), label)
        return
    location_of = u.module.context.location_of
    locations = {label: location_of(key) for label, _, key in inside}
    shift = _common_bits(list(locations.values()))
    name = u.intrinsic("llvm.fshr.i32", "i32 @llvm.fshr.i32(i32, i32, i32)")
    turned = u.new(f"call i32 {name}(i32 {location}, i32 {location}, i32 {shift})")
    number = u.number
    u.number += 1
    ways = [f"i32 {_turn(at, shift)}, label %j{number}.{label}" for label, at in locations.items()]
    u.lines.append(f" switch i32 {turned}, label %j{number} [{' '.join(ways)}]")
    for label, symbol, _ in inside:
        at = f"j{number}.{label}"
        u.lines.append(
            f"{at}:\n %{at}s = icmp eq ptr {code}, @{symbol}\n"
            f" br i1 %{at}s, label %{label}, label %j{number}, !prof !1"
        )
    u.lines.append(f"j{number}:")
    u.label = f"%j{number}"


def _common_bits(words: Sequence[int]) -> int:
    """How many of the low bits are the same in all of several different words."""
    different = reduce(or_, (word ^ words[0] for word in words))
    return (different & -different).bit_length() - 1


def _turn(word: int, count: int) -> int:
    """A word of 32 bits rotated to the right: what differs in its upper bits comes low, where LLVM
    makes a table of it."""
    return (word >> count | word << (32 - count)) & 0xFFFFFFFF


def _stay(u: UnitText, condition: str, label: str) -> None:
    """Go to a label in this function if a condition holds."""
    u.lines.append(f" br i1 {condition}, label %{label}, label {u.next_label()}, !prof !1")
    u.open()


def _record(u: UnitText, record: Record) -> None:
    u.settle_fuel()
    u.leave(u.module.record(record))

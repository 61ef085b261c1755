"""Exits as LLVM text: links, entry tables and records."""

from collections.abc import Sequence

from backends.numba_jit import abi
from backends.numba_jit.records import HaltRecord, HookRecord, Record, SwiRecord
from backends.numba_jit.units.frame import LEAVE_JUMP, LEAVE_RETURN
from backends.numba_jit.units.lazy_flags import defer_flags
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir.block import (
    BlockKey,
    Branch,
    Call,
    Exit,
    Goto,
    Halt,
    Hook,
    Jump,
    Return,
    Swi,
    Value,
    exit_targets,
    frontend_mode,
)


def emit_exit(u: UnitText, exit_: Exit) -> None:
    """Append the way out of a block: what is pending is written first."""
    defer_flags(u)
    u.before_exit()
    u.flush()
    match exit_:
        case Goto() | Call(target=BlockKey()):
            _link(u, 0)
        case Branch(cond=cond):
            _branch(u, u.value(cond))
        case Return(target=target):
            _computed(u, target, abi.RETURN_TABLE, abi.X_RETURN, LEAVE_RETURN, u.inside(exit_))
        case Jump(target=target) | Call(target=target):
            assert not isinstance(target, BlockKey)
            _computed(u, target, abi.JUMP_TABLE, abi.X_JUMP, LEAVE_JUMP)
        case Swi(number=number, resume=resume):
            _record(u, SwiRecord(number, resume))
        case Hook(resume=resume):
            _record(u, HookRecord(resume))
        case Halt(reason=reason, pc=pc):
            _record(u, HaltRecord(reason, pc, frontend_mode(u.block.key.mode)))


def _link(u: UnitText, index: int) -> None:
    slot = u.links[index]
    exit_code = abi.X_LINK | slot << abi.KIND_BITS
    links = u.pointer(abi.LINK_CODE)
    address = u.new(f"getelementptr i8, ptr {links}, i64 {8 * slot}")
    code = u.new(f"load ptr, ptr {address}")
    member = u.members.get(exit_targets(u.block.exit)[index])
    if member:
        # Inside a region a link is obeyed like any other: it must lead to the very code that
        # is repeated here.
        _stay(u, code, *member)
    # A link that is not made leads to UNLINKED, which reads why: a store here is cheaper than a
    # test and a way out per link.
    u.report(exit_code)
    u.go(code)


def _branch(u: UnitText, condition: str) -> None:
    other = f"o{u.number}"
    u.lines.append(f" br i1 {condition}, label {u.next_label()}, label %{other}")
    u.open()
    _link(u, 0)
    u.lines.append(f"{other}:")
    u.label = f"%{other}"
    _link(u, 1)


def _computed(
    u: UnitText,
    target: Value,
    table: int,
    kind: int,
    way: int,
    inside: Sequence[tuple[str, str]] = (),
) -> None:
    location = u.value(target)
    name = u.intrinsic("llvm.fshr.i32", "i32 @llvm.fshr.i32(i32, i32, i32)")
    index = u.new(f"call i32 {name}(i32 {location}, i32 {location}, i32 1)")
    wide = u.new(f"zext i32 {index} to i64")
    entries = u.pointer(table)
    code = u.new(f"load ptr, ptr {u.new(f'getelementptr ptr, ptr {entries}, i64 {wide}')}")
    prefix = f"%x{u.cold_number}"
    before = (
        f"\n {prefix}z = zext i32 {location} to i64"
        f"\n {prefix}s = shl i64 {prefix}z, {abi.KIND_BITS}"
        f"\n {prefix}c = or i64 {prefix}s, {kind}"
    )
    cold = u.cold(f"{prefix}c", before, way=way)
    for label, symbol in inside:
        _stay(u, code, label, symbol)
    u.branch_cold(u.new(f"icmp eq ptr {code}, null"), cold)
    u.go(code)


def _stay(u: UnitText, code: str, label: str, symbol: str) -> None:
    """Go to a label in this function if code is that of the unit which is repeated there."""
    same = u.new(f"icmp eq ptr {code}, @{symbol}")
    u.lines.append(f" br i1 {same}, label %{label}, label {u.next_label()}, !prof !1")
    u.open()


def _record(u: UnitText, record: Record) -> None:
    u.leave(u.module.record(record))

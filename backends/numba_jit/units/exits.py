"""Exits as LLVM text: links, entry tables and records."""

from typing import TYPE_CHECKING

from backends.numba_jit import abi
from backends.numba_jit.records import HaltRecord, HookRecord, Record, SwiRecord
from backends.numba_jit.units.frame import LEAVE_JUMP, LEAVE_RETURN
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

if TYPE_CHECKING:
    from backends.numba_jit.units.emitter import UnitEmitter


def emit_exit(e: "UnitEmitter", exit_: Exit) -> None:
    """Append the way out of a block."""
    match exit_:
        case Goto() | Call(target=BlockKey()):
            e.flush()
            _link(e, 0)
        case Branch(cond=cond):
            _branch(e, e.value(cond))
        case Return(target=target):
            _computed(e, target, abi.RETURN_TABLE, abi.X_RETURN, LEAVE_RETURN)
        case Jump(target=target) | Call(target=target):
            assert not isinstance(target, BlockKey)
            _computed(e, target, abi.JUMP_TABLE, abi.X_JUMP, LEAVE_JUMP)
        case Swi(number=number, resume=resume):
            _record(e, SwiRecord(number, resume))
        case Hook(resume=resume):
            _record(e, HookRecord(resume))
        case Halt(reason=reason, pc=pc):
            _record(e, HaltRecord(reason, pc, frontend_mode(e.block.key.mode)))


def _link(e: "UnitEmitter", index: int) -> None:
    slot = e.links[index]
    exit_code = abi.X_LINK | slot << abi.KIND_BITS
    links = e.pointer(abi.LINK_CODE)
    address = e.new(f"getelementptr i8, ptr {links}, i64 {8 * slot}")
    code = e.new(f"load ptr, ptr {address}")
    member = e.member(exit_targets(e.block.exit)[index])
    if member:
        # Inside a region a link is obeyed like any other: it must lead to the very code that
        # is repeated here.
        label, symbol = member
        same = e.new(f"icmp eq ptr {code}, @{symbol}")
        e.lines.append(f" br i1 {same}, label %{label}, label {e.next_label()}, !prof !1")
        e.open()
    # A link that is not made leads to UNLINKED, which reads why: a store here is cheaper than a
    # test and a way out per link.
    e.report(exit_code)
    e.go(code)


def _branch(e: "UnitEmitter", condition: str) -> None:
    e.flush()
    other = f"o{e.number}"
    e.lines.append(f" br i1 {condition}, label {e.next_label()}, label %{other}")
    e.open()
    _link(e, 0)
    e.lines.append(f"{other}:")
    e.label = f"%{other}"
    _link(e, 1)


def _computed(e: "UnitEmitter", target: Value, table: int, kind: int, way: int) -> None:
    e.flush()
    location = e.value(target)
    name = e.intrinsic("llvm.fshr.i32", "i32 @llvm.fshr.i32(i32, i32, i32)")
    index = e.new(f"call i32 {name}(i32 {location}, i32 {location}, i32 1)")
    wide = e.new(f"zext i32 {index} to i64")
    entries = e.pointer(table)
    code = e.new(f"load ptr, ptr {e.new(f'getelementptr ptr, ptr {entries}, i64 {wide}')}")
    prefix = f"%x{e.cold_number}"
    before = (
        f"\n {prefix}z = zext i32 {location} to i64"
        f"\n {prefix}s = shl i64 {prefix}z, {abi.KIND_BITS}"
        f"\n {prefix}c = or i64 {prefix}s, {kind}"
    )
    cold = e.cold(f"{prefix}c", before, way=way)
    e.branch_cold(e.new(f"icmp eq ptr {code}, null"), cold)
    e.go(code)


def _record(e: "UnitEmitter", record: Record) -> None:
    e.leave(e.module.record(record))

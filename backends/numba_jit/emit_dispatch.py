"""The dispatcher as compiled code sees it: what ``loop.py`` does between two units, in LLVM text.

With chaining off every block comes back to the dispatcher, and most of what that costs is leaving
compiled code: storing what units keep in registers, settling flags, returning through C, and all of
it back again. ``dispatch`` has a unit's signature, so it looks the next block up, counts the reason
and goes on without any of that. Whatever is rare (no translation, no unit, a link to be made,
another kind of exit) it hands to ``leave``, uncounted, for the loop to decide.
"""

from backends.numba_jit import abi, tables
from dbt.interfaces import Reason

_ORDER = list(Reason)


def _word(name: str, offset: int, kind: str = "ptr") -> str:
    """Lines that load a word of the control area into ``%name``."""
    return (
        f" %{name}.a = getelementptr i8, ptr %s, i64 {offset}\n"
        f" %{name} = load {kind}, ptr %{name}.a"
    )


def _entry(name: str, table: str, index: str, kind: str) -> str:
    """Lines that load ``table[index]`` into ``%name``."""
    return (
        f" %{name}.a = getelementptr {kind}, ptr {table}, i64 {index}\n"
        f" %{name} = load {kind}, ptr %{name}.a"
    )


def _block_at(name: str, location: str) -> str:
    """Lines that look a location (an i64) up: ``%name`` is a block id or 0."""
    return f"""
 %{name}.l = trunc i64 {location} to i32
 %{name}.r = call i32 @llvm.fshr.i32(i32 %{name}.l, i32 %{name}.l, i32 1)
 %{name}.i = zext i32 %{name}.r to i64
{_word(f"{name}.t", tables.BLOCK_AT)}
{_entry(name, f"%{name}.t", f"%{name}.i", "i32")}"""


def dispatcher(signature: str, parameters: str) -> str:
    """LLVM text of ``dispatch``; ``signature`` and ``parameters`` are those of every unit."""
    reasons = {reason: 8 * index for index, reason in enumerate(_ORDER)}
    return f"""
declare i32 @llvm.fshr.i32(i32, i32, i32)
define preserve_nonecc i64 @dispatch{signature}
{_word("exit", abi.EXIT_CODE, "i64")}
 %payload = lshr i64 %exit, {abi.KIND_BITS}
 %kind = and i64 %exit, {(1 << abi.KIND_BITS) - 1}
 switch i64 %kind, label %rare [
  i64 {abi.X_LINK}, label %link
  i64 {abi.X_RETURN}, label %return
  i64 {abi.X_JUMP}, label %jump
 ]
link:
{_word("locations", tables.SLOT_LOCATION)}
{_entry("location", "%locations", "%payload", "i64")}
{_word("direct", tables.DIRECT_ON, "i64")}
 %unplain = icmp slt i64 %location, 0
 br i1 %unplain, label %slot, label %plain
plain:{_block_at("found", "%location")}
 br label %known
slot:
{_word("targets", tables.SLOT_TARGET)}
{_entry("target", "%targets", "%payload", "i32")}
 br label %known
return:{_block_at("caller", "%payload")}
{_word("returns", tables.RETURN_ON, "i64")}
 br label %known
jump:{_block_at("landing", "%payload")}
{_word("jumps", tables.JUMP_ON, "i64")}
 br label %known
known:
 %b = phi i32 [%found, %plain], [%target, %slot], [%caller, %return], [%landing, %jump]
 %on = phi i64 [%direct, %plain], [%direct, %slot], [%returns, %return], [%jumps, %jump]
 %reason = phi i64 [{reasons[Reason.UNLINKED]}, %plain], [{reasons[Reason.UNLINKED]}, %slot],
  [{reasons[Reason.RETURN_MISS]}, %return], [{reasons[Reason.INDIRECT_MISS]}, %jump]
 %block = zext i32 %b to i64
{_word("units", tables.UNIT)}
{_entry("unit", "%units", "%block", "ptr")}
 %none = icmp eq ptr %unit, null
 br i1 %none, label %rare, label %ready, !prof !0
ready:
{_word("denials", tables.DENIED)}
{_entry("denied", "%denials", "%block", "i8")}
 %refused = icmp ne i8 %denied, 0
 %off = icmp eq i64 %on, 0
 %counts = or i1 %refused, %off
 br i1 %counts, label %go, label %rare
go:
 %why = select i1 %refused, i64 {reasons[Reason.DENIED]}, i64 %reason
{_word("reasons", tables.REASONS)}
 %counter = getelementptr i8, ptr %reasons, i64 %why
 %count = load i64, ptr %counter
 %more = add i64 %count, 1
 store i64 %more, ptr %counter
 %next = musttail call preserve_nonecc i64 %unit({parameters})
 ret i64 %next
rare:
 %left = musttail call preserve_nonecc i64 @leave({parameters})
 ret i64 %left
}}
"""

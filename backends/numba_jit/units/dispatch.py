"""The dispatcher as compiled code sees it: what ``loop.py`` does between two units, in LLVM text.

With chaining off, each block ends in the dispatcher. These functions look up the next block and
count the reason without leaving compiled code, one function for each kind of exit. Rare cases are
left to the loop: they jump to ``leave`` and are not counted here.
"""

from backends.numba_jit import abi, tables
from dbt.interfaces import Reason

_COUNTER = {reason: 8 * index for reason, index in tables.REASON_INDEX.items()}
"""Offsets of the counters in REASONS."""


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


def _dispatch(name: str, signature: str, parameters: str, found: str, on: int, why: Reason) -> str:
    """A dispatcher. ``found`` is text that puts the id of the next block into ``%b``; ``on`` is
    the control word that says whether such exits may chain, ``why`` the reason when not."""
    return f"""
define preserve_nonecc i64 @{name}{signature}
{_word("exit", abi.EXIT_CODE, "i64")}
 %payload = lshr i64 %exit, {abi.KIND_BITS}
{found}
 %block = zext i32 %b to i64
{_word("units", tables.UNIT)}
{_entry("unit", "%units", "%block", "ptr")}
 %none = icmp eq ptr %unit, null
 br i1 %none, label %rare, label %ready, !prof !0
ready:
{_word("denials", tables.DENIED)}
{_entry("denied", "%denials", "%block", "i8")}
{_word("on", on, "i64")}
 %refused = icmp ne i8 %denied, 0
 %watched = icmp uge i8 %denied, {tables.WATCHED}
 %off = icmp eq i64 %on, 0
 %counts = or i1 %refused, %off
 %calm = xor i1 %watched, 1
 %goes = and i1 %counts, %calm
 br i1 %goes, label %go, label %rare
go:
 %why = select i1 %refused, i64 {_COUNTER[Reason.DENIED]}, i64 {_COUNTER[why]}
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


def _by_slot() -> str:
    return f"""
{_word("locations", tables.SLOT_LOCATION)}
{_entry("location", "%locations", "%payload", "i64")}
 %unplain = icmp slt i64 %location, 0
 br i1 %unplain, label %slot, label %plain, !prof !0
plain:{_block_at("found", "%location")}
 br label %known
slot:
{_word("targets", tables.SLOT_TARGET)}
{_entry("target", "%targets", "%payload", "i32")}
 br label %known
known:
 %b = phi i32 [%found, %plain], [%target, %slot]"""


def dispatchers(signature: str, parameters: str) -> str:
    """LLVM text of ``dispatch_link``, ``dispatch_return`` and ``dispatch_jump``.

    ``signature`` and ``parameters`` are those of every unit.
    """
    located = _block_at("b", "%payload")
    kinds = [
        ("dispatch_link", _by_slot(), tables.DIRECT_ON, Reason.UNLINKED),
        ("dispatch_return", located, tables.RETURN_ON, Reason.RETURN_MISS),
        ("dispatch_jump", located, tables.JUMP_ON, Reason.INDIRECT_MISS),
    ]
    functions = [
        _dispatch(name, signature, parameters, found, on, why) for name, found, on, why in kinds
    ]
    return "\n".join(["declare i32 @llvm.fshr.i32(i32, i32, i32)", *functions])

"""The dispatcher as translated code sees it: what ``loop.py`` does between two blocks, in LLVM.

With chaining off each block ends in the dispatcher, and where a unit leads to a block that has none
it goes on in the block's copy. These functions look up the next block and count the reason without
leaving translated code, one function for each kind of exit. Rare cases are left to the loop, and
are not counted here.
"""

import attrs

from backends.numba_jit import abi, tables
from dbt.interfaces import Reason

_COUNTER = {reason: 8 * index for reason, index in tables.REASON_INDEX.items()}
"""Offsets of the counters in REASONS."""


@attrs.frozen
class Ways:
    """How one kind of code goes on: LLVM text that ends in a return. ``to_unit`` goes on at
    ``%unit``, ``to_copy`` at ``%copy``, ``leave`` returns to the loop."""

    to_unit: str
    to_copy: str
    leave: str


def go_on(function: str, parameters: str) -> str:
    """Text that goes on at a function that has a unit's signature."""
    name = "%to" + function[1:].replace(".", "")
    return f" {name} = musttail call preserve_nonecc i64 {function}({parameters})\n ret i64 {name}"


def word(name: str, offset: int, kind: str = "ptr") -> str:
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


def _block_at(name: str, position: str) -> str:
    """Lines that look a position (an i64) up: ``%name`` is a block id or 0."""
    return f"""
 %{name}.l = trunc i64 {position} to i32
 %{name}.r = call i32 @llvm.fshr.i32(i32 %{name}.l, i32 %{name}.l, i32 1)
 %{name}.w = zext i32 %{name}.r to i64
 %{name}.p = and i64 {position}, {abi.PASSED}
 %{name}.i = or i64 %{name}.w, %{name}.p
{word(f"{name}.t", tables.BLOCK_AT)}
{_entry(name, f"%{name}.t", f"%{name}.i", "i32")}"""


def _code(block: str) -> str:
    """Lines that load a block's code: ``%unit`` and ``%copy``, and whether it has a unit."""
    return f"""
{word("units", tables.UNIT)}
{_entry("unit", "%units", block, "ptr")}
{word("copies", tables.COPY)}
{_entry("copy", "%copies", block, "ptr")}
 %has.unit = icmp ne ptr %unit, null
 %has.copy = icmp ne ptr %copy, null"""


def _dispatch(head: str, ways: Ways, found: str, chained: str, on: int, why: Reason) -> str:
    """A dispatcher. ``found`` is text that puts the id of the next block into ``%b``; ``chained``
    is text that puts into ``%chained`` whether the exit is chained to it, and only the kind of code
    changes; ``on`` is the control word that says whether such exits may chain, ``why`` the reason
    when not."""
    return f"""
{head}
{word("exit", abi.EXIT_CODE, "i64")}
 %payload = lshr i64 %exit, {abi.KIND_BITS}
{found}
 %block = zext i32 %b to i64
{_code("%block")}
 %has.code = or i1 %has.unit, %has.copy
 br i1 %has.code, label %ready, label %rare, !prof !1
ready:
{word("denials", tables.DENIED)}
{_entry("denied", "%denials", "%block", "i8")}
{word("on", on, "i64")}
 %refused = icmp ne i8 %denied, 0
 %watched = icmp uge i8 %denied, {tables.WATCHED}
 %off = icmp eq i64 %on, 0
 %counts = or i1 %refused, %off
 %calm = xor i1 %watched, 1
 %counted = and i1 %counts, %calm
 br i1 %counted, label %count, label %free
count:
 %why = select i1 %refused, i64 {_COUNTER[Reason.DENIED]}, i64 {_COUNTER[why]}
{word("reasons", tables.REASONS)}
 %counter = getelementptr i8, ptr %reasons, i64 %why
 %number = load i64, ptr %counter
 %more = add i64 %number, 1
 store i64 %more, ptr %counter
 br label %go
free:
{chained}
 br i1 %chained, label %go, label %rare
go:
 br i1 %has.unit, label %in.unit, label %in.copy
in.unit:
{ways.to_unit}
in.copy:
{ways.to_copy}
rare:
{ways.leave}
}}
"""


def _by_slot() -> str:
    return f"""
{word("linked", tables.SLOT_BLOCK)}
{_entry("made", "%linked", "%payload", "i32")}
 %unmade = icmp eq i32 %made, 0
 br i1 %unmade, label %look, label %known
look:
{word("positions", tables.SLOT_POSITION)}
{_entry("position", "%positions", "%payload", "i64")}
 %unplain = icmp slt i64 %position, 0
 br i1 %unplain, label %slot, label %plain, !prof !0
plain:{_block_at("found", "%position")}
 br label %known
slot:
{word("targets", tables.SLOT_TARGET)}
{_entry("target", "%targets", "%payload", "i32")}
 br label %known
known:
 %b = phi i32 [%made, %entry], [%found, %plain], [%target, %slot]"""


def dispatchers(signature: str, ways: Ways) -> str:
    """LLVM text of ``dispatch_link``, ``dispatch_return`` and ``dispatch_jump``, which have the
    ``signature`` of units."""
    located = _block_at("b", "%payload")
    linked = " %chained = xor i1 %unmade, 1"
    in_table = " %chained = xor i1 %counts, 1"
    kinds = [
        ("link", _by_slot(), linked, tables.DIRECT_ON, Reason.UNLINKED),
        ("return", located, in_table, tables.RETURN_ON, Reason.RETURN_MISS),
        ("jump", located, in_table, tables.JUMP_ON, Reason.INDIRECT_MISS),
    ]
    functions = [
        _dispatch(head(f"dispatch_{name}", signature), ways, found, chained, on, why)
        for name, found, chained, on, why in kinds
    ]
    return "\n".join(["declare i32 @llvm.fshr.i32(i32, i32, i32)", *functions])


def to_unit(signature: str, ways: Ways) -> str:
    """LLVM text of ``dispatch_unit``, which goes on in the unit of the block whose id is the
    payload of EXIT_CODE."""
    return f"""
{head("dispatch_unit", signature)}
{word("exit", abi.EXIT_CODE, "i64")}
 %block = lshr i64 %exit, {abi.KIND_BITS}
{_code("%block")}
 br i1 %has.unit, label %in.unit, label %rare, !prof !1
in.unit:
{ways.to_unit}
rare:
{ways.leave}
}}
"""


def to_copy(signature: str, ways: Ways) -> str:
    """LLVM text of ``dispatch_copy``, which goes on in the copied code of the block whose id is the
    payload of EXIT_CODE, also if it has a unit."""
    return f"""
{head("dispatch_copy", signature)}
{word("exit", abi.EXIT_CODE, "i64")}
 %block = lshr i64 %exit, {abi.KIND_BITS}
{word("rows", tables.BLOCKS)}
 %at = mul i64 %block, {tables.BLOCK}
 %row = getelementptr i8, ptr %rows, i64 %at
 %start = getelementptr i8, ptr %row, i64 {tables.B_START}
 %copy = load ptr, ptr %start
 %has.copy = icmp ne ptr %copy, null
 br i1 %has.copy, label %in.copy, label %rare, !prof !1
in.copy:
{ways.to_copy}
rare:
{ways.leave}
}}
"""


def head(name: str, signature: str) -> str:
    """The first lines of a function."""
    return f"define preserve_nonecc i64 @{name}{signature}\nentry:"

"""The dispatcher as translated code sees it: what ``loop.py`` does between two blocks, in LLVM.

With chaining off each block ends in the dispatcher, and where a unit leads to a block that has none
it goes on in the block's copy. These functions look up the next block and count the reason without
leaving translated code, one function for each kind of exit. Rare cases are left to the loop, and
are not counted here. Direct exits come here when their look-up (``lookups``) has found nothing.
"""

from backends.numba_jit import abi, tables
from dbt.classes import attrs
from dbt.interfaces import Reason

_COUNTER = {reason: 8 * index for reason, index in tables.REASON_INDEX.items()}
"""Offsets of the counters in REASONS."""


@attrs.frozen
class Ways:
    """How one kind of code goes on: LLVM text that ends in a return. ``to_unit`` goes on at
    ``%unit``, ``to_copy`` at ``%copy``, ``leave`` returns to the loop. ``parameters`` are those of
    a call that goes on in code of the same kind, ``open_table`` is OPEN_UNITS or OPEN_COPIES."""

    to_unit: str
    to_copy: str
    leave: str
    parameters: str
    open_table: int


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


def _count(name: str, why: str) -> str:
    """Lines that count a return to the dispatcher, by the offset of its counter in REASONS. Their
    values begin with a name."""
    return f"""
 %{name}.r = getelementptr i8, ptr %s, i64 {tables.REASONS}
 %{name}.a = getelementptr i8, ptr %{name}.r, i64 {why}
 %{name} = load i64, ptr %{name}.a
 %{name}.n = add i64 %{name}, 1
 store i64 %{name}.n, ptr %{name}.a"""


def _enter_open(name: str, block: str, table: int, why: Reason, parameters: str) -> str:
    """Lines that count an exit and go on in the block with an id, if it is open for such exits
    (``table`` is a word of OPEN_UNITS or OPEN_COPIES). They begin with a name, and end in the label
    of the case that it is not."""
    return f"""
{word(f"{name}.t", table)}
{_entry(f"{name}.c", f"%{name}.t", block, "ptr")}
 %{name}.is = icmp ne ptr %{name}.c, null
 br i1 %{name}.is, label %{name}.enter, label %{name}.closed
{name}.enter:
{_count(f"{name}.n", str(_COUNTER[why]))}
{go_on(f"%{name}.c", parameters)}
{name}.closed:"""


def _dispatch(
    head: str, ways: Ways, found: str, chained: str, on: int, why: Reason, first: str
) -> str:
    """A dispatcher. ``found`` is text that puts the id of the next block into ``%b``, and may go on
    in it; ``chained`` is text that puts into ``%chained`` whether the exit is chained to it, and
    only the kind of code changes; ``on`` is the control word that says whether such exits may
    chain, ``why`` the reason when not; ``first`` is text that puts into ``%first`` whether the loop
    has to see an exit that is not chained."""
    return f"""
{head}
{word("exit", abi.EXIT_CODE, "i64")}
 %payload = lshr i64 %exit, {abi.KIND_BITS}
{found}
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
{first}
 br i1 %first, label %rare, label %again, !prof !0
again:
 %why = select i1 %refused, i64 {_COUNTER[Reason.DENIED]}, i64 {_COUNTER[why]}
{_count("number", "%why")}
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
 %b = phi i32 [%made, %entry], [%found, %plain], [%target, %slot]
 %block = zext i32 %b to i64"""


_WITHOUT_LOOKUP = f"""
{word("lookups", tables.LOOKUPS)}
 %written.o = mul i64 %payload, {tables.LOOKUP}
 %written.a = getelementptr i8, ptr %lookups, i64 %written.o
 %written = load i8, ptr %written.a
 %unwritten = icmp eq i8 %written, 0
 %alone = xor i1 %refused, 1
 %first = and i1 %unwritten, %alone"""
"""Lines for a direct exit that may not chain: the loop writes its look-up, once."""


def dispatchers(signature: str, ways: Ways) -> str:
    """LLVM text of ``dispatch_link``, ``dispatch_return`` and ``dispatch_jump``, which have the
    ``signature`` of units."""

    def located(way: int, why: Reason) -> str:
        look = _block_at("b", "%payload") + "\n %block = zext i32 %b to i64"
        return look + _enter_open("open", "%block", ways.open_table + way, why, ways.parameters)

    never = " %first = and i1 %refused, false"
    linked = " %chained = xor i1 %unmade, 1"
    in_table = " %chained = xor i1 %counts, 1"
    returned = located(tables.WAY_RETURN, Reason.RETURN_MISS)
    jumped = located(tables.WAY_JUMP, Reason.INDIRECT_MISS)
    kinds = [
        ("link", _by_slot(), linked, tables.DIRECT_ON, Reason.UNLINKED, _WITHOUT_LOOKUP),
        ("return", returned, in_table, tables.RETURN_ON, Reason.RETURN_MISS, never),
        ("jump", jumped, in_table, tables.JUMP_ON, Reason.INDIRECT_MISS, never),
    ]
    functions = [
        _dispatch(head(f"dispatch_{name}", signature), ways, found, chained, on, why, first)
        for name, found, chained, on, why, first in kinds
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

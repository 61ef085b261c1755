"""Where the pass of watchpoints traps."""

import inspect

import pytest
from support.pictures import assert_true, pictures

from dbt.gdb.watch_pass import READS, WRITES, Watched, WatchMemory
from dbt.ir import ops
from dbt.ir.ops import OPS
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block

ADDRESS, SIZE = 0x9000, 4
WRITING = WatchMemory((Watched("gdb-watch-0", ADDRESS, SIZE, WRITES),))
READING = WatchMemory((Watched("gdb-watch-0", ADDRESS, SIZE, READS),))


def block(*lines: str) -> str:
    return "\n".join(["block 0x8000 {", "insn 0x8000 4", *lines, "goto 0x9000", "}"])


def test_the_picture_is_true() -> None:
    (picture,) = pictures(inspect.cleandoc(WatchMemory.__doc__ or ""))
    assert_true(WRITING, *picture)


def test_all_ops_that_access_memory_are_known() -> None:
    effects = ops.Effect.READS_MEMORY | ops.Effect.WRITES_MEMORY
    accesses = {op for op in OPS.values() if op.effects & effects and op.args}  # not a fence
    assert accesses == READS | WRITES


@pytest.mark.parametrize("size", [1, 2, 4, 8, 16])
def test_the_constants_say_whether_an_access_overlaps(size: int) -> None:
    type_ = {16: "v128"}.get(size, f"i{8 * size}")
    rewritten = parse_block(block("%0:i32 = get r1", f"%1:{type_} = load %0"))
    READING.run(rewritten)
    sub = next(inst for inst in rewritten.insts if inst.op is ops.SUB)
    ult = next(inst for inst in rewritten.insts if inst.op is ops.ULT)
    low, count = sub.args[1].value, ult.args[1].value  # type: ignore[union-attr]
    for address in range(ADDRESS - 20, ADDRESS + 20):
        overlaps = address < ADDRESS + SIZE and address + size > ADDRESS
        assert ((address - low & 0xFFFFFFFF) < count) == overlaps


def test_other_accesses_and_conditions() -> None:
    load = block("%0:i32 = get r1", "%1:i32 = load %0")
    assert_true(WRITING, load, load)
    store = block("%0:i32 = get r1", "%1:i1 = get zf", "store %0, 0x1 when %1")
    rewritten = parse_block(store)
    WRITING.run(rewritten)
    assert "trap_if gdb-watch-0 %3 when %1" in print_block(rewritten)
    with WRITING.off():
        assert_true(WRITING, store, store)

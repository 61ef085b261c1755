"""Lazy flags: whatever flags a block defers, the next one and the dispatcher see the right flags."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from support.rig import DATA, FLAGS
from support.strategies import edges
from support.units import UnitMachine

from backends.numba_jit import abi
from backends.numba_jit.units.flag_slots import ALL, CARRY, DEFERRED, LEFT, OVERFLOW
from backends.numba_jit.units.lazy_flags import deferrable
from dbt.interfaces import PAGE, READ, WRITE
from dbt.ir.block import Block, BlockKey
from dbt.ir.evaluate import Left, Outcome, evaluate_block
from dbt.ir.parser import parse_blocks
from dbt.ir.types import I32

COMPARES = {
    "registers": "%r:i32 = sub %a, %b\n %m:i32 = not %b\n %v:i1 = overflow %a, %m, 0x1:i1\n"
    " %c:i1 = carry %a, %m, 0x1:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "compared": "%r:i32 = sub %a, %b\n %m:i32 = not %b\n %v:i1 = overflow %a, %m, 0x1:i1\n"
    " %c:i1 = ule %b, %a\n %z:i1 = eq %a, %b\n %n:i1 = slt %r, 0x0",
    "constant": "%r:i32 = add %a, 0xffffffc0\n %v:i1 = overflow %a, 0xffffffbf, 0x1:i1\n"
    " %c:i1 = ule 0x40, %a\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "folded": "%x:i32 = add %a, 0x1\n %r:i32 = add %a, 0xffffffc1\n"
    " %v:i1 = overflow %x, 0xffffffbf, 0x1:i1\n %c:i1 = ule 0x40, %x\n %z:i1 = eq %r, 0x0\n"
    " %n:i1 = slt %r, 0x0",
    "folded twice": "%x:i32 = add %a, 0x1\n %r:i32 = add %a, 0xffffffc1\n"
    " %v:i1 = overflow %x, 0xffffffbf, 0x1:i1\n %c:i1 = ule 0x40, %x\n %z:i1 = eq %a, 0x3f\n"
    " %n:i1 = slt %r, 0x0",
    "zero": "%z:i1 = eq %a, 0x0\n %n:i1 = slt %a, 0x0",
    "added": "%r:i32 = add %a, 0x40\n %v:i1 = overflow %a, 0x40, 0x0:i1\n"
    " %c:i1 = carry %a, 0x40, 0x0:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "added, folded": "%r:i32 = add %a, 0x40\n %v:i1 = overflow %a, 0x40, 0x0:i1\n"
    " %c:i1 = ult 0xffffffbf, %a\n %z:i1 = eq %a, 0xffffffc0\n %n:i1 = slt %r, 0x0",
}
PARTLY = {
    "registers, then a constant": "%m:i32 = not %b\n %v:i1 = overflow %a, %m, 0x1:i1\n"
    " %c:i1 = ule %b, %a\n %z:i1 = or 0x0:i1, 0x1:i1\n %n:i1 = or 0x0:i1, 0x0:i1",
    "added, then shifted": "%v:i1 = overflow %a, 0x40, 0x0:i1\n"
    " %c:i1 = ult 0xffffffbf, %a\n %s:i32 = shl %b, 0x2\n %z:i1 = eq %s, 0x0\n"
    " %n:i1 = slt %s, 0x0",
}
OTHERS = {
    "addition": "%r:i32 = add %a, %b\n %v:i1 = overflow %a, %b, 0x0:i1\n"
    " %c:i1 = carry %a, %b, 0x0:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "wrong carry": "%r:i32 = sub %a, %b\n %m:i32 = not %b\n %v:i1 = overflow %a, %m, 0x1:i1\n"
    " %c:i1 = ule %a, %b\n %z:i1 = eq %a, %b\n %n:i1 = slt %r, 0x0",
    "wrong sign": "%r:i32 = sub %a, 0x1\n %m:i32 = not %b\n %v:i1 = overflow %a, %m, 0x1:i1\n"
    " %c:i1 = ule %b, %a\n %z:i1 = eq %a, %b\n %n:i1 = slt %r, 0x0",
    "adds nothing": "%r:i32 = add %a, 0x0\n %v:i1 = overflow %a, 0x0, 0x0:i1\n"
    " %c:i1 = carry %a, 0x0, 0x0:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "adds the least": "%r:i32 = add %a, 0x80000000\n %v:i1 = overflow %a, 0x80000000, 0x0:i1\n"
    " %c:i1 = carry %a, 0x80000000, 0x0:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "wrong sum": "%r:i32 = add %a, 0x41\n %v:i1 = overflow %a, 0x40, 0x0:i1\n"
    " %c:i1 = carry %a, 0x40, 0x0:i1\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "wrong carry of a sum": "%r:i32 = add %a, 0x40\n %v:i1 = overflow %a, 0x40, 0x0:i1\n"
    " %c:i1 = ult 0xffffffc0, %a\n %z:i1 = eq %r, 0x0\n %n:i1 = slt %r, 0x0",
    "wrong zero": "%x:i32 = add %a, 0x1\n %r:i32 = add %a, 0xffffffc1\n"
    " %v:i1 = overflow %x, 0xffffffbf, 0x1:i1\n %c:i1 = ule 0x40, %x\n %z:i1 = eq %a, 0x40\n"
    " %n:i1 = slt %r, 0x0",
}
FIRST = COMPARES | PARTLY | OTHERS
SECOND = {
    "reads": "%0:i1 = get vf\n %1:i32 = zext %0\n set r2 %1",
    "reads all": "%0:i1 = get nf\n %1:i1 = get zf\n %2:i1 = get cf\n %3:i1 = get vf\n"
    " %4:i1 = eq %0, %3\n %5:i1 = and %1, %2\n %6:i1 = xor %4, %5\n %7:i32 = zext %6\n set r2 %7",
    "sets one": "%0:i32 = get r0\n %1:i1 = slt %0, 0x5\n set zf %1",
    "sets one sometimes": "%0:i32 = get r0\n %1:i1 = slt %0, 0x5\n set cf 0x1:i1 when %1",
    "sets N and Z": "%0:i32 = get r0\n %1:i1 = slt %0, 0x0\n set nf %1\n set zf 0x0:i1",
    "sets N and Z, then faults": "%0:i32 = get r0\n %1:i1 = slt %0, 0x0\n set nf %1\n"
    " set zf 0x0:i1\n insn 0x8014 4\n %9:i32 = load 0x0",
    "sets N and Z, reads C": "set nf 0x1:i1\n set zf 0x0:i1\n %0:i1 = get cf\n"
    " %1:i32 = zext %0\n set r2 %1",
    "sets all, N and Z again": "%a:i32 = get r1\n %b:i32 = get r0\n " + COMPARES["registers"]
    + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v\n insn 0x8014 4\n"
    " set nf 0x0:i1\n set zf %v",
    "ignores": "%0:i32 = get r0\n set r3 %0",
    "sets all": "%a:i32 = get r1\n %b:i32 = get r0\n " + OTHERS["addition"]
    + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v",
    "sets all, one twice": "%a:i32 = get r1\n %b:i32 = get r0\n " + OTHERS["addition"]
    + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v\n insn 0x8014 4\n set cf 0x1:i1 when %z",
    "compares": "%a:i32 = get r1\n %b:i32 = get r0\n " + COMPARES["registers"]
    + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v",
    "compares, then faults": "%a:i32 = get r1\n %b:i32 = get r0\n " + COMPARES["registers"]
    + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v\n insn 0x8014 4\n %9:i32 = load 0x0",
    "faults": "%9:i32 = load 0x0",
    "sets some, then faults": "%a:i32 = get r1\n %z:i1 = eq %a, 0x0\n %s:i32 = shr %a, 0x3\n"
    " %c:i1 = trunc %s\n set zf %z\n set cf %c\n insn 0x8014 4\n %9:i32 = load 0x0\n"
    " set nf %z\n set vf %z",
    "sets one sometimes, then faults": "%a:i32 = get r1\n %z:i1 = eq %a, 0x0\n"
    " set vf 0x1:i1 when %z\n set vf %z when %z\n insn 0x8014 4\n %9:i32 = load 0x0",
    "sets all, with loads between": "%a:i32 = get r1\n %z:i1 = eq %a, 0x0\n set zf %z\n"
    " set cf %z\n insn 0x8014 4\n %9:i32 = load 0x10000\n set nf %z\n set vf %z",
}  # fmt: skip
VALUES = [(a, b) for a in edges(I32)[::2] for b in (0, 1, 0x40, 0x7FFFFFFF, 0x80000000)]


def program(first: str, second: str) -> list[Block]:
    carry, overflow = ("%c", "%v") if "%c" in first else ("0x1:i1", "0x0:i1")
    return parse_blocks(
        "block 0x8000 {\n insn 0x8000 4\n %a:i32 = get r0\n %b:i32 = get r1\n "
        + first
        + f"\n set nf %n\n set zf %z\n set cf {carry}\n set vf {overflow}\n goto 0x8010\n}}\n"
        "block 0x8010 {\n insn 0x8010 4\n " + second + "\n halt done 0x8018\n}\n"
    )


@pytest.fixture(scope="module", params=[False, True], ids=["units", "region"])
def machine(request: pytest.FixtureRequest) -> Iterator[UnitMachine]:
    made = UnitMachine(regions=request.param)
    made.memory.map(DATA, PAGE, READ | WRITE)
    yield made
    made.close()


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("first", FIRST)
def test_flags_are_right_after_two_blocks(machine: UnitMachine, first: str, second: str) -> None:
    blocks = program(FIRST[first], SECOND[second])
    code = machine.compile(*blocks, level="optimised" if machine.regions else "quick")
    for linked in (True,) if machine.regions else (True, False):
        machine.link(1, code[BlockKey(0x8010)] if linked else None)
        for a, b in VALUES:
            start = dict.fromkeys(("nf", "zf", "cf", "vf", "r2", "r3"), 0) | {"r0": a, "r1": b}
            machine.state.restore(start)
            for block in blocks[: 1 + linked]:
                left = evaluate_block(
                    block, machine.state, machine.memory, machine.counters, machine.stacks
                )
                assert isinstance(left, Left) or "faults" in second
            expected = machine.state.snapshot()
            machine.state.restore(start)
            kind, _, _ = machine.enter(code[BlockKey(0x8000)])
            assert kind == (abi.X_RECORD if linked else abi.X_LINK)
            assert machine.state.snapshot() == expected, (a, b)
            assert machine.word(DEFERRED).value & 0xFF == 0
    machine.compiler.drop(code.values())


@pytest.mark.parametrize("second", ["sets all, with loads between", "sets N and Z, then faults"])
def test_flags_that_a_block_only_sets_are_not_computed_before(second: str) -> None:
    with closing(UnitMachine()) as machine:
        blocks = program(COMPARES["registers"], SECOND[second])
        texts = [machine.compiler.explain(i)["llvm"] for i in machine.accepted(*blocks)]
    assert not any("mf:" in text for text in texts)


def test_flags_amid_a_block_of_a_region_are_computed_where_it_faults() -> None:
    with closing(UnitMachine(regions=True)) as machine:
        blocks = program(COMPARES["registers"], SECOND["sets some, then faults"])
        accepted = machine.accepted(*blocks)
        text, *_ = machine.compiler._emit(accepted, None, "region", linked=machine.linked)
    hot, _, cold = text.partition("\nas0:")
    assert "store i1 %k" in cold
    fault = hot[hot.index("\nb1:") : hot.index(", label %c", hot.index("\nb1:"))]
    assert "store i1" not in fault


@pytest.mark.parametrize("first", FIRST)
def test_what_is_recognised(first: str) -> None:
    block = program(FIRST[first], SECOND["reads"])[0]
    flags = {str(i.imm[0]): i.args[0] for i in block.insts if i.op.name == "set"}
    found = deferrable(*(flags[name] for name in FLAGS))
    assert (found is not None and found[1] == ALL) == (first in COMPARES)
    assert first not in PARTLY or (found is not None and found[1] == 1 << CARRY | 1 << OVERFLOW)


def test_where_some_flags_are_set_others_stay_deferred() -> None:
    with closing(UnitMachine()) as machine:
        blocks = program(COMPARES["registers"], SECOND["sets N and Z"])
        text = machine.compiler.explain(machine.accepted(*blocks)[1])["llvm"]
    marks = re.findall(rf"(%\w+) = getelementptr i8, ptr %s, i64 {DEFERRED}\n", text)
    (mark,) = (name for name in marks if f"store i8 {name}m, ptr {name}" in text)
    assert f"{mark}m = and i8 {mark}l, {1 << CARRY | 1 << OVERFLOW}" in text


LOOP = """
block 0x8000 {
  insn 0x8000 4
  %a:i32 = get r0
  %b:i32 = get r1
  FIRST
  set nf %n
  set zf %z
  set cf %c
  set vf %v
  insn 0x8004 4
  %9:i32 = load %a
  goto 0x8008
}
block 0x8008 {
  insn 0x8008 4
  %a:i32 = get r0
  %b:i32 = get r1
  SECOND
  set nf %n
  set zf %z
  set cf %c
  set vf %v
  branch %z, 0x8010, 0x8000
}
block 0x8010 {
  halt done 0x8010
}
"""


def test_operands_are_at_first_what_a_loop_makes_of_them() -> None:
    text = LOOP.replace("FIRST", COMPARES["added"]).replace("SECOND", COMPARES["constant"])
    with closing(UnitMachine(regions=True)) as machine:
        accepted = machine.accepted(*parse_blocks(text))
        text, *_ = machine.compiler._emit(accepted, None, "region", linked=machine.linked)
    begin = text[: text.index("\nb0:")]
    assert f"store i32 {0x40}, ptr %v.R" in begin
    assert f"store i32 {0xFFFFFFC0}, ptr %v.R" not in begin


ROUNDS = """
block 0x8000 {
  insn 0x8000 4
  %a:i32 = get r0
  %9:i32 = load %a
  insn 0x8004 4
  %b:i32 = get r1
  COMPARES
  set r0 %r
  set nf %n
  set zf %z
  set cf %c
  set vf %v
  branch %z, 0x8010, 0x8000
}
block 0x8010 {
  insn 0x8010 4
  MORE
  insn 0x8014 4
  %9:i32 = load 0x0
  halt done 0x8018
}
"""
"""A loop that accesses memory before it sets all flags; and behind it a refused access."""
MORE = {
    "nothing": "",
    "sets N": "%0:i32 = get r0\n %1:i1 = eq %0, 0x0\n set nf %1",
    "ends with N": "insn 0x8014 4\n goto 0x8020\n}\nblock 0x8020 {\n insn 0x8020 4\n"
    " %8:i32 = load 0x0",
}
STARTS = [(DATA + PAGE - 4 * rounds, 0xFFFFFFFC) for rounds in range(4)] + [(DATA, DATA)]


def loop_of(more: str) -> list[Block]:
    return parse_blocks(ROUNDS.replace("COMPARES", COMPARES["registers"]).replace("MORE", more))


@pytest.mark.parametrize("more", MORE)
def test_flags_are_right_where_a_loop_faults_in_any_round(more: str) -> None:
    blocks = {block.key: block for block in loop_of(MORE[more])}
    with closing(UnitMachine(regions=True)) as machine:
        machine.memory.map(DATA, PAGE, READ | WRITE)
        code = machine.compile(*blocks.values(), level="optimised")
        for flags in range(16):
            for first, step in STARTS:
                start = {name: flags >> bit & 1 for bit, name in enumerate(FLAGS)}
                start |= {"r0": first, "r1": step}
                machine.state.restore(start)
                block = blocks[BlockKey(0x8000)]
                while isinstance(left := evaluate(machine, block), Left):
                    assert isinstance(left.target, BlockKey)
                    block = blocks[left.target]
                expected = machine.state.snapshot()
                machine.state.restore(start)
                kind, _, _ = machine.enter(code[BlockKey(0x8000)])
                assert kind == abi.X_RECORD
                assert machine.state.snapshot() == expected, (flags, first)
        machine.compiler.drop(code.values())


def evaluate(machine: UnitMachine, block: Block) -> Outcome:
    return evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)


def region_text(blocks: list[Block]) -> str:
    with closing(UnitMachine(regions=True)) as machine:
        accepted = machine.accepted(*blocks)
        text, *_ = machine.compiler._emit(accepted, None, "region", linked=machine.linked)
    return text


def test_a_loop_knows_that_its_flags_are_deferred_from_the_second_round_on() -> None:
    text = region_text(loop_of(""))
    rounds = text[text.index("\nb0:") : text.index("\nb1:")]
    assert "label %b0" in rounds
    assert "label %f0" not in rounds
    assert text.count("br label %f0") == 1


def test_what_comes_before_a_loop_knows_of_its_flags_in_the_first_round_too() -> None:
    compare = COMPARES["registers"] + "\n set nf %n\n set zf %z\n set cf %c\n set vf %v"
    before = f"block 0x7ff0 {{\n insn 0x7ff0 4\n %a:i32 = get r0\n %b:i32 = get r1\n {compare}\n"
    blocks = parse_blocks(before + " goto 0x8000\n}\n")
    text = region_text([*loop_of(""), *blocks])
    assert text.count("br label %f0") == text.count("br label %g0") == 1
    assert text.count("br label %b0") == 3


def test_a_loop_with_a_long_head_has_one_text() -> None:
    long = "".join(f" insn {0x8004 + 4 * number:#x} 4\n" for number in range(12))
    blocks = ROUNDS.replace("COMPARES", long + COMPARES["registers"]).replace("MORE", "")
    text = region_text(parse_blocks(blocks.replace("0x8010", "0x8100").replace("0x8014", "0x8104")))
    assert text.count("br label %b0") == 2
    assert "label %f0" not in text


def test_operands_are_forgotten_where_all_flags_are_computed() -> None:
    text = region_text(program(OTHERS["addition"], SECOND["faults"]))
    assert "store i32 poison, ptr %v.L" in text
    assert "store i1 poison, ptr %v.nf" not in text
    assert "store i1 poison, ptr %v.nf" in region_text(loop_of(""))


def test_flags_that_hot_code_does_not_compute_stay_in_memory() -> None:
    kept = re.compile(r"load i1, ptr %v.nf")
    assert not kept.search(region_text(loop_of("")))
    assert kept.search(region_text(program(OTHERS["addition"], SECOND["faults"])))


@pytest.mark.parametrize("deferred", range(16))
def test_a_region_takes_over_what_is_deferred(deferred: int) -> None:
    blocks = loop_of("")
    with closing(UnitMachine(regions=True)) as machine:
        machine.memory.map(DATA, PAGE, READ | WRITE)
        code = machine.compile(*blocks, level="optimised")
        for left, right in VALUES[::7]:
            start = {name: deferred >> bit & 1 ^ 1 for bit, name in enumerate(FLAGS)}
            machine.state.restore(start | {"r0": DATA + PAGE, "r1": 4})
            machine.word(DEFERRED).value = deferred
            machine.word(LEFT).value = left | right << 32
            kind, _, _ = machine.enter(code[BlockKey(0x8000)])
            assert kind == abi.X_RECORD
            result = (left - right) & 0xFFFFFFFF
            lazy = [
                result >> 31,
                result == 0,
                left >= right,
                ((left ^ right) & (left ^ result)) >> 31,
            ]
            found = machine.state.snapshot()
            for bit, name in enumerate(FLAGS):
                assert found[name] == (lazy[bit] if deferred >> bit & 1 else start[name])
            assert machine.word(DEFERRED).value & 0xFF == 0
        machine.compiler.drop(code.values())


def test_a_region_that_needs_flags_has_them_computed_first() -> None:
    reads = "%0:i1 = get vf\n set zf %0"
    assert "mf:" not in region_text(loop_of(""))
    assert "mf:" in region_text(loop_of(reads))

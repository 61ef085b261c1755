"""Chained units, as single blocks and as regions, compared with the evaluator block by block."""

import re
from collections.abc import Collection, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import rig
from support.strategies import programs, states
from support.units import UnitMachine

from backends.numba_jit import abi
from backends.numba_jit.installed import Installed
from backends.numba_jit.records import FaultRecord, HaltRecord
from backends.numba_jit.units.region import find_regions
from backends.numba_jit.units.region_shape import LONGEST
from dbt.interfaces import READ, WRITE
from dbt.ir.block import Block, BlockKey, exit_targets
from dbt.ir.evaluate import Left, evaluate_block
from dbt.ir.parser import parse_blocks

FUEL = 200
ROUNDS = 60

COUNTDOWN = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i32 = get r2
  %2:i32 = add %0, %1
  set r1 %2
  goto 0x8010
}
block 0x8010 {
  insn 0x8010 4
  %0:i32 = get r3
  %1:i32 = load %0
  insn 0x8014 4
  %2:i32 = get r2
  %3:i32 = sub %2, 0x1
  set r2 %3
  %4:i1 = eq %3, 0x0
  set zf %4
  branch %4, 0x8020, 0x8000
}
block 0x8020 {
  halt done 0x8020
}
"""

ALONE = """
block 0x7000 {
  halt done 0x7000
}
"""
CHAIN = """
block 0x8000 {
  insn 0x8000 4
  goto 0x8004
}
block 0x8004 {
  halt done 0x8004
}
"""
CALLS = """
block 0x8000 {
  insn 0x8000 4
  set r3 0x8008
  call 0x9000, link 0x8008
}
block 0x8008 {
  halt done 0x8008
}
block 0x9000 {
  insn 0x9000 4
  %0:i32 = get r1
  %1:i32 = add %0, 0x7
  set r1 %1
  %2:i32 = get r3
  return %2
}
"""

BEGIN = BlockKey(rig.START)


@pytest.fixture(scope="module", params=[False, True], ids=["blocks", "regions"])
def machine(request: pytest.FixtureRequest) -> Iterator[UnitMachine]:
    made = UnitMachine(regions=request.param)
    made.memory.map(rig.DATA, rig.DATA_SIZE, READ | WRITE)
    yield made
    made.close()


def prepare(machine: UnitMachine, state: dict[str, int]) -> None:
    machine.state.restore(state)
    machine.memory.poke(rig.DATA, bytes(rig.DATA_SIZE))
    while machine.stacks.depth("calls"):
        machine.stacks.pop("calls")
    for name in list(machine.counters.names):
        machine.counters.add(name, -machine.counters[name])


def outcome(machine: UnitMachine, key: BlockKey | None, fuel: int) -> tuple[object, ...]:
    state = {name: value for name, value in machine.state.snapshot().items() if name != "pc"}
    counts = {name: count for name, count in machine.counters.snapshot().items() if count}
    data = machine.memory.peek(rig.DATA, rig.DATA_SIZE)
    return key, fuel, state, counts, machine.stacks.depth("calls"), data


def evaluate(
    machine: UnitMachine,
    program: dict[BlockKey, Block],
    key: BlockKey = BEGIN,
    fuel: int = FUEL,
) -> tuple[object, ...]:
    while key in program and fuel >= program[key].insn_count:
        left = evaluate_block(
            program[key], machine.state, machine.memory, machine.counters, machine.stacks
        )
        assert isinstance(left, Left)
        fuel -= left.completed
        if left.target is None or not program[key].insn_count:
            return outcome(machine, None, fuel)
        key = rig.key_of(left.target) if isinstance(left.target, int) else left.target
        if type(left.exit).__name__ in ("Swi", "Hook"):
            return outcome(machine, None, fuel)
    return outcome(machine, key, fuel)


def run(
    machine: UnitMachine, program: dict[BlockKey, Block], unlinked: set[int]
) -> tuple[object, ...]:
    code = machine.compile(*program.values(), level="optimised", unlinked=unlinked)
    keys = list(program)
    key, fuel = BlockKey(rig.START), FUEL
    try:
        while True:
            kind, payload, fuel = machine.enter(code[key], fuel)
            if kind == abi.X_FUEL:
                # A region leaves when there is not enough for its longest way.
                assert fuel < LONGEST
                return evaluate(machine, program, keys[payload - 1], fuel)
            if kind == abi.X_RECORD:
                return outcome(machine, None, fuel)
            assert kind == abi.X_LINK
            assert payload in unlinked
            key = machine.targets[payload]
    finally:
        machine.compiler.drop(code.values())


@given(program=programs(), state=states(), unlinked=st.sets(st.integers(1, 8), max_size=4))
@settings(max_examples=30, deadline=None)
def test_random_programs(
    machine: UnitMachine, program: dict[BlockKey, Block], state: dict[str, int], unlinked: set[int]
) -> None:
    """Same state, counts and fuel as the evaluator, however many links are missing."""
    prepare(machine, state)
    expected = evaluate(machine, program)
    prepare(machine, state)
    assert run(machine, program, unlinked) == expected


def countdown(
    machine: UnitMachine, start: dict[str, int], unlinked: Collection[int] = ()
) -> dict[BlockKey, int]:
    prepare(machine, {"r1": 0, "r3": rig.DATA, "zf": 0, **start})
    return machine.compile(*parse_blocks(COUNTDOWN), level="optimised", unlinked=unlinked)


def test_a_loop_runs_to_its_end(machine: UnitMachine) -> None:
    code = countdown(machine, {"r2": 10})
    kind, payload, left = machine.enter(code[BlockKey(0x8000)])
    assert (kind, left) == (abi.X_RECORD, 1000 - 30)
    assert machine.record(payload) == HaltRecord("done", 0x8020)
    assert (machine.state["r1"], machine.state["r2"], machine.state["zf"]) == (55, 0, 1)


@pytest.mark.parametrize(("regions", "block_id", "left"), [(False, 2, 1), (True, 1, 2)])
def test_fuel_runs_out_at_a_block(regions: bool, block_id: int, left: int) -> None:
    """In a region at the head of a loop: there must be enough for all of it."""
    machine = UnitMachine(regions=regions)
    machine.memory.map(rig.DATA, rig.DATA_SIZE, READ | WRITE)
    code = countdown(machine, {"r2": 100})
    fuel = 3 * 50 + 2
    assert machine.enter(code[BlockKey(0x8000)], fuel) == (abi.X_FUEL, block_id, left)
    assert machine.state["r2"] == 50
    assert machine.state["r1"] == sum(range(51, 101)) + (0 if regions else 50)
    machine.close()


def test_a_fault_gives_back_what_did_not_complete(machine: UnitMachine) -> None:
    code = countdown(machine, {"r2": 3, "r3": rig.DATA_END - 3})
    kind, payload, left = machine.enter(code[BlockKey(0x8000)])
    assert (kind, left) == (abi.X_RECORD, 999)
    record = machine.record(payload)
    assert isinstance(record, FaultRecord)
    assert (record.pc, record.size) == (0x8010, 4)
    assert machine.word(abi.FAULT_ADDRESS).value == rig.DATA_END - 3
    assert machine.state["r1"] == 3


def test_an_access_past_the_last_page_faults(machine: UnitMachine) -> None:
    machine.memory.map(0xFFFFF000, 4096, READ)
    code = countdown(machine, {"r2": 3, "r3": 0xFFFFFFFE})
    kind, payload, _ = machine.enter(code[BlockKey(0x8000)])
    assert kind == abi.X_RECORD
    assert isinstance(machine.record(payload), FaultRecord)


@pytest.mark.parametrize("slot", [1, 2, 3])
def test_a_missing_link_comes_back(machine: UnitMachine, slot: int) -> None:
    code = countdown(machine, {"r2": 2}, {slot})
    kind, payload, _ = machine.enter(code[BlockKey(0x8000)])
    assert (kind, payload) == (abi.X_LINK, slot)


def test_a_replaced_block_is_obeyed(machine: UnitMachine) -> None:
    code = countdown(machine, {"r2": 2}, {1})
    other = parse_blocks("block 0x8010 {\n insn 0x8010 4\n halt replaced 0x8010\n}")
    (pointer,) = machine.compiler.compile(machine.accepted(*other), "quick")
    machine.link(1, pointer)
    kind, payload, _ = machine.enter(code[BlockKey(0x8000)])
    assert kind == abi.X_RECORD
    assert machine.record(payload) == HaltRecord("replaced", 0x8010)


def test_records_go_when_all_units_of_a_batch_are_dropped(machine: UnitMachine) -> None:
    before = len(machine.records)
    code = list(countdown(machine, {"r2": 2}).values())
    made = len(machine.records)
    assert made > before
    machine.compiler.drop(code[:2])
    assert len(machine.records) == made
    machine.compiler.drop(code[2:])
    assert len(machine.records) == before


def test_explain_shows_both_texts(machine: UnitMachine) -> None:
    (installed,) = machine.accepted(parse_blocks(COUNTDOWN)[1])
    before = len(machine.records)
    texts = machine.compiler.explain(installed)
    assert "musttail call preserve_nonecc" in texts["llvm"]
    assert "jmpq" in texts["out_asm"]
    assert len(machine.records) == before


def keys_of(groups: list[list[Installed]]) -> list[list[str]]:
    return [[str(installed.key) for installed in group] for group in groups]


def test_regions_are_blocks_that_lead_to_each_other(machine: UnitMachine) -> None:
    batch = machine.accepted(*parse_blocks(COUNTDOWN), *parse_blocks(ALONE))
    found = find_regions(batch, rig.key_of, machine.linked)
    assert keys_of(found) == [["0x8000", "0x8010", "0x8020"]]
    assert exit_targets(batch[0].block.exit) == (BlockKey(0x8010),)


def test_a_region_goes_into_calls_and_on_behind_them(machine: UnitMachine) -> None:
    batch = machine.accepted(*parse_blocks(CALLS))
    found = find_regions(batch, rig.key_of, machine.linked)
    assert keys_of(found) == [["0x8000", "0x9000", "0x8008"]]


def test_without_calls_a_region_is_a_loop(machine: UnitMachine) -> None:
    batch = machine.accepted(*parse_blocks(COUNTDOWN), *parse_blocks(CALLS.replace("0x8", "0xa")))
    found = find_regions(batch, rig.key_of, machine.linked, calls=False)
    assert keys_of(found) == [["0x8000", "0x8010", "0x8020"]]
    batch = machine.accepted(*parse_blocks(CHAIN))
    assert find_regions(batch, rig.key_of, machine.linked, calls=False) == []


def test_no_region_is_made_of_blocks_that_are_not_linked(machine: UnitMachine) -> None:
    batch = machine.accepted(*parse_blocks(COUNTDOWN))
    assert find_regions(batch, rig.key_of, {}) == []


@pytest.mark.parametrize("behind", ["the unit", "another unit", "nothing"])
def test_a_return_stays_inside_where_its_entry_does(machine: UnitMachine, behind: str) -> None:
    """The table of entries decides where a return leads, also within a region."""
    program = {block.key: block for block in parse_blocks(CALLS)}
    code = machine.compile(*program.values(), level="optimised")
    other = parse_blocks("block 0x8008 {\n insn 0x8008 4\n halt replaced 0x8008\n}")
    (replaced,) = machine.compiler.compile(machine.accepted(*other), "quick")
    entry = {"the unit": code[BlockKey(0x8008)], "another unit": replaced, "nothing": 0}[behind]
    machine.entries[abi.entry_index(0x8008)] = entry
    prepare(machine, {**machine.state.snapshot(), "r1": 1})
    kind, payload, fuel = machine.enter(code[BlockKey(0x8000)], 500)
    if behind == "nothing":
        assert (kind, payload, fuel) == (abi.X_RETURN, 0x8008, 498)
    else:
        reason = "done" if behind == "the unit" else "replaced"
        assert machine.record(payload) == HaltRecord(reason, 0x8008)
    assert machine.state["r1"] == 8


@pytest.mark.parametrize("at", [0x8000, 0x8008, 0x9000])
def test_a_region_is_entered_at_each_of_its_blocks(machine: UnitMachine, at: int) -> None:
    program = {block.key: block for block in parse_blocks(CALLS)}
    code = machine.compile(*program.values(), level="optimised")
    prepare(machine, {**machine.state.snapshot(), "r1": 1, "r3": 0x8008})
    _, payload, _ = machine.enter(code[BlockKey(at)], 500)
    assert machine.record(payload) == HaltRecord("done", 0x8008)
    assert machine.state["r1"] == (1 if at == 0x8008 else 8)


def test_a_region_is_left_where_a_return_arrives(machine: UnitMachine) -> None:
    """The block behind the call does nothing but lead out, as the return does elsewhere."""
    text = CALLS.replace("halt done 0x8008", "insn 0x8008 4\n  goto 0xb000")
    assert text != CALLS
    code = machine.compile(*parse_blocks(text), level="optimised")
    prepare(machine, {**machine.state.snapshot(), "r1": 1})
    kind, _, fuel = machine.enter(code[BlockKey(0x8000)], 500)
    assert (kind, fuel) == (abi.X_LINK, 497)
    assert machine.state["r1"] == 8


ALIGNED = """
block 0x8000 {{
  insn 0x8000 4
  %0:i32 = get r3
  check_align 4 %0
  %1:i32 = load %0
  insn 0x8004 4
  %2:i32 = add %0, {0}
  check_align {1} %2
  %3:i32 = load %2
  set r2 %3
  halt undefined 0x8004
}}
"""


@pytest.mark.parametrize(("plus", "size", "tests"), [(8, 4, 1), (6, 4, 2), (8, 8, 2)])
def test_what_was_found_to_be_aligned_is_not_tested_again(
    machine: UnitMachine, plus: int, size: int, tests: int
) -> None:
    (installed,) = machine.accepted(*parse_blocks(ALIGNED.format(hex(plus), size)))
    text = machine.compiler.explain(installed)["llvm"]
    assert len(re.findall(r"and i32 \S+, [37]\n", text)) == tests

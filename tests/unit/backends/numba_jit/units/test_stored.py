"""Loads of what the same block has stored, compiled."""

import os
from collections.abc import Iterator
from random import Random

import pytest
from support import rig
from support.units import UnitMachine

from dbt.interfaces import PAGE, READ, WRITE
from dbt.ir.block import Block, BlockKey, Halt, Value
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_block
from dbt.ir.parser import parse_block
from dbt.ir.types import F32, F64, I8, I16, I32, I64, V64, V128, Type

TYPES = (I8, I16, I32, I32, F32, I64, F64, V64, V128)
SLOTS = {F64: "d0", F32: "s2", V64: "h1", V128: "v2", I64: "w0"}
LANES_OF_WORDS = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r0
  %1:i32 = get r1
  %2:i32 = get r2
  store %0, %1
  insn 0x8004 4
  %3:i32 = add %0, 0x4
  store %3, %2
  insn 0x8008 4
  %4:f64 = load %0
  set d0 %4
  halt undefined 0x8008
}
"""


@pytest.fixture
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    made.memory.map(rig.DATA, rig.DATA_SIZE, READ | WRITE)
    made.compiler.checked = False
    yield made
    made.close()


def _read(emit: Builder, random: Random, type_: Type) -> Value:
    """A number in a type, of the slots."""
    if type_ in SLOTS:
        return emit.get(SLOTS[type_], type_)
    word = emit.get(random.choice(rig.WORDS[2:]))
    return word if type_ is I32 else emit.trunc(word, type_)


def _block(random: Random) -> Block:
    """Stores and loads around two addresses, some of which overlap."""
    emit = Builder([])
    for index in range(12):
        emit.insn(rig.START + 4 * index, 4)
        at = emit.add(emit.get(random.choice(("r0", "r0", "r0", "r1"))), 4 * random.randrange(4))
        type_ = random.choice(TYPES)
        if random.random() < 0.5:
            emit.store(at, _read(emit, random, type_))
            continue
        found: Value = emit.load(at, type_)
        if type_ in SLOTS:
            emit.set(SLOTS[type_], found)
        else:
            emit.set("r5", found if type_ is I32 else emit.zext(found, I32))
    return Block(BlockKey(rig.START), emit.insts, Halt("end", rig.START), 48)


@pytest.mark.parametrize("level", ["optimised", "region"])
def test_as_the_evaluator_finds_it(machine: UnitMachine, level: str) -> None:
    random = Random(7)
    for _ in range(60):
        block = _block(random)
        code = machine.compile(block, level=level)[BlockKey(rig.START)]
        for distance in (0, 2, 4, 64):
            state = {name: random.getrandbits(32) for name in rig.WORDS}
            state |= {name: random.getrandbits(128) for name in rig.VECTORS}
            state |= {"r0": rig.DATA, "r1": rig.DATA + distance, "w0": random.getrandbits(64)}
            filled = random.randbytes(128)
            results = []
            for by_unit in (False, True):
                machine.state.restore(state)
                machine.memory.write(rig.DATA, filled)
                if by_unit:
                    machine.enter(code)
                else:
                    evaluate_block(
                        block, machine.state, machine.memory, machine.counters, machine.stacks
                    )
                results.append((machine.state.snapshot(), machine.memory.read(rig.DATA, 128)))
            assert results[0] == results[1], str(block)


def test_a_number_of_two_words_is_not_loaded(machine: UnitMachine) -> None:
    (installed,) = machine.accepted(parse_block(LANES_OF_WORDS))
    text = machine.compiler.explain(installed)["llvm"]
    assert text.count("callbr void") == 2
    assert "movsd" not in text


@pytest.mark.parametrize("level", ["optimised", "region"])
def test_memory_that_is_mapped_twice_is_one_place(machine: UnitMachine, level: str) -> None:
    emit = Builder([])
    emit.insn(rig.START, 4)
    at = emit.get("r0")
    emit.store(at, emit.get("r1"))
    emit.store(emit.add(at, PAGE), emit.get("r2"))
    emit.set("r5", emit.load(at, I32))
    block = Block(BlockKey(rig.START), emit.insts, Halt("end", rig.START), 4)
    with open(os.memfd_create("twice"), "r+b") as file:
        file.truncate(PAGE)
        for page in range(2):
            where = rig.DATA + page * PAGE
            machine.memory.map_shared(where, PAGE, READ | WRITE, file.fileno(), 0)
        machine.state.restore({"r0": rig.DATA, "r1": 1, "r2": 2})
        machine.enter(machine.compile(block, level=level)[BlockKey(rig.START)])
    assert machine.state["r5"] == 2

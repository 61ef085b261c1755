"""Ops on vectors, compiled and compared with what ``dbt/ir/vectors.py`` computes."""

from collections.abc import Iterator
from random import Random

import pytest
from support import rig
from support.strategies import PARTS, VECTOR_OPS, vector_typings
from support.units import UnitMachine

from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Const, Halt, Value
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_block
from dbt.ir.floating import DEFAULT_NAN, FLUSH, INEXACT, ROUNDING_SHIFT, TO_ZERO
from dbt.ir.ops import Op
from dbt.ir.types import I32, I64, V64, V128, Type
from dbt.ir.verifier import verify

STANDARD = FLUSH | DEFAULT_NAN
STATUSES = (
    STANDARD | INEXACT, STANDARD, INEXACT, 0, STANDARD | INEXACT | TO_ZERO << ROUNDING_SHIFT,
    INEXACT | 1 << ROUNDING_SHIFT,
)  # fmt: skip
ROUNDS = 40


@pytest.fixture(scope="module")
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    yield made
    made.close()


def _operand(emit: Builder, type_: Type, number: int) -> Value:
    if type_ is V128:
        return emit.get(f"v{number}", V128)
    if type_ is V64:
        return emit.get(f"h{number}", V64)
    if type_ is I64:
        return emit.get("w0", I64)
    return emit.get("r0") if type_ is I32 else emit.trunc(emit.get("r0"), type_)


def _immediates(random: Random, op: Op, lane: Type, whole: Type) -> tuple[int | str, ...]:
    count = whole.bits // lane.bits
    drawn: dict[str, int | str] = {
        "lane": lane.name,
        "index": random.randrange(PARTS.get(op, count)),
        "indices": " ".join(str(random.randrange(2 * count)) for _ in range(count)),
        "fraction": random.choice((0, 0, 1, 16, 32)),
    }
    return tuple(drawn[name] for name in op.imm)


def _block(random: Random, op: Op, lane: Type, whole: Type, result: Type) -> Block:
    """An op on slots, the last of them sometimes a constant, into the slot v0, w0 or r0."""
    emit = Builder([])
    emit.insn(rig.START, 4)
    letters = {"V": whole, "T": lane, "v64": V64, "v128": V128}
    args: list[Value] = [
        emit.get("r1") if letter == "i32" else _operand(emit, letters[letter], number)
        for number, letter in enumerate(op.args)
    ]
    last = args[-1].type
    if random.random() < 0.4 and not op.has_status and last is not None:
        args[-1] = Const(_number(random, lane, last.bits), last)
    found: Value = emit.emit(op, tuple(args), result, _immediates(random, op, lane, whole))
    if op.has_status:
        emit.set("r1", emit.fstatus(found))
    if result in (V64, V128):
        emit.set("v0" if result is V128 else "h0", found)
    elif result is I64:
        emit.set("w0", found)
    else:
        emit.set("r0", found if result is I32 else emit.zext(found, I32))
    return Block(BlockKey(rig.START), emit.insts, Halt("end", rig.START), 4)


def _lane(random: Random, lane: Type) -> int:
    if lane is I32 and random.random() < 0.5:  # as f32
        exponent = random.choice((0, 1, 2, 127, 126, 128, 150, 157, 158, 159, 254, 255))
        fraction = random.choice((0, 1, 0x400000, 0x7FFFFF, random.getrandbits(23)))
        return random.getrandbits(1) << 31 | exponent << 23 | fraction
    half = 1 << (lane.bits - 1)
    edges = (0, 1, 2, lane.bits - 1, lane.bits, half - 1, half, half + 1, -1, -2)
    return random.choice((*edges, random.getrandbits(lane.bits))) & lane.mask


def _number(random: Random, lane: Type, bits: int) -> int:
    return sum(_lane(random, lane) << at for at in range(0, bits, lane.bits))


def _ordinary(random: Random) -> int:
    """Lanes of f32 that need no function, or of which what rounding cuts off is computed: with few
    bits, whose products are exact, or with all; small ones, and zeros."""
    least, most = random.choice(((120, 134), (60, 100), (20, 40)))
    low = random.choice((0, 12, 20))
    lanes = []
    for _ in range(4):
        fraction = random.getrandbits(23) >> low << low
        number = random.randrange(least, most) << 23 | fraction
        lanes.append(random.getrandbits(1) << 31 | (number if random.random() < 0.9 else 0))
    return sum(lane << 32 * index for index, lane in enumerate(lanes))


def _state(random: Random, op: Op, lane: Type, turn: int) -> dict[str, int]:
    lane = I32 if op.has_status else lane
    draw = _ordinary if op.has_status and random.random() < 0.5 else None
    vectors = {f"v{n}": draw(random) if draw else _number(random, lane, 128) for n in range(3)}
    if op is ops.VTABLE:
        vectors["v1"] &= 0x1F1F1F1F1F1F1F1F1F1F1F1F1F1F1F1F | random.getrandbits(128)
    others = {"r0": _number(random, lane, 32), "w0": _number(random, lane, 64)}
    return vectors | others | {"r1": STATUSES[turn % len(STATUSES)]}


@pytest.mark.parametrize("level", ["quick", "optimised"])
@pytest.mark.parametrize("op", VECTOR_OPS, ids=str)
def test_every_op_of_every_lane(machine: UnitMachine, op: Op, level: str) -> None:
    random = Random(str(op))
    made = [
        (_block(random, op, lane, whole, result), lane)
        for lane, whole, result in vector_typings(op)
        for _ in range(3)
    ]
    for block, _ in made:
        verify(block, rig.LAYOUT)
    accepted = machine.accepted(*(block for block, _ in made))
    pointers = machine.compiler.compile(accepted, level)
    for (block, lane), pointer in zip(made, pointers, strict=True):
        for turn in range(ROUNDS):
            state = _state(random, op, lane, turn)
            machine.state.restore(state)
            evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)
            expected = machine.state.snapshot()
            machine.state.restore(state)
            machine.enter(pointer)
            assert machine.state.snapshot() == expected, (str(block.insts), state)
    machine.compiler.drop(pointers)


PRODUCTS = (
    (0x20000001, 0x20000001),  # less is cut off than the least number
    (0x3F7FFFFF, 0x00800000),  # tiny, and rounded to the least normal number
    (0x3F800000, 0x00800000),
    (0x3F800001, 0x00800001),
    (0x00000001, 0x7F000000),
    (0x80000000, 0x7F7FFFFF),
    (0x7F7FFFFF, 0x3F800001),
)


@pytest.mark.parametrize("status", [STANDARD, STANDARD | INEXACT, 0, INEXACT])
@pytest.mark.parametrize("op", [ops.VFMUL, ops.VFMA], ids=str)
def test_products_at_the_ends_of_the_range(machine: UnitMachine, op: Op, status: int) -> None:
    emit = Builder([])
    emit.insn(rig.START, 4)
    args = [emit.get(f"v{n}", V128) for n in range(len(op.args) - 1)]
    found = emit.vector(op, *args, emit.get("r1"))
    emit.set("r1", emit.fstatus(found))
    emit.set("v0", found)
    block = Block(BlockKey(rig.START), emit.insts, Halt("end", rig.START), 4)
    (pointer,) = machine.compiler.compile(machine.accepted(block), "quick")
    for a, b in PRODUCTS:
        for lane in range(4):
            state = {"v0": a << 32 * lane, "v1": b << 32 * lane, "v2": 0, "r1": status}
            machine.state.restore(state)
            evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)
            expected = machine.state.snapshot()
            machine.state.restore(state)
            machine.enter(pointer)
            assert machine.state.snapshot() == expected, (hex(a), hex(b), lane)
    machine.compiler.drop([pointer])

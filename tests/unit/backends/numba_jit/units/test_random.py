"""Compiled units compared with the IR evaluator, on random blocks and on every pure op."""

from collections.abc import Iterator

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from support import rig
from support.strategies import PURE_OPS, blocks, edges, states, typings
from support.units import NoCodeWrites, UnitMachine, first_forbidden

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord, HaltRecord, ServedRecord, TrapRecord
from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Const, Halt, Hook, Inst, Swi
from dbt.ir.builder import Builder
from dbt.ir.evaluate import Fault, Left, Outcome, TrapFired, evaluate_block
from dbt.ir.ops import Op
from dbt.ir.types import I1, I32, I64, Type
from dbt.ir.verifier import verify

FUEL = 1000


@pytest.fixture(scope="module")
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    made.memory.map(rig.DATA, rig.DATA_SIZE, rig.READ | rig.WRITE)
    made.memory.map(rig.READ_ONLY, rig.PAGE, rig.READ)
    made.memory.map(rig.CODE_PAGE - rig.PAGE, 2 * rig.PAGE, rig.READ | rig.WRITE)
    made.memory.mark_code(rig.CODE_PAGE // rig.PAGE)
    yield made
    made.close()


@attrs.frozen
class Seen:
    """All that an execution of a block leaves behind."""

    state: dict[str, int]
    data: bytes
    counters: dict[str, int]
    depth: int
    how: object


def observe(machine: UnitMachine, how: object) -> Seen:
    return Seen(
        {k: v for k, v in machine.state.snapshot().items() if k != "pc"},
        machine.memory.peek(rig.DATA, rig.DATA_SIZE)
        + machine.memory.peek(rig.CODE_PAGE - rig.PAGE, 2 * rig.PAGE),
        {name: count for name, count in machine.counters.snapshot().items() if count},
        machine.stacks.depth("calls"),
        how,
    )


def prepare(machine: UnitMachine, state: dict[str, int]) -> None:
    machine.state.restore(state)
    for index in range(0, rig.DATA_SIZE, 4):
        machine.memory.poke(
            rig.DATA + index, (index * 0x9E3779B1 % (1 << 32)).to_bytes(4, "little")
        )
    for name in list(machine.counters.names):
        machine.counters.add(name, -machine.counters[name])
    while machine.stacks.depth("calls"):
        machine.stacks.pop("calls")


def evaluated(block: Block, outcome: Outcome) -> object:
    left = FUEL - outcome.completed
    match outcome:
        case Fault(pc=pc, address=address, access=access):
            return "fault", pc, address, access, left
        case TrapFired(reason=reason, pc=pc):
            return "trap", reason, pc, left
        case Left(exit=Swi() | Hook() | Halt()):
            return "record", left
        case Left(target=target, index=index) if isinstance(target, BlockKey):
            return "link", index + 1, left
        case Left(target=target):
            return type(block.exit).__name__ == "Return", target, left
    raise AssertionError(outcome)


def reported(machine: UnitMachine, kind: int, payload: int, left: int) -> object:
    if kind == abi.X_LINK:
        return "link", payload, left
    if kind in (abi.X_RETURN, abi.X_JUMP):
        return kind == abi.X_RETURN, payload, left
    assert kind == abi.X_RECORD
    match machine.record(payload):
        case FaultRecord(pc=pc, access=access, size=size):
            start = machine.word(abi.FAULT_ADDRESS).value
            return "fault", pc, first_forbidden(machine.memory, start, size, access), access, left
        case TrapRecord(reason=reason, pc=pc):
            return "trap", reason, pc, left
        case ServedRecord() | HaltRecord():
            return "record", left
    raise AssertionError


def check(machine: UnitMachine, block: Block, state: dict[str, int], level: str) -> None:
    verify(block, rig.LAYOUT)
    prepare(machine, state)
    outcome = evaluate_block(
        block, machine.state, NoCodeWrites(machine.memory), machine.counters, machine.stacks
    )
    expected = observe(machine, evaluated(block, outcome))
    prepare(machine, state)
    (pointer,) = machine.compile(block, level=level, link=False).values()
    got = observe(machine, reported(machine, *machine.enter(pointer, FUEL)))
    machine.compiler.drop([pointer])
    assert (got.how, got.state) == (expected.how, expected.state)
    assert (got.counters, got.depth) == (expected.counters, expected.depth)
    assert got.data == expected.data, "guest memory differs"


@pytest.mark.parametrize("level", ["quick", "optimised"])
@given(block=blocks(), state=states())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_blocks(
    machine: UnitMachine, level: str, block: Block, state: dict[str, int]
) -> None:
    check(machine, block, state, level)


def _operand(emit: Builder, slot: str, type_: Type) -> Inst:
    wide = emit.get(slot, I64)
    if type_.overlapping:
        return emit.bitcast(wide if type_.bits == 64 else emit.trunc(wide, I32), type_)
    return wide if type_ is I64 else emit.trunc(wide, type_)


def op_block(op: Op, operand: Type, result: Type, constants: dict[int, int]) -> Block:
    """``w0`` and ``w1`` and ``cf`` (or constants) through one op into ``w0``."""
    insts: list[Inst] = []
    emit = Builder(insts)
    emit.insn(rig.START, 4)
    sources = iter(("w0", "w1"))
    args = []
    for index, letter in enumerate(op.args):
        if index in constants:
            type_ = I1 if letter == "i1" else operand
            args.append(Const(constants[index] & type_.mask, type_))
        else:
            args.append(
                emit.get("cf", I1) if letter == "i1" else _operand(emit, next(sources), operand)
            )
    value = emit.emit(op, tuple(args), result)
    if result.overlapping:
        value, result = emit.bitcast(value, I64 if result.bits == 64 else I32), I64
        value = value if value.type is I64 else emit.zext(value, I64)
    emit.set("w0", value if result is I64 else emit.zext(value, I64))
    return Block(BlockKey(rig.START), insts, Halt("end", rig.START), 4)


@pytest.mark.parametrize("op", PURE_OPS, ids=str)
@pytest.mark.parametrize("level", ["quick", "optimised"])
def test_pure_ops_at_edges(machine: UnitMachine, op: Op, level: str) -> None:
    """Every width, every pair of edge values; the last operand also as a constant."""
    cases, made = [], []
    for operand, result in typings(op):
        constants: list[dict[int, int]] = [{}]
        if len(op.args) > 1:
            last = len(op.args) - 1
            type_ = I1 if op.args[last] == "i1" else operand
            constants += [{last: value} for value in edges(type_)]
        for fixed in constants:
            cases.append((operand, result))
            made.append(op_block(op, operand, result, fixed))
    pointers = machine.compiler.compile(machine.accepted(*made), level)
    for (operand, _), block, pointer in zip(cases, made, pointers, strict=True):
        values = edges(operand)
        for a in values[:: max(1, len(values) // 6)]:
            for b in values if len(op.args) > 1 else [0]:
                state = {"w0": a, "w1": b, "cf": b & 1}
                machine.state.restore(state)
                evaluate_block(
                    block, machine.state, machine.memory, machine.counters, machine.stacks
                )
                expected = machine.state.get("w0")
                machine.state.restore(state)
                machine.enter(pointer)
                assert machine.state.get("w0") == expected, (str(op), str(operand), state)
    machine.compiler.drop(pointers)


COMPLEMENTS = [(a, b) for a in (0, 1, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF) for b in edges(I32)]


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("op", [ops.CARRY, ops.OVERFLOW, ops.EQ, ops.NE], ids=str)
def test_flags_of_subtraction(machine: UnitMachine, op: Op, constant: bool) -> None:
    """carry/overflow(a, not b, 1), and N == V after a subtraction, are recognised: and right."""
    made = []
    for _, b in COMPLEMENTS:
        insts: list[Inst] = []
        emit = Builder(insts)
        emit.insn(rig.START, 4)
        x = emit.get("r0")
        y = Const(b, I32) if constant else emit.get("r1")
        not_y = Const(b ^ I32.mask, I32) if constant else emit.not_(y)
        if op in (ops.CARRY, ops.OVERFLOW):
            value = emit.emit(op, (x, not_y, Const(1, I1)), I1)
        else:
            negative = emit.slt(emit.sub(x, y), 0)
            value = emit.emit(op, (negative, emit.overflow(x, not_y, 1)), I1)
        emit.set("zf", value)
        made.append(Block(BlockKey(rig.START), insts, Halt("end", rig.START), 4))
    pointers = machine.compiler.compile(machine.accepted(*made), "quick")
    for (a, b), block, pointer in zip(COMPLEMENTS, made, pointers, strict=True):
        machine.state.restore({"r0": a, "r1": b})
        evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)
        expected = machine.state.get("zf")
        machine.state.set("zf", 1 - expected)
        machine.enter(pointer)
        assert machine.state.get("zf") == expected, (a, b)
    machine.compiler.drop(pointers)

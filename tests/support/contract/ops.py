"""Every op on edge values, and random blocks and programs against the reference backend."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import strategies
from support.contract import EXAMPLES, Contract
from support.rig import (
    DATA,
    START,
    Rig,
    rigged,
)

from backends.reference import ReferenceBackend
from dbt.interfaces import (
    HaltHit,
)
from dbt.ir.block import Block, BlockKey, Const, Halt
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_pure
from dbt.ir.ops import OPS, Op
from dbt.ir.types import F32, F64, I1, I8, I16, I32, I64, V64, Type

BINARY = [op for op in OPS.values() if op.pure and op.args == ("T", "T")]
SLOT = {I1: "nf", I8: "r0", I16: "r0", I32: "r0", I64: "w0", F32: "s0", F64: "d0", V64: "h0"}
SECOND = {I1: "zf", I8: "r1", I16: "r1", I32: "r1", I64: "w1", F32: "s1", F64: "d1", V64: "h1"}
CASES = [
    (op, operand, result)
    for op in strategies.PURE_OPS
    for operand, result in strategies.typings(op)
]


def _combinations(op: Op, operand: Type) -> Iterator[tuple[int, ...]]:
    letters = {letter: strategies.edges(operand) for letter in "TFA"} | {"i1": [0, 1]}
    rows: list[tuple[int, ...]] = [()]
    for letter in op.args:
        rows = [(*row, value) for row in rows for value in letters[letter]]
    return iter(rows)


def _operand(emit: Builder, type_: Type, slot: str) -> object:
    """A value of a narrow type out of a slot."""
    if type_ in (I8, I16):
        return emit.trunc(emit.get(slot, I32), type_)
    return emit.get(slot, type_)


class OpsContract(Contract):
    """What ops compute."""

    @pytest.mark.shares(4)
    @pytest.mark.parametrize(("op", "operand", "result"), CASES, ids=str)
    def test_pure_op_of_variables(self, rig: Rig, op: Op, operand: Type, result: Type) -> None:
        block = Block(BlockKey(START), [], Halt("done", 0))
        emit = Builder(block.insts)
        slots = iter((SLOT[operand], SECOND[operand]))
        kinds = [(I1, "cf") if letter == "i1" else (operand, next(slots)) for letter in op.args]
        args = tuple(_operand(emit, type_, slot) for type_, slot in kinds)
        emit.store(Const(DATA, I32), emit.emit(op, args, result))  # type: ignore[arg-type]
        rig.install(block)
        types = [type_ for type_, _ in kinds]
        for values in _combinations(op, operand):
            for (_, slot), value in zip(kinds, values, strict=True):
                rig.state.set(slot, value)
            assert rig.executor.run(block.key) == HaltHit("done", 0)
            found = rig.memory.load(DATA, result.bytes)
            assert found == evaluate_pure(op, result, values, types), (str(op), values)

    @pytest.mark.shares(4)
    @pytest.mark.parametrize("type_", [I1, I8, I16, I32, I64], ids=str)
    @pytest.mark.parametrize("op", BINARY, ids=str)
    def test_binary_op_with_a_constant(self, rig: Rig, op: Op, type_: Type) -> None:
        result = I1 if op.result == "i1" else type_
        constants = [Const(value, type_) for value in strategies.edges(type_)]
        block = Block(BlockKey(START), [], Halt("done", 0))
        emit = Builder(block.insts)
        x = _operand(emit, type_, SLOT[type_])
        pairs = [(x, c) for c in constants] + [(c, x) for c in constants]
        for index, pair in enumerate(pairs):
            emit.store(Const(DATA + 8 * index, I32), emit.emit(op, pair, result))  # type: ignore[arg-type]
        rig.install(block)
        for value in strategies.edges(type_):
            rig.state.set(SLOT[type_], value)
            rig.executor.run(block.key)
            for index, pair in enumerate(pairs):
                a, b = (p.value if isinstance(p, Const) else value for p in pair)
                found = rig.memory.load(DATA + 8 * index, result.bytes)
                assert found == evaluate_pure(op, result, [a, b], [type_, type_]), (str(op), a, b)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_block_does_what_the_evaluator_says(self, data: st.DataObject) -> None:
        block = data.draw(strategies.blocks())
        state = data.draw(strategies.states())
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with rigged(backend, options, self.dialect) as machine:
                machine.state.restore(state)
                machine.memory.poke(DATA, bytes(range(256)) * 32)
                machine.stacks.push("calls", 0x1234)
                machine.install(block)
                event = machine.executor.run(block.key)
                outcomes.append((event, machine.reasons(), machine.snapshot()))
        assert outcomes[1] == outcomes[0]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_program_has_the_same_counts(self, data: st.DataObject) -> None:
        program = data.draw(strategies.programs())
        state = data.draw(strategies.states())
        rules = [data.draw(strategies.rules([key.pc for key in program])) for _ in range(3)]
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with rigged(backend, options, self.dialect) as machine:
                machine.state.restore(state)
                key = BlockKey(START)
                events = []
                for rule in rules:
                    machine.executor.apply(rule)
                    machine.executor.fuel = 40
                    events.append(machine.run_all(program, key))
                    key = getattr(events[-1], "key", key)
                outcomes.append((events, machine.reasons(), machine.snapshot()))
        assert outcomes[1] == outcomes[0]

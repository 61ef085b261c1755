"""Ops of ciphers, digests and checksums, on hosts that have instructions for them and on hosts that
have none."""

from collections.abc import Iterator
from random import Random

import pytest
from support import rig
from support.units import UnitMachine

from backends.native.stamps import has_feature
from backends.numba_jit.units import cipher_ops
from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Halt, Value
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_block
from dbt.ir.ops import Op
from dbt.ir.types import I32, TYPES, V64, V128, Type

COUNTS = {ops.VSHA1: 3, ops.VSHA256: 2}
CASES = [(op, index) for op in cipher_ops.CIPHERS for index in range(COUNTS.get(op, 1))]
HOSTS = {
    "own": has_feature,
    "none": lambda name: False,
    "products": lambda name: name == "pclmulqdq" and has_feature(name),
}


@pytest.fixture(scope="module")
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    yield made
    made.close()


def _block(op: Op, index: int) -> Block:
    emit, slots = Builder([]), {V128: "v", V64: "h", I32: "r"}
    emit.insn(rig.START, 4)
    kinds = [I32 if letter == "T" else TYPES[letter] for letter in op.args]
    args: list[Value] = [emit.get(f"{slots[kind]}{n}", kind) for n, kind in enumerate(kinds)]
    result: Type = I32 if op.result == "T" else V128
    found = emit.emit(op, tuple(args), result, (index,) if op.imm else ())
    emit.set("v0" if result is V128 else "r0", found)
    return Block(BlockKey(rig.START), emit.insts, Halt("end", rig.START), 4)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("op", "index"), CASES, ids=str)
def test_computed_as_defined(
    machine: UnitMachine, op: Op, index: int, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher_ops, "has_feature", HOSTS[host])
    block = _block(op, index)
    pointers = machine.compiler.compile(machine.accepted(block), "quick")
    random = Random(index)
    for _ in range(20):
        state = {f"v{n}": random.getrandbits(128) for n in range(3)}
        state |= {"r0": random.getrandbits(32), "r1": random.getrandbits(32)}
        machine.state.restore(state)
        evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)
        expected = machine.state.snapshot()
        machine.state.restore(state)
        machine.enter(pointers[0])
        assert machine.state.snapshot() == expected
    machine.compiler.drop(pointers)

"""Registers of Advanced SIMD as lifting methods read and write them."""

import pytest

from dbt.ir.block import Block, BlockKey, Halt
from dbt.ir.evaluate import evaluate_block
from dbt.ir.types import V64, V128
from dbt.ir.verifier import verify
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm.lift.neon_registers import NeonRegisters, vector_type
from frontends.arm.lifter import Refused
from frontends.arm.registers import LAYOUT

LOW, HIGH = 0x0706050403020100, 0x0F0E0D0C0B0A0908


def _run(lifter: NeonRegisters) -> GuestState:
    block = lifter.block
    block.exit = Halt("done", 0)
    verify(block, LAYOUT)
    state = GuestState(LAYOUT)
    state.set("d18", LOW)
    state.set("d19", HIGH)
    evaluate_block(block, state, GuestMemory(), Counters(state), Stacks())
    return state


def _lifter() -> NeonRegisters:
    return NeonRegisters(Block(BlockKey(0x8000), [], Halt("done", 0)))


def test_a_quadword_is_two_doublewords_and_four_words() -> None:
    lifter = _lifter()
    value = lifter.read_q(2, 1)
    assert value.type is V128
    lifter.write_q(0, 0, value)
    lifter.write_q(0, 0, value, plus=1)
    state = _run(lifter)
    assert state.get("q9") == state.get("q0") == HIGH << 64 | LOW
    assert [state.get(f"d{n}") for n in range(4)] == [LOW, HIGH] * 2
    assert state.get("s1") == 0x07060504
    assert state.get("s6") == 0x0B0A0908


def test_a_doubleword_is_a_vector() -> None:
    lifter = _lifter()
    value = lifter.read_d(2, 1, plus=1)
    assert value.type is V64
    lifter.write_d(15, 1, value)
    assert _run(lifter).get("q15") == HIGH << 64


@pytest.mark.parametrize("Q", [0, 1])
def test_one_bit_chooses_the_size(Q: int) -> None:
    lifter = _lifter()
    value = lifter.read_simd(2, 1, Q)
    assert value.type is vector_type(Q)
    lifter.write_simd(4, 0, Q, value)
    assert _run(lifter).get("q2") == (HIGH << 64 | LOW if Q else LOW)


def test_an_odd_number_is_no_quadword() -> None:
    with pytest.raises(Refused):
        _lifter().read_q(3, 0)
    with pytest.raises(Refused):
        _lifter().read_simd(3, 0, 1)

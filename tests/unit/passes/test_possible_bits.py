"""No value has a bit that is said to be 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.evaluate import evaluate_pure
from dbt.ir.types import I1, I8, I32
from dbt.passes.possible_bits import possible_bits

BYTES = Inst(ops.LOAD, (Const(0, I32),), I8)
WORDS = Inst(ops.LOAD, (Const(4, I32),), I32)


@st.composite
def words(draw: st.DrawFn, depth: int = 4) -> Value:
    """A word made of a byte, a word and constants."""
    if not depth or draw(st.integers(0, 4)) == 0:
        leaf = st.sampled_from([Inst(ops.ZEXT, (BYTES,), I32), WORDS])
        return draw(leaf | st.integers(0, I32.mask).map(lambda n: Const(n, I32)))
    operands = words(depth=depth - 1)
    op = draw(st.sampled_from([ops.AND, ops.OR, ops.XOR, ops.SHL, ops.SHR, ops.SELECT, ops.ADD]))
    if op is ops.SELECT:
        condition = Inst(ops.EQ, (draw(operands), draw(operands)), I1)
        return Inst(op, (condition, draw(operands), draw(operands)), I32)
    amount = st.integers(0, 40).map(lambda n: Const(n, I32))
    second = draw(amount | operands) if op in (ops.SHL, ops.SHR) else draw(operands)
    return Inst(op, (draw(operands), second), I32)


def computed(value: Value, byte: int, word: int) -> int:
    """What a value is, with what the loads give."""
    if isinstance(value, Const):
        return value.value
    if value.op is ops.LOAD:
        return byte if value is BYTES else word
    assert value.type is not None
    types = [arg.type for arg in value.args if arg.type is not None]
    return evaluate_pure(
        value.op, value.type, [computed(arg, byte, word) for arg in value.args], types
    )


@given(value=words(), byte=st.integers(0, 255), word=st.integers(0, I32.mask))
def test_a_bit_that_cannot_be_1_is_0(value: Value, byte: int, word: int) -> None:
    assert not computed(value, byte, word) & ~possible_bits(value)


@pytest.mark.parametrize(
    ("op", "amount", "bits"),
    [(ops.SHL, 8, 0xFF00), (ops.SHR, 3, 0x1F), (ops.SHL, 28, 0xF0000000), (ops.SHR, 32, 0)],
)
def test_a_byte_that_is_shifted(op: ops.Op, amount: int, bits: int) -> None:
    byte = Inst(ops.ZEXT, (BYTES,), I32)
    assert possible_bits(Inst(op, (byte, Const(amount, I32)), I32)) == bits

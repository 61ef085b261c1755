"""Breaches of the law that no text can express; the others are in ``tests/filetests/verifier``."""

import pytest

from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Branch, Const, Halt, Inst, Jump
from dbt.ir.builder import Builder
from dbt.ir.ops import Effect, Op
from dbt.ir.types import I1, I8, I32
from dbt.ir.verifier import VerifyError, verify


def _block(*insts: Inst) -> Block:
    return Block(BlockKey(0x8000), list(insts), Halt("done", 0x8000))


def _problem(block: Block) -> str:
    with pytest.raises(VerifyError) as error:
        verify(block)
    return error.value.problem


def test_use_before_definition() -> None:
    later = Inst(ops.GET, (), I32, ("r0",))
    assert "before it is computed" in _problem(_block(Inst(ops.NOT, (later,), I32), later))


def test_value_of_another_block() -> None:
    stranger = Inst(ops.GET, (), I1, ("zf",))
    block = Block(BlockKey(0), [], Branch(stranger, BlockKey(0), BlockKey(4)))
    assert "before it is computed" in _problem(block)
    block.exit = Jump(Inst(ops.GET, (), I32, ("r0",)))
    assert "before it is computed" in _problem(block)


def test_predicate_before_definition() -> None:
    later = Inst(ops.GET, (), I1, ("zf",))
    count = Inst(ops.COUNT, (), None, ("c",), later)
    assert "before it is computed" in _problem(_block(count, later))


def test_one_instruction_twice() -> None:
    get = Inst(ops.GET, (), I32, ("r0",))
    assert "second time" in _problem(_block(get, get))


def test_use_of_what_computes_nothing() -> None:
    count = Inst(ops.COUNT, (), None, ("c",))
    assert _problem(_block(count, Inst(ops.NOT, (count,), I32))) == "count computes no value"


@pytest.mark.parametrize("value", [-1, 256])
def test_constant_outside_its_type(value: int) -> None:
    assert "does not fit i8" in _problem(_block(Inst(ops.NOT, (Const(value, I8),), I8)))


def test_constant_that_is_no_int() -> None:
    assert "True is no whole number" in _problem(_block(Inst(ops.NOT, (Const(True, I1),), I1)))


def test_op_that_is_not_in_the_table() -> None:
    forged = Op("add", ("T",), "T", Effect.PURE, "")
    assert "no op of the table" in _problem(_block(Inst(forged, (Const(1, I8),), I8)))


def test_number_of_immediates() -> None:
    assert "takes 1 immediates" in _problem(_block(Inst(ops.GET, (), I32)))


def test_a_slot_has_one_type_even_without_a_layout() -> None:
    block = _block()
    emit = Builder(block.insts)
    emit.get("x", I32)
    emit.get("x", I1)
    assert _problem(block) == "slot x is i32, not i1"


def test_the_message_shows_the_block_and_the_line() -> None:
    block = _block()
    emit = Builder(block.insts)
    value = emit.get("r0", I32)
    emit.set("r1", value)
    block.insts.append(Inst(ops.NOT, (value,), I8))
    with pytest.raises(VerifyError) as error:
        verify(block)
    lines = str(error.value).splitlines()
    assert error.value.line == 3
    assert lines[4] == "  %1:i8 = not %0"
    assert lines[5].startswith("  ^ ")

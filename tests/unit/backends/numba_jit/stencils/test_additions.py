"""What passes add to whole blocks, taken apart by instructions."""

from collections.abc import Callable

import pytest

from backends.numba_jit.stencils.additions import (
    Added,
    apply_addition,
    is_general,
    read_additions,
)
from dbt.interfaces import Rewritten
from dbt.ir import ops
from dbt.ir.block import Block, Goto, Inst
from dbt.ir.builder import Builder
from dbt.ir.parser import parse_block
from dbt.ir.symbolic import Trace

TWO = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r0
  %1:i32 = add %0, 0x1
  set r0 %1
  insn 0x8004 4
  %2:i32 = get r1
  store %2, 0x5:i32
  goto 0x8008
}
"""
FIRST, SECOND = 0, 4
"""Where the marks are."""


def count(name: str) -> Inst:
    return Inst(ops.COUNT, (), None, (name,))


def rewritten(rewrite: Callable[[Block], None], text: str = TWO) -> Rewritten:
    made = Rewritten.before_passes(parse_block(text), lambda block: None)
    rewrite(made.block)
    return made


def added(rewrite: Callable[[Block], None]) -> list[Added] | None:
    return read_additions(rewritten(rewrite))


def at(place: int, *insts: Inst) -> Callable[[Block], None]:
    def insert(block: Block) -> None:
        block.insts[place:place] = insts

    return insert


def test_nothing_is_added() -> None:
    assert added(lambda block: None) == []


def test_what_differs_in_names_and_numbers_is_alike() -> None:
    def push(name: str, value: int) -> Callable[[Block], None]:
        insts: list[Inst] = []
        emit = Builder(insts)
        emit.push(name, emit.const(value))
        return at(SECOND + 1, *insts)

    (one,), (other,) = added(push("a", 7)) or (), added(push("b", 8)) or ()
    assert one.insn == other.insn == 1
    assert one.addition == other.addition
    assert is_general(one.addition)
    assert sorted(map(str, one.given.values())) == ["7", "a"]
    assert sorted(map(str, other.given.values())) == ["8", "b"]


def test_what_is_in_front_of_the_first_mark_is_added_to_the_first_instruction() -> None:
    (in_front,), (behind,) = added(at(FIRST, count("a"))) or (), added(at(1, count("a"))) or ()
    assert in_front == behind
    assert in_front.insn == 0


def test_what_uses_values_of_an_instruction_is_for_it_alone() -> None:
    def keep(block: Block) -> None:
        block.insts.insert(3, Inst(ops.PUSH, (block.insts[2],), None, ("kept",)))

    (one,) = added(keep) or ()
    assert not is_general(one.addition)


def test_what_is_counted_behind_a_store_is_counted_by_the_next_instruction() -> None:
    text = TWO.replace("goto 0x8008", "insn 0x8008 4\n  goto 0x800c")
    made = rewritten(at(7, count("behind")), text)
    (one,) = read_additions(made) or ()
    assert one.insn == 2


def removed(block: Block) -> None:
    del block.insts[3]


def turned_round(block: Block) -> None:
    block.insts[1], block.insts[4] = block.insts[4], block.insts[1]


def led_elsewhere(block: Block) -> None:
    assert isinstance(block.exit, Goto)
    block.exit = Goto(block.exit.target)


def with_other_operands(block: Block) -> None:
    inst = block.insts[2]
    inst.args = (inst.args[0], inst.args[0])


def with_a_value_of_another(block: Block) -> None:
    block.insts.insert(6, Inst(ops.PUSH, (block.insts[1],), None, ("kept",)))


@pytest.mark.parametrize(
    "rewrite",
    [removed, turned_round, led_elsewhere, with_other_operands, with_a_value_of_another],
)
def test_anything_else_is_not_taken_apart(rewrite: Callable[[Block], None]) -> None:
    assert added(rewrite) is None


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_an_addition_is_made_where_it_was_read(place: int) -> None:
    text = TWO[: TWO.index("  insn 0x8004")] + "  goto 0x8004\n}\n"
    insts: list[Inst] = []
    emit = Builder(insts)
    emit.when = emit.ult(emit.get("r2"), 9)
    emit.count("small")
    made = rewritten(at(place, *insts), text)
    (one,) = read_additions(made) or ()

    block, trace = parse_block(text), Trace()
    apply_addition(block, one.addition, lambda leaf: trace.number(leaf, 0, 0xFFFFFFFF))
    assert [inst.op for inst in block.insts] == [inst.op for inst in made.block.insts]
    assert [inst.type for inst in block.insts] == [inst.type for inst in made.block.insts]

"""Printer and parser: what is printed is read back the same, what is no IR is refused by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rig import LAYOUT
from support.strategies import blocks, programs

from dbt.ir.block import Block, BlockKey, Halt
from dbt.ir.builder import Builder
from dbt.ir.parser import ParseError, parse_block, parse_blocks
from dbt.ir.printer import IR_VERSION, print_block
from dbt.ir.verifier import verify


@given(blocks())
def test_round_trip(block: Block) -> None:
    text = print_block(block)
    again = parse_block(text)
    verify(again, LAYOUT)
    assert print_block(again) == text
    assert (again.key, again.size, again.insn_count) == (block.key, block.size, block.insn_count)


@given(programs())
def test_round_trip_of_several(program: dict[BlockKey, Block]) -> None:
    text = f"ir {IR_VERSION}\n" + "\n".join(map(print_block, program.values()))
    assert [print_block(b) for b in parse_blocks(text)] == [
        print_block(b) for b in program.values()
    ]


@given(st.text(min_size=1))
def test_any_name_survives(name: str) -> None:
    block = Block(BlockKey(0), [], Halt(name, 0))
    Builder(block.insts).count(name)
    again = parse_block(print_block(block))
    assert again.insts[0].imm == (name,)
    assert again.exit.reason == name  # type: ignore[union-attr]


WRONG = [
    ("frob 0x1", "line 2: unknown op 'frob'"),
    ("%0:i33 = get r0", "line 2: unknown type 'i33'"),
    ("%0:i32 = not %1", "line 2: %1 is not defined"),
    ("%0:i32 = not 0x1ff:i8", "line 2: 0x1ff does not fit i8"),
    ("%0 = get r0", "line 2: ':' expected"),
    ("set r0 0x1 0x2", "line 2: unexpected '0x2'"),
    ("set r0 12xy", "line 2: bad number"),
    ("set r0 $", "line 2: unexpected '$'"),
    ("branch 0x1:i1, 0x8004", "line 2: ',' expected"),
    ("goto r0", "line 2: number expected"),
    ("goto 0x8004\ninsn 0x0 4", "line 3: '}' expected"),
]


@pytest.mark.parametrize(("line", "message"), WRONG)
def test_errors_name_the_line(line: str, message: str) -> None:
    with pytest.raises(ParseError) as error:
        parse_block(f"block 0x8000 {{\n{line}\n goto 0x8004\n}}")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one block expected, found 0"),
        ("ir 99", "this reads version 1"),
        ("block 0x0 {", "the block has no exit"),
        ("block 0x0 {\ngoto 0x0", "the block is not closed"),
        ("block 0x0 {\n%0:i1 = get zf\n%0:i1 = get zf\ngoto 0x0\n}", "%0 is defined twice"),
    ],
)
def test_other_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as error:
        parse_block(text)
    assert message in str(error.value)

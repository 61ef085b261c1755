"""What is made for the rest of a page when a block of it is copied."""

from collections.abc import Iterator

import pytest
from support.stencils import Copies, Disk

from dbt.interfaces import EXEC, PAGE, READ
from dbt.ir.block import BlockKey
from frontends.arm.keys import THUMB

CODE, OTHER = 0x8000, 0x9000
ARM_RETURN = 0xE12FFF1E  # bx lr
THUMB_RETURN = 0x4770
UNDEFINED = 0xFFFFFFFF
UP_TO_DATA = 3
"""Shapes of an addition, of a return behind it, and of what is undefined."""
ADD, SUBTRACT = 0xE2800001, 0xE0402001  # add r0, r0, #1; sub r2, r0, r1


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Copies]:
    """Without a library on disk."""
    Disk(monkeypatch.setattr)
    made = Copies(insns=9)
    made.memory.map(CODE, 2 * PAGE, READ | EXEC)
    yield made
    made.close()


def put(copies: Copies, at: int, size: int, *code: int) -> None:
    copies.memory.poke(at, b"".join(word.to_bytes(size, "little") for word in code))


def test_an_operand_of_a_short_thumb_instruction_makes_no_shape(copies: Copies) -> None:
    loads = [0x6800 | imm5 << 6 | 1 << 3 for imm5 in range(1, 32)]  # ldr r0, [r1, #4 * imm5]
    put(copies, CODE, 2, loads[0], THUMB_RETURN)
    assert copies.draft(BlockKey(CODE, THUMB)) is not None
    shapes = copies.copier.library.shape_count
    put(copies, OTHER, 2, *loads[:8], THUMB_RETURN)
    assert copies.draft(BlockKey(OTHER, THUMB)) is not None
    assert copies.copier.library.shape_count == shapes


def shapes_of_a_page_with_data(copies: Copies) -> int:
    """Shapes that are made for a function in ARM state, with code behind what is undefined."""
    put(copies, OTHER, 4, ADD, ARM_RETURN, UNDEFINED, SUBTRACT, ARM_RETURN)
    before = copies.copier.library.shape_count
    assert copies.draft(BlockKey(OTHER)) is not None
    return copies.copier.library.shape_count - before


def test_code_behind_data_is_made_where_all_code_is_of_one_state(copies: Copies) -> None:
    put(copies, CODE, 4, ARM_RETURN)
    assert copies.draft(BlockKey(CODE)) is not None
    assert shapes_of_a_page_with_data(copies) > UP_TO_DATA


def test_nothing_behind_data_is_made_where_code_is_of_both_states(copies: Copies) -> None:
    put(copies, CODE, 4, ARM_RETURN)
    assert copies.draft(BlockKey(CODE)) is not None
    put(copies, CODE + 8, 2, THUMB_RETURN)
    assert copies.draft(BlockKey(CODE + 8, THUMB)) is not None
    assert shapes_of_a_page_with_data(copies) == UP_TO_DATA

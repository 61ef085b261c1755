"""What is known of a block that is left before its end."""

import pytest

from dbt.ir.block import (
    CONDITION_PASSED,
    FRONTEND_MODE_SHIFT,
    HOOK_CONDITION_PASSED,
    HOOKED,
    Block,
    BlockKey,
    Halt,
    retry_mode,
)

PC, THUMB = 0x8000, 1 << FRONTEND_MODE_SHIFT


@pytest.mark.parametrize(
    ("mode", "pc", "expected"),
    [
        (0, PC, 0),
        (THUMB | HOOK_CONDITION_PASSED, PC + 4, THUMB | HOOK_CONDITION_PASSED),
        (CONDITION_PASSED | HOOKED, PC, HOOKED),
        (CONDITION_PASSED | HOOKED, PC + 4, 0),
    ],
)
def test_the_mode_to_try_again_in(mode: int, pc: int, expected: int) -> None:
    assert retry_mode(BlockKey(PC, mode), pc) == expected


@pytest.mark.parametrize(
    ("mode", "completed"),
    [(0, [0, 0, 1, 2]), (HOOKED, [0, 0, 1, 2]), (CONDITION_PASSED, [0, -1, 0, 1])],
)
def test_what_has_completed(mode: int, completed: list[int]) -> None:
    """By the number of marks so far: the present instruction does not count."""
    block = Block(BlockKey(PC, mode), [], Halt("end", PC))
    assert [block.completed(marks) for marks in range(4)] == completed

"""What ground truth reads from A32 words."""

import pytest

from frontends.arm.instruction_reader import A32Reader

READER = A32Reader()
BL, BLX, BLX_IMM, B, BX = 0xEB000001, 0xE12FFF33, 0xFA000001, 0xEA000001, 0xE12FFF1E
PUSH, POP, SUB_SP, LDR_POST = 0xE92D4010, 0xE8BD8010, 0xE24DD008, 0xE49DF004
SUB_SP_FP, MOV_SP, LDM_FP, LDM_SP_SP, LDR_SP = (
    0xE24BD004, 0xE1A0D004, 0xE91BA800, 0xE89DA800, 0xE59FD010,
)  # fmt: skip
STRD_SP, SUB_SP_REG, LDR_PLAIN = 0xE16D00F8, 0xE04DD180, 0xE59D0004


@pytest.mark.parametrize("word", [BL, BLX, BLX_IMM, 0x0B000000])
def test_calls(word: int) -> None:
    assert READER.is_call(word)


@pytest.mark.parametrize("word", [B, BX, 0xE1A0F00E, PUSH])
def test_no_calls(word: int) -> None:
    assert not READER.is_call(word)


@pytest.mark.parametrize(
    ("word", "moves", "loads"),
    [
        (PUSH, True, False),
        (POP, True, False),
        (SUB_SP, True, False),
        (SUB_SP_REG, True, False),
        (LDR_POST, True, False),
        (STRD_SP, True, False),
        (SUB_SP_FP, False, False),
        (MOV_SP, False, False),
        (LDM_FP, False, True),
        (LDM_SP_SP, True, True),
        (LDR_SP, False, True),
        (LDR_PLAIN, True, False),
        (B, False, False),
    ],
)
def test_what_an_instruction_does_to_sp(word: int, moves: bool, loads: bool) -> None:
    assert READER.moves_stack(word) is moves
    assert READER.loads_stack(word) is loads

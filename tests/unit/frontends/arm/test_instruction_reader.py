"""What ground truth reads from single instructions."""

import pytest

from frontends.arm import ArmFrontend
from frontends.arm.instruction_reader import A32Reader, T32Reader
from frontends.arm.keys import IT_SHIFT, THUMB

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


# -- Thumb instructions ----------------------------------------------------------------------------

THUMB_CALLS = {"bl": (0xF000, 0xF830), "bl back": (0xF7FF, 0xFFFE), "blx": (0xF000, 0xE830),
               "blx r3": (0x4798,), "blx lr": (0x47F0,)}  # fmt: skip
THUMB_ELSE = {"bx r3": (0x4718,), "bx lr": (0x4770,), "b": (0xE008,), "b.w": (0xF000, 0xB830),
              "beq.w": (0xF000, 0x8030), "dmb": (0xF3BF, 0x8F5B), "mov pc, r3": (0x469F,),
              "tbb": (0xE8DF, 0xF000)}  # fmt: skip
SHORT_STEPS = {
    "push {r4, lr}": (0xB510,), "pop {r4, pc}": (0xBD10,), "sub sp, #8": (0xB082,),
    "add sp, #8": (0xB002,), "add sp, r4": (0x44A5,), "mov sp, sp": (0x46ED,),
}  # fmt: skip
STEPS = {
    "push.w {r4-r8, lr}": (0xE92D, 0x41F0), "pop.w {r4-r8, pc}": (0xE8BD, 0x81F0),
    "push.w {r8}": (0xF84D, 0x8D04), "pop.w {r8}": (0xF85D, 0x8B04),
    "ldr.w pc, [sp], #4": (0xF85D, 0xFB04), "sub.w sp, sp, #1024": (0xF5AD, 0x6D80),
    "add.w sp, sp, #1024": (0xF50D, 0x6D80), "subw sp, sp, #1025": (0xF2AD, 0x4D01),
    "addw sp, sp, #1025": (0xF20D, 0x4D01), "sub.w sp, sp, r4": (0xEBAD, 0x0D04),
    "sub.w sp, sp, r4, lsl #2": (0xEBAD, 0x0D84), "str.w r0, [sp, #-16]!": (0xF84D, 0x0D10),
    "strd r0, r1, [sp, #-16]!": (0xE96D, 0x0104), "ldrd r0, r1, [sp], #16": (0xE8FD, 0x0104),
    "strb.w r0, [sp, #-1]!": (0xF80D, 0x0D01), "mov.w sp, sp": (0xEA4F, 0x0D0D),
}  # fmt: skip
COPIES = {"mov sp, r4": (0x46A5,), "mov sp, lr": (0x46F5,), "mov.w sp, r4": (0xEA4F, 0x0D04)}
LOADS = {
    "ldr.w sp, [r4]": (0xF8D4, 0xD000), "ldr.w sp, [r4], #4": (0xF854, 0xDB04),
    "ldr.w sp, [pc, #8]": (0xF8DF, 0xD008), "ldr.w sp, [r4, r5]": (0xF854, 0xD005),
}  # fmt: skip
NEITHER = {
    "mov r4, sp": (0x466C,), "ldr r0, [sp, #4]": (0x9801,), "ldr.w r0, [sp, #-4]": (0xF85D, 0x0C04),
    "ldrd r0, r1, [sp]": (0xE9DD, 0x0100), "ldr.w r0, [sp, r1]": (0xF85D, 0x0001),
    "add r0, sp, #4": (0xA801,), "ldm r4!, {r0, r1}": (0xCC03,), "adds r0, #1": (0x3001,),
    "movs r0, r1": (0x0008,), "cmp sp, r4": (0x45A5,), "str.w sp, [r4]": (0xF8C4, 0xD000),
}  # fmt: skip


def rows(*tables: dict[str, tuple[int, ...]]) -> pytest.MarkDecorator:
    """Parametrizes with the numbers of instructions, given by their halfwords."""
    known = [pair for table in tables for pair in table.items()]
    words = [halves[0] | sum(half << 16 for half in halves[1:]) for _, halves in known]
    return pytest.mark.parametrize("word", words, ids=[name for name, _ in known])


@rows(THUMB_CALLS)
def test_thumb_calls(word: int) -> None:
    assert T32Reader().is_call(word)


@rows(THUMB_ELSE, STEPS, SHORT_STEPS, COPIES, LOADS, NEITHER)
def test_thumb_instructions_that_do_not_call(word: int) -> None:
    assert not T32Reader().is_call(word)


@rows(SHORT_STEPS, STEPS)
def test_thumb_instructions_that_move_sp(word: int) -> None:
    reader = T32Reader()
    assert reader.moves_stack(word)
    assert not reader.loads_stack(word)
    assert not reader.always_sets_stack(word)


@rows(COPIES, LOADS)
def test_thumb_instructions_that_set_sp(word: int) -> None:
    assert not T32Reader().moves_stack(word)
    assert T32Reader().always_sets_stack(word)
    conditional, last_of_it, always = 0x0C, 0x08, 0xE8
    assert not T32Reader(conditional).always_sets_stack(word)
    assert not T32Reader(last_of_it).always_sets_stack(word)
    assert T32Reader(always).always_sets_stack(word)


@rows(LOADS)
def test_thumb_instructions_that_load_sp(word: int) -> None:
    assert T32Reader().loads_stack(word)


@rows(COPIES, THUMB_CALLS, THUMB_ELSE, NEITHER)
def test_thumb_instructions_that_do_not_load_sp(word: int) -> None:
    assert not T32Reader().loads_stack(word)


@rows(THUMB_CALLS, THUMB_ELSE)
def test_thumb_jumps_leave_sp(word: int) -> None:
    assert not T32Reader().moves_stack(word)
    assert not T32Reader().always_sets_stack(word)


@rows(NEITHER)
def test_thumb_instructions_that_only_read_sp(word: int) -> None:
    assert not T32Reader().moves_stack(word)
    assert not T32Reader().always_sets_stack(word)


def test_the_frontend_gives_the_reader_of_a_mode() -> None:
    frontend = ArmFrontend()
    assert isinstance(frontend.instruction_reader(0), A32Reader)
    mov_sp = COPIES["mov sp, r4"][0]
    assert frontend.instruction_reader(THUMB).always_sets_stack(mov_sp)
    amid = THUMB | 0x0C << IT_SHIFT
    assert not frontend.instruction_reader(amid).always_sets_stack(mov_sp)

"""Listings: the condition of an instruction of Thumb code is that of its IT block."""

from frontend_contract import Bytes

from dbt.ir.block import BlockKey
from frontends.arm import ArmFrontend
from frontends.arm.keys import IT_SHIFT, THUMB

PC = 0x8002
HALVES = {
    0x2C00: "cmp r4, #0", 0xBF0A: "itet eq", 0x3501: "addeq r5, #1", 0x3510: "addne r5, #0x10",
    0x6823: "ldreq r3, [r4]", 0x3503: "adds r5, #3",
}  # fmt: skip
CODE = b"".join(half.to_bytes(2, "little") for half in HALVES)


def listed(at: int, it: int) -> list[tuple[int, str]]:
    key = BlockKey(PC + at, THUMB | it << IT_SHIFT)
    return list(ArmFrontend().listing(Bytes(CODE, PC), key, len(CODE) - at))


def test_instructions_of_it_blocks_have_their_conditions() -> None:
    wanted = [(PC + 2 * n, text) for n, text in enumerate(HALVES.values())]
    assert listed(0, 0) == wanted
    assert listed(4, 0x0A) == wanted[2:], "a block that begins amid an IT block"
    assert listed(6, 0x14) == wanted[3:]


def test_one_instruction_has_the_condition_of_its_mode() -> None:
    frontend, code = ArmFrontend(), Bytes(CODE, PC)
    assert frontend.disassemble(code, PC + 8, THUMB | 0x08 << IT_SHIFT) == "ldreq r3, [r4]"
    assert frontend.disassemble(code, PC + 8, THUMB) == "ldr r3, [r4]"


def test_what_is_no_instruction_is_listed_as_data() -> None:
    code = Bytes(bytes.fromhex("00e8") + bytes(2), PC)
    assert list(ArmFrontend().listing(code, BlockKey(PC, THUMB), 4)) == [(PC, ".short 0xe800")]


def test_calls_are_not_taken_for_what_microcontrollers_have() -> None:
    frontend = ArmFrontend()
    for halves, text in (((0xF389, 0xE69E), "blx "), ((0xF389, 0x8009), "msr psp, sb")):
        code = Bytes(b"".join(half.to_bytes(2, "little") for half in halves), PC)
        assert frontend.disassemble(code, PC, THUMB).startswith(text)

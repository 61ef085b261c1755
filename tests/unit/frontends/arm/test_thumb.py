"""Blocks of Thumb code: sizes, pages, IT blocks, and where they lead."""

import pytest

from dbt.ir.block import (
    CONDITION_PASSED,
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Goto,
    Halt,
    Jump,
    Return,
)
from dbt.ir.ops import INSN, SET
from dbt.ir.verifier import verify
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.keys import IT_SHIFT, THUMB

BASE = 0x8000
ADDS = 0x1889  # adds r1, r1, r2
ADD_W = (0xEB01, 0x0102)  # add.w r1, r1, r2
IT_EQ, ITTE_NE = 0xBF08, 0xBF1A
BX_LR, POP_PC, UDF, NOP = 0x4770, 0xBD00, 0xDE00, 0xBF00
BL = (0xF000, 0xF87E)  # bl .+0x100
LDR = 0x6808  # ldr r0, [r1]


class Code:
    """Halfwords from ``base`` on; nothing else can be fetched."""

    def __init__(self, *halfwords: int, base: int = BASE) -> None:
        self.base = base
        self.data = b"".join(half.to_bytes(2, "little") for half in halfwords)

    def fetch(self, address: int, size: int) -> bytes:
        offset = address - self.base
        if not 0 <= offset <= len(self.data) - size:
            raise GuestFault(max(address, self.base + len(self.data)), Access.EXECUTE)
        return self.data[offset : offset + size]


def lift(*halfwords: int, at: int = BASE, it: int = 0, passed: bool = False) -> Block:
    frontend = ArmFrontend()
    key = BlockKey(at, THUMB | it << IT_SHIFT | (CONDITION_PASSED if passed else 0))
    block = frontend.lift(Code(*halfwords, base=at), key)
    verify(block, frontend.layout)
    return block


def marks(block: Block) -> list[tuple[int, ...]]:
    return [tuple(map(int, inst.imm)) for inst in block.insts if inst.op is INSN]


def it_states(block: Block) -> list[int]:
    """What is written to the slot ``it``, in order; -1 for what is no constant."""
    written = [i.args[0] for i in block.insts if i.op is SET and i.imm[0] == "it"]
    return [value.value if isinstance(value, Const) else -1 for value in written]


def test_instructions_have_two_sizes() -> None:
    block = lift(ADDS, *ADD_W, ADDS, BX_LR)
    assert marks(block) == [(BASE, 2), (BASE + 2, 4), (BASE + 6, 2), (BASE + 8, 2)]
    assert isinstance(block.exit, Return)
    assert block.size == 10


def test_the_last_instruction_may_cross_the_page() -> None:
    block = lift(ADDS, *ADD_W, ADDS, at=0x8FFC)
    assert marks(block) == [(0x8FFC, 2), (0x8FFE, 4)]
    assert block.exit.target == BlockKey(0x9002, THUMB)  # type: ignore[union-attr]


def test_half_an_instruction_ends_the_block_before_it() -> None:
    block = lift(ADDS, ADD_W[0])
    assert marks(block) == [(BASE, 2)]


def test_half_an_instruction_alone_faults_at_what_lacks() -> None:
    with pytest.raises(GuestFault) as caught:
        lift(ADD_W[0])
    assert caught.value.address == BASE + 2


def test_an_it_block_is_a_state_behind_each_instruction() -> None:
    block = lift(ITTE_NE, LDR, ADDS, LDR, BX_LR)
    assert it_states(block) == [0x1A, 0x14, 0x08, 0]


def test_a_block_that_begins_in_an_it_block() -> None:
    block = lift(ADDS, UDF, it=0x0C)  # eq, and one more of eq
    assert it_states(block) == [0x18, -1]  # ne: the lowest bit of the condition is shifted in
    assert isinstance(block.exit, Branch)
    assert block.exit.taken == BlockKey(BASE + 2, THUMB | CONDITION_PASSED)


def test_a_conditional_return_is_tested_first() -> None:
    block = lift(IT_EQ, POP_PC)
    assert isinstance(block.exit, Branch)
    assert block.exit.taken == BlockKey(BASE + 2, THUMB | CONDITION_PASSED)
    assert block.exit.other == BlockKey(BASE + 4, THUMB)
    assert it_states(block) == [0x08, -1]
    taken = lift(POP_PC, passed=True)
    assert isinstance(taken.exit, Return)
    assert it_states(taken) == [0]


def test_what_an_it_block_may_not_have_is_undefined_behind_the_test_too() -> None:
    cbz = 0xB100
    block = lift(cbz, passed=True)
    assert isinstance(block.exit, Halt)
    assert it_states(block) == []


def test_a_system_call_amid_an_it_block_keeps_its_state() -> None:
    svc = 0xDF00
    block = lift(svc, ADDS, it=0x04)  # two instructions of eq
    assert isinstance(block.exit, Branch)
    assert block.exit.taken == BlockKey(BASE, THUMB | CONDITION_PASSED | 0x04 << IT_SHIFT)
    assert block.exit.other == BlockKey(BASE + 2, THUMB | 0x08 << IT_SHIFT)
    assert it_states(block) == [-1]


@pytest.mark.parametrize("jump", [BX_LR, POP_PC, 0xE000, 0x4687])
def test_a_jump_amid_an_it_block_is_undefined(jump: int) -> None:
    block = lift(0xBFE4, jump, NOP)  # itt al
    assert isinstance(block.exit, Halt)
    assert block.exit.reason == "undefined"


def test_a_call_leaves_a_location() -> None:
    block = lift(*BL)
    assert isinstance(block.exit, Call)
    assert block.exit.target == BlockKey(BASE + 0x100, THUMB)
    assert block.exit.link == BASE + 4 | 1


def test_blx_aligns_the_address_and_leaves_thumb() -> None:
    block = lift(NOP, 0xF000, 0xE87E)
    assert isinstance(block.exit, Call)
    assert block.exit.target == BlockKey(BASE + 4 + 0xFC)


def test_it_states_are_modes_of_what_follows() -> None:
    frontend = ArmFrontend()
    frontend.max_insns = 2
    block = frontend.lift(Code(ITTE_NE, ADDS, ADDS), BlockKey(BASE, THUMB))
    assert isinstance(block.exit, Goto)
    assert block.exit.target == BlockKey(BASE + 4, THUMB | 0x14 << IT_SHIFT)


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ((0x448E,), Jump),  # add lr, r1
        ((0x44C6,), Jump),  # add lr, r8
        ((0x4487,), Return),  # add pc, r0, as what is before it
        ((0x46A6,), Return),  # mov lr, r4
        ((0xF10E, 0x448E), Return),  # a wide instruction that ends like the first
    ],
)
def test_lr_that_was_computed_is_no_return_address(
    before: tuple[int, ...], kind: type[Jump | Return]
) -> None:
    data = Code(NOP, *before, BX_LR)
    key = BlockKey(BASE + len(data.data) - 2, THUMB)
    assert isinstance(ArmFrontend().lift(data, key).exit, kind)

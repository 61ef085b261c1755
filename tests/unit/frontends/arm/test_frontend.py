"""Where blocks end, what their keys are, and what the lifter refuses to be built from."""

import subprocess
import sys

import pytest

from dbt.decode.table import Table, TableError
from dbt.ir.block import (
    CONDITION_PASSED,
    HOOKED,
    Block,
    BlockKey,
    Branch,
    Call,
    Goto,
    Halt,
    Jump,
    Return,
)
from dbt.ir.ops import INSN
from dbt.ir.verifier import verify
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.keys import THUMB
from frontends.arm.lift import bind
from frontends.arm.lifter import Lifter

BASE = 0x8000
ADD = 0xE0811002  # add r1, r1, r2
NOTHING = 0xE7F000F0  # udf #0
THUMB_KEY = BlockKey(BASE, THUMB)


class Code:
    """Words from ``base`` on; nothing else can be fetched."""

    def __init__(self, *words: int, base: int = BASE) -> None:
        self.base = base
        self.data = b"".join(word.to_bytes(4, "little") for word in words)

    def fetch(self, address: int, size: int) -> bytes:
        offset = address - self.base
        if not 0 <= offset <= len(self.data) - size:
            raise GuestFault(max(address, self.base + len(self.data)), Access.EXECUTE)
        return self.data[offset : offset + size]


def lift(*words: int, key: BlockKey | None = None, base: int = BASE, **options: object) -> Block:
    frontend = ArmFrontend()
    frontend.max_insns = options.pop("max_insns", frontend.max_insns)  # type: ignore[assignment]
    key = key or BlockKey(base)
    block = frontend.lift(Code(*words, base=base), key, **options)  # type: ignore[arg-type]
    verify(block, frontend.layout)
    return block


def marks(block: Block) -> list[int]:
    return [int(inst.imm[0]) for inst in block.insts if inst.op is INSN]


def goes_on_at(block: Block) -> BlockKey:
    assert isinstance(block.exit, Goto)
    return block.exit.target


# -- where a block ends ------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3, 64])
def test_a_block_ends_at_max_insns(limit: int) -> None:
    block = lift(*[ADD] * 70, max_insns=limit)
    assert goes_on_at(block) == BlockKey(BASE + 4 * limit)
    assert (block.size, block.insn_count, len(marks(block))) == (4 * limit, limit, limit)


def test_a_block_ends_at_the_end_of_its_page() -> None:
    block = lift(*[ADD] * 8, base=0x8FF0)
    assert goes_on_at(block) == BlockKey(0x9000)
    assert marks(block) == [0x8FF0, 0x8FF4, 0x8FF8, 0x8FFC]


def test_a_block_ends_before_what_cannot_be_fetched() -> None:
    block = lift(ADD, ADD, ADD)
    assert goes_on_at(block) == BlockKey(BASE + 12)


def test_a_first_instruction_that_cannot_be_fetched_faults() -> None:
    with pytest.raises(GuestFault) as fault:
        lift(ADD, key=BlockKey(BASE + 4))
    assert fault.value.address == BASE + 4
    assert fault.value.access is Access.EXECUTE


def test_a_block_ends_before_a_boundary_but_not_at_its_own_pc() -> None:
    block = lift(*[ADD] * 8, boundaries={BASE, BASE + 8, BASE + 16})
    assert goes_on_at(block) == BlockKey(BASE + 8)


def test_the_last_page_wraps() -> None:
    block = lift(ADD, base=0xFFFFFFFC)
    assert goes_on_at(block) == BlockKey(0)
    assert block.size == 4


# -- what cannot be executed ---------------------------------------------------------------------------


def test_an_undefined_instruction_halts_with_its_mark_and_is_not_counted() -> None:
    block = lift(ADD, NOTHING, ADD)
    assert isinstance(block.exit, Halt)
    assert (block.exit.reason, block.exit.pc) == ("undefined", BASE + 4)
    assert marks(block) == [BASE, BASE + 4]
    assert (block.insn_count, block.size) == (1, 8)


def test_a_refused_form_leaves_no_half_lifted_ops() -> None:
    block = lift(0xE0810F92 & ~0xF00 | 0xF00)  # umull with RdHi = r1, RdLo = r0, Rm = r15
    assert isinstance(block.exit, Halt)
    assert [inst.op for inst in block.insts] == [INSN]


def test_an_undefined_condition_is_tested_first() -> None:
    word = NOTHING & 0x0FFFFFFF | 0x10000000
    block = lift(ADD, word)
    assert isinstance(block.exit, Branch)
    assert block.exit.taken == BlockKey(BASE + 4, CONDITION_PASSED)
    assert block.exit.other == BlockKey(BASE + 8)
    taken = lift(ADD, word, key=block.exit.taken)
    assert isinstance(taken.exit, Halt)
    assert taken.insn_count == 0


@pytest.mark.parametrize("pc", [BASE + 2, 0x8FFE, 0x8FFD])
def test_arm_code_out_of_place_halts(pc: int) -> None:
    block = lift(*[ADD] * 1025, key=BlockKey(pc))
    assert isinstance(block.exit, Halt)
    assert (block.exit.reason, block.exit.pc, block.insn_count) == ("undefined", pc, 0)


def test_code_that_cannot_be_fetched_faults_in_any_state() -> None:
    for key in (BlockKey(0x9000, THUMB), BlockKey(0x9002)):
        with pytest.raises(GuestFault):
            lift(ADD, key=key)


# -- modes -----------------------------------------------------------------------------------------------


def test_a_taken_block_does_not_test_its_first_condition_only() -> None:
    addeq = ADD & 0x0FFFFFFF
    block = lift(addeq, addeq, key=BlockKey(BASE, CONDITION_PASSED))
    whens = [inst.when is not None for inst in block.insts if inst.op.name == "set"]
    assert whens == [False, True]
    assert block.insn_count == 1


def test_the_modes_of_a_hook_and_a_condition_do_not_outlive_the_first_instruction() -> None:
    bxeq = 0x012FFF1E
    first = lift(bxeq, key=BlockKey(BASE, HOOKED))
    assert isinstance(first.exit, Branch)
    assert first.exit.taken == BlockKey(BASE, HOOKED | CONDITION_PASSED)
    second = lift(ADD, bxeq, key=BlockKey(BASE, HOOKED))
    assert isinstance(second.exit, Branch)
    assert second.exit.taken == BlockKey(BASE + 4, CONDITION_PASSED)
    assert second.exit.other == BlockKey(BASE + 8)
    assert goes_on_at(lift(ADD, key=BlockKey(BASE, HOOKED | CONDITION_PASSED))) == BlockKey(
        BASE + 4
    )


@pytest.mark.parametrize(
    ("location", "key"),
    [
        (0x8000, BlockKey(0x8000)),
        (0x8001, BlockKey(0x8000, THUMB)),
        (0x8003, BlockKey(0x8002, THUMB)),
        (0x8002, BlockKey(0x8000)),
        (0xFFFFFFFF, BlockKey(0xFFFFFFFE, THUMB)),
    ],
)
def test_locations_name_blocks(location: int, key: BlockKey) -> None:
    frontend = ArmFrontend()
    assert frontend.key_of(location) == key
    assert frontend.key_of(frontend.location_of(key)) == key


# -- writes to pc ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "exit_"),
    [
        ((0xE1A0F00E,), Return),  # mov pc, lr
        ((0xE1A0F003,), Jump),  # mov pc, r3
        ((0xE1A0E00F, 0xE1A0F003), Call),  # mov lr, pc; mov pc, r3
        ((0xE1A0E00F, 0xE240F05F), Call),  # mov lr, pc; sub pc, r0, #95
        ((0xE28FE004, 0xE1A0F003), Jump),  # add lr, pc, #4: not the address after
        ((0xE08FF101,), Jump),  # add pc, pc, r1, lsl #2
        ((0xE28FF008,), Goto),  # add pc, pc, #8
    ],
)
def test_what_a_write_to_pc_means(words: tuple[int, ...], exit_: type) -> None:
    block = lift(*words)
    assert type(block.exit) is exit_
    if isinstance(block.exit, Call):
        assert block.exit.link == BASE + 8
    if isinstance(block.exit, Goto):
        assert block.exit.target == BlockKey(BASE + 16)


# -- the table and the methods -------------------------------------------------------------------------------


def test_a_row_without_its_method_is_refused() -> None:
    with pytest.raises(TableError, match="ODD: no method"):
        bind(Table("ODD cccc 0000 nnnn v1", width=12, index=0), Lifter)


def test_a_method_with_other_arguments_is_refused() -> None:
    class Wrong(Lifter):
        def ODD(self, n: int, c: int) -> None: ...

    with pytest.raises(TableError, match="ODD: takes"):
        bind(Table("ODD cccc 0000 nnnn v1", width=12, index=0), Wrong)


def test_the_package_is_cheap_to_import() -> None:
    script = "import sys, frontends.arm; print(sorted(m for m in sys.modules if 'arm.' in m or m == 'capstone'))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""Where copied code was left: found once for a block, and anew for the next one with its id."""

import struct

import pytest
from support.arm_batches import Batch
from support.arm_fuzz_memory import CODE, DATA_SIZE
from support.arm_oracle import CODE_SIZE, Case, pc_of
from support.arm_runners import SETTINGS, Machine

from backends.numba_jit.executor import NumbaExecutor
from backends.numba_jit.stencils import tier
from dbt.interfaces import SyscallHit
from frontends.arm.encodings import A32

ADD_R2 = 0xE2822001  # add r2, r2, #1
SVC = 0xEF000000


def loaded(machine: Machine, numbers: range) -> list[Case]:
    """Give a machine blocks that add and then make the system call of their number, in place of all
    that it had."""
    code = bytearray(CODE_SIZE)
    cases = []
    for number in numbers:
        words = ADD_R2, SVC + number
        struct.pack_into("<2I", code, pc_of(number) - CODE, *words)
        cases.append(
            Case(A32.by_name["SVC"], pc_of(number), words, (0,) * 15, 0x10, 0, 0, sequence=True)
        )
    machine.load(Batch(bytes(code), bytes(DATA_SIZE), tuple(cases), 2))
    return cases


def number_of(machine: Machine, case: Case) -> int:
    """The system call that a block makes."""
    event = machine._run(case)
    assert isinstance(event, SyscallHit)
    assert event.resume.pc == case.pc + 8
    return event.number


def test_a_block_with_the_id_of_another_is_left_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(SETTINGS["copied-mmu"])
    assert isinstance(machine.executor, NumbaExecutor)
    copies, asked = machine.executor._copies, list[int]()

    def look(block_id: int, index: int, why: int) -> tier.Side:
        asked.append(block_id)
        return find(block_id, index, why)

    find = copies._side
    monkeypatch.setattr(copies, "_side", look)
    try:
        for numbers in range(3), range(1, 4), range(9):
            asked.clear()
            cases = loaded(machine, numbers)
            for _ in range(2):
                assert [number_of(machine, case) for case in cases] == [*numbers]
            assert len(asked) == len(set(asked)) == len(numbers)
        monkeypatch.setattr(tier, "_MOST_SIDES", 9)
        cases = loaded(machine, range(20))
        assert [number_of(machine, case) for case in cases] == [*range(20)]
        assert len(copies._sides) <= 9
    finally:
        machine.close()

"""Whose accesses the host has refused, in code without checks."""

import struct

import attrs
from support.arm_batches import Batch
from support.arm_fuzz_memory import CODE, DATA_SIZE
from support.arm_oracle import CODE_SIZE, SPACING, Case, pc_of
from support.arm_runners import SETTINGS, Machine

from dbt.interfaces import FaultHit
from frontends.arm.encodings import A32

LDR_R1 = 0xE5901000  # ldr r1, [r0]
SET_R2 = 0xE2822001  # add r2, r2, #1


def loaded(machine: Machine, words: tuple[int, ...], count: int) -> Case:
    """Give a machine so many equal cases; returns the last. They find zeros in registers."""
    code = bytearray(CODE_SIZE)
    for pc in map(pc_of, range(count)):
        code[pc - CODE : pc - CODE + 4 * len(words)] = struct.pack(f"<{len(words)}I", *words)
    row = A32.by_name["LDR_imm"]
    cases = [
        Case(row, pc, words, (0,) * 15, 0x10, 0, 0, sequence=True)
        for pc in map(pc_of, range(count))
    ]
    machine.load(Batch(bytes(code), bytes(DATA_SIZE), tuple(cases), len(words)))
    return cases[-1]


def test_it_is_found_where_shorter_blocks_were() -> None:
    """Where they began, code memory still had their ids: an instruction of another block was
    executed in place of a fault."""
    machine = Machine(SETTINGS["copied-mmu"])
    try:
        loaded(machine, (SET_R2,), 64)
        last = loaded(machine, (*[SET_R2] * 11, LDR_R1), 8)
        for number in range(8):
            case = attrs.evolve(last, pc=last.pc - SPACING * number)
            event = machine._run(case)
            assert isinstance(event, FaultHit)
            assert (event.pc, event.address) == (case.pc + 44, 0)
    finally:
        machine.close()

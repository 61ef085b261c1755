"""Which accesses have a check of their own, and what comes of one that serves several."""

from pathlib import Path

import pytest
from support.machine_code import EXIT, program

from backends.numba_jit.units.check_plan import plan_checks
from dbt.interfaces import PAGE, READ, WRITE, BackendOptions
from dbt.ir import ops
from dbt.ir.parser import parse_block
from dbt.process import Process
from dbt.stops import Killed, Stop

ROW = (
    "block 0x8000 {{\n insn 0x8000 4\n %0:i32 = get r1\n %1:i32 = load %0\n"
    " insn 0x8004 4\n %2:i32 = add %0, {0}\n {1}\n"
    " insn 0x8008 4\n %4:i32 = add %0, 8\n %5:i8 = load %4\n halt done 0x8008\n}}"
)
STORE, LOAD = "store %2, %1", "%3:i32 = load %2"


def planned(text: str, *, across: bool) -> list[tuple[int, int, bool, bool, int, int]]:
    """The checks of a block, in order: from where, how many bytes, whether of loads and of stores,
    and what a report of it speaks of."""
    insts = parse_block(text).insts
    assert sum(inst.op in (ops.LOAD, ops.STORE) for inst in insts) == 3
    return [
        (c.before, c.span, c.loads, c.stores, c.own_before, c.own_span)
        for c in plan_checks(insts, across=across).values()
    ]


@pytest.mark.parametrize(
    ("offset", "second", "checks"),
    [
        (4, LOAD, [(0, 9, True, False, 0, 4)]),
        (4, STORE, [(0, 9, True, True, 0, 4)]),
        (0xFFFFFFF0, LOAD, [(-16, 25, True, False, 0, 4)]),
        (68, STORE, [(0, 72, True, True, 0, 4)]),
        (69, STORE, [(0, 4, True, False, 0, 4), (-61, 65, True, True, 0, 4)]),
        (PAGE - 4, LOAD, [(0, PAGE, True, False, 0, 4)]),
        (PAGE - 3, LOAD, [(0, 4, True, False, 0, 4), (11 - PAGE, PAGE - 7, True, False, 0, 4)]),
    ],
)  # fmt: skip
def test_instructions_share_a_check(
    offset: int, second: str, checks: list[tuple[int, ...]]
) -> None:
    assert planned(ROW.format(offset, second), across=True) == checks


def test_without_an_evaluator_they_do_not() -> None:
    expected = [(0, 4, True, False, 0, 4), (0, 4, False, True, 0, 4), (0, 1, True, False, 0, 1)]
    assert planned(ROW.format(4, STORE), across=False) == expected


REGIONS = BackendOptions(hot=2, background=False, memory_checks="explicit")
COPIED = BackendOptions(tier="0", memory_checks="explicit")
DATA = 0x200000
BODIES = {
    "a store behind": (0xE5912000, 0xE5812008),  # ldr r2, [r1]; str r2, [r1, #8]
    "a load behind": (0xE5812000, 0xE5913008),  # str r2, [r1]; ldr r3, [r1, #8]
    "both": (0xE5913008, 0xE5012004),  # ldr r3, [r1, #8]; str r2, [r1, #-4]
    "pairs": (0xE1C120D0, 0xE1C120F8),  # ldrd r2, [r1]; strd r2, [r1, #8]
    "a byte behind many": (0xE8910FFC, 0xE5D12029),  # ldm r1, {r2-r11}; ldrb r2, [r1, #41]
}


def ended(path: Path, options: BackendOptions, behind: int, step: int) -> tuple[object, ...]:
    """How a program ends that walks over two pages, the second of which has other permissions; the
    instructions executed, the state, and the content of the pages."""
    process = Process(str(path), env={}, options=options)
    process.memory.map(DATA, 2 * PAGE, READ | WRITE)
    process.memory.poke(DATA, bytes(range(256)) * (2 * PAGE // 256))
    process.memory.protect(DATA + PAGE, PAGE, behind)
    process.state["r1"] = DATA + PAGE - 40 * step - 60
    stop: Stop = process.run()
    found = (
        stop,
        process.engine.executed,
        process.state.snapshot(),
        process.memory.peek(DATA, 2 * PAGE),
    )
    process.close()
    return found


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("behind", [0, READ])
@pytest.mark.parametrize("step", [4, 7])
def test_the_instruction_that_faults_is_known(
    tmp_path: Path, body: str, behind: int, step: int
) -> None:
    add, back = 0xE2811000 | step, 0xEAFFFFFC - len(BODIES[body]) + 1
    path = program(tmp_path, [*BODIES[body], add, back])
    found = ended(path, REGIONS, behind, step)
    assert isinstance(found[0], Killed)
    assert found == ended(path, COPIED, behind, step)


PATCHES = [
    0xE28F1010,  # add r1, pc, #16: the instruction that is written over
    0xE3A04000,  # mov r4, #0
    0xE5912000,  # ldr r2, [r1]
    0xE2822001,  # add r2, r2, #1
    0xE5812000,  # str r2, [r1]
    0xE2844001,  # add r4, r4, #1
    0xE3A00000,  # mov r0, #0: one more each time
    0xE3540028,  # cmp r4, #40
    0x1AFFFFF8,  # bne to the load
    *EXIT,
]


def test_a_store_to_code_is_noticed_in_front_of_what_shares_its_check(tmp_path: Path) -> None:
    found = []
    for options in (REGIONS, COPIED):
        process = Process(str(program(tmp_path, PATCHES)), env={}, options=options)
        found.append((str(process.run()), process.engine.executed, process.state.snapshot()))
        process.close()
    assert found[0] == found[1]
    assert "40" in found[0][0]

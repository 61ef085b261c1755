"""What each memory, branch and system instruction costs: the IR ops it is lifted to, mark left out.

A change that makes an instruction dearer shows here. Conditional branches and what leaves a block under
a condition count the test alone.
"""

import pytest

from dbt.ir.block import BlockKey
from frontends.arm import ArmFrontend
from frontends.arm.disasm import disassemble

TABLE = """
e5910000  ldr r0, [r1]                  3  get load set
e5910004  ldr r0, [r1, #4]              4  get add load set
e5b10004  ldr r0, [r1, #4]!             5  get add load set set
e4910004  ldr r0, [r1], #4              5  get add load set set
e59f0008  ldr r0, [pc, #8]              2  load set
e7910102  ldr r0, [r1, r2, lsl #2]      6  get shl get add load set
e7910062  ldr r0, [r1, r2, rrx]        10  get get zext shl shr or get add load set
05910000  ldreq r0, [r1]                4  get get load set
94910004  ldrls r0, [r1], #4           10  get get not and not get add load set set
e5810004  str r0, [r1, #4]              4  get add get store
15a10004  strne r0, [r1, #4]!           7  get not get add get store set
e5d10000  ldrb r0, [r1]                 4  get load zext set
e1d100d0  ldrsb r0, [r1]                4  get load sext set
e5c10000  strb r0, [r1]                 4  get get trunc store
e18100b2  strh r0, [r1, r2]             6  get get add get trunc store
e1c120d8  ldrd r2, r3, [r1, #8]         7  get add load add load set set
e0c120f8  strd r2, r3, [r1], #8         8  get add get store add get store set
e8900006  ldm r0, {r1, r2}              6  get add load load set set
e8b00006  ldm r0!, {r1, r2}             8  get add add load load set set set
e92d4010  push {r4, lr}                 9  get add add add get store get store set
e8bd8010  pop {r4, pc}                  7  get add add load load set set
e9800006  stmib r0, {r1, r2}            7  get add add get store get store
e1020091  swp r0, r1, [r2]              6  get check_align get load exchange set
e1910f9f  ldrex r0, [r1]                8  get check_align load set set set set set
e1810f92  strex r0, r2, [r1]           18  get check_align get get get eq and load get eq and compare_exchange eq and set not zext set
e1a10f92  strexd r0, r2, r3, [r1]      29  get check_align get zext shl get zext or get get eq and load shr trunc trunc get eq get eq and and compare_exchange eq and set not zext set
f57ff01f  clrex                         1  set
f5d1f000  pld [r1]                      0
ea00003e  b #0x8100                     0
1a00003e  bne #0x8100                   2  get not
eb00003e  bl #0x8100                    1  set
1b00003e  blne #0x8100                  2  get not
e12fff33  blx r3                        2  get set
e12fff1e  bx lr                         1  get
e79ff103  ldr pc, [pc, r3, lsl #2]      4  get shl add load
ef000000  svc #0                        0
e10f0000  mrs r0, apsr                 37  get zext shl or get zext shl or get zext shl or get zext shl or get zext shl or get zext shl or get zext shl or get zext shl or get zext shl or set
e128f000  msr apsr_nzcvq, r0           16  get shr trunc set shr trunc set shr trunc set shr trunc set shr trunc set
ee1d0f70  mrc p15, #0, r0, c13, c0, #3  2  get set
ee190f1e  mrc p15, #0, r0, c9, c14, #0  1  set
f57ff05f  dmb sy                        1  fence
"""

CASES = [(line[:8], line[10:38].strip(), line[39:].strip()) for line in TABLE.strip().splitlines()]


class OneWord:
    """The same word everywhere."""

    def __init__(self, word: str) -> None:
        self.data = bytes.fromhex(word)[::-1]

    def fetch(self, address: int, size: int) -> bytes:
        return self.data * (size // 4)


@pytest.mark.parametrize(("word", "asm", "cost"), CASES, ids=[case[1] for case in CASES])
def test_cost(word: str, asm: str, cost: str) -> None:
    code = OneWord(word)
    assert disassemble(code.data, 0x8000) == asm
    frontend = ArmFrontend()
    frontend.max_insns = 1
    names = [inst.op.name for inst in frontend.lift(code, BlockKey(0x8000)).insts]
    assert names[0] == "insn"
    assert f"{len(names) - 1}  {' '.join(names[1:])}".strip() == cost

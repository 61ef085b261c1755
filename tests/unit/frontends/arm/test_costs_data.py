"""What each data instruction costs: the IR ops it is lifted to, mark left out, before any pass.

A change that makes an instruction dearer shows here. Long lists are given by their length alone.
"""

import pytest
from support.ins import PC, Machine

from dbt.ir.block import BlockKey
from frontends.arm.disasm import disassemble

TABLE = """
e3a00001  mov r0, #1                    1  set
e1a00001  mov r0, r1                    2  get set
e1b00181  lsls r0, r1, #3              10  get shr trunc shl slt set eq set set set
e1a00061  rrx r0, r1                    7  get get zext shl shr or set
e2810004  add r0, r1, #4                3  get add set
e28f0004  add r0, pc, #4                1  set
00810002  addeq r0, r1, r2              5  get get get add set
c0810002  addgt r0, r1, r2             10  get get eq get not and get get add set
e0910002  adds r0, r1, r2              12  get get add carry overflow slt set eq set set set set
e2510001  subs r0, r1, #1              11  get sub ule overflow slt set eq set set set set
e3500000  cmp r0, #0                    7  get slt set eq set set set
e1500001  cmp r0, r1                   12  get get sub ule not overflow slt set eq set set set
13500000  cmpne r0, #0                  9  get not get slt set eq set set set
e3100001  tst r0, #1                    6  get and slt set eq set
e0110222  ands r0, r1, r2, lsr #4      12  get shr trunc shr get and slt set eq set set set
e0b10002  adcs r0, r1, r2              15  get get get add zext add carry overflow slt set eq set set set set
e0c10002  sbc r0, r1, r2                8  get get not get add zext add set
e0610102  rsb r0, r1, r2, lsl #2        5  get shl get sub set
e1b00211  lsls r0, r1, r2              16  get get and shl sub shl slt eq get select slt set eq set set set
e3000001  movw r0, #1                   1  set
e3400001  movt r0, #1                   4  get and or set
e0000291  mul r0, r1, r2                4  get get mul set
e0203291  mla r0, r1, r2, r3            6  get get mul get add set
e0810392  umull r0, r1, r2, r3         10  get zext get zext mul trunc shr trunc set set
e0e10392  smlal r0, r1, r2, r3         17  get zext shl get zext or get sext get sext mul add trunc shr trunc set set
e1003281  smlabb r0, r1, r2, r3        14  get shl sar get shl sar mul get overflow get or set add set
e750f211  smmul r0, r1, r2              8  get sext get sext mul shr trunc set
e730f211  udiv r0, r1, r2               4  get get udiv set
e16f0f11  clz r0, r1                    3  get clz set
e6bf0f31  rev r0, r1                    3  get bswap set
e6ef0071  uxtb r0, r1                   3  get and set
e6bf0071  sxth r0, r1                   4  get trunc sext set
e7e401d1  ubfx r0, r1, #3, #5           4  get shr and set
e7c70191  bfi r0, r1, #3, #5            7  get shl and get and or set
e6810812  pkhbt r0, r1, r2, lsl #0x10   7  get get shl and and or set
e1020051  qadd r0, r1, r2              11  get get add overflow get or set sar xor select set
e6a70011  ssat r0, #8, r1              10  get slt select slt select ne get or set set
e6510f92  uadd8 r0, r1, r2             40
e6510ff2  usub8 r0, r1, r2             36
e6110f12  sadd16 r0, r1, r2            20  get get shl sar shl sar add sar sar add sle set set sle set set and shl or set
e6610f12  uqadd16 r0, r1, r2           20  get get and and add shr shr add slt select slt select slt select slt select and shl or set
e6310f92  shadd8 r0, r1, r2            34
e6810fb2  sel r0, r1, r2               18  get get get select and get select and or get select and or get select and or set
e780f211  usad8 r0, r1, r2             34
"""

CASES = [(line[:8], line[10:38].strip(), line[39:].strip()) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("word", "asm", "cost"), CASES, ids=[case[1] for case in CASES])
def test_cost(word: str, asm: str, cost: str) -> None:
    machine = Machine(bytes.fromhex(word)[::-1])
    assert disassemble(bytes.fromhex(word)[::-1], PC) == asm
    ops = [inst.op.name for inst in machine.frontend.lift(machine, BlockKey(PC)).insts[1:]]
    count, _, names = cost.partition(" ")
    assert len(ops) == int(count)
    if names.strip():
        assert ops == names.split()

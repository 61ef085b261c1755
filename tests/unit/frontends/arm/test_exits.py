"""What every way of leaving a block becomes: the table a reader of ``idioms.py`` can check.

One line: the words, their assembly as capstone prints it at 0x8000, and the exit of the last of them.
``if:`` means a test of the condition first, then that exit in a block of its own.
"""

import subprocess
import sys

import pytest

from dbt.ir.block import (
    CONDITION_PASSED,
    HOOKED,
    Block,
    BlockKey,
    Branch,
    Call,
    Exit,
    Goto,
    Halt,
    Jump,
    Return,
    Swi,
)
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.disasm import disassemble

BASE = 0x8000

TABLE = """
# -- direct
ea00003e                    b #0x8100                                    | goto 0x8100
1a00003e                    bne #0x8100                                  | branch 0x8100, 0x8004
eb00003e                    bl #0x8100                                   | call 0x8100, link 0x8004
ebffffff                    bl #0x8004                                   | call 0x8004, link 0x8004
1b00003e                    blne #0x8100                                 | if: call 0x8100, link 0x8004
fb00003e                    blx #0x8102                                  | call 0x8102@0x100, link 0x8004
eafffffe                    b #0x8000                                    | goto 0x8000
# -- registers
e12fff1e                    bx lr                                        | return
012fff1e                    bxeq lr                                      | if: return
e1a0f00e                    mov pc, lr                                   | return
11a0f00e                    movne pc, lr                                 | if: return
e12fff13                    bx r3                                        | jump
112fff13                    bxne r3                                      | if: jump
e12fff2e                    bxj lr                                       | return
e12fff1f                    bx pc                                        | goto 0x8008
e1a0f003                    mov pc, r3                                   | jump
e12fff33                    blx r3                                       | call *, link 0x8004
112fff33                    blxne r3                                     | if: call *, link 0x8004
e12fff3e                    blx lr                                       | call *, link 0x8004
# -- calls before blx
e1a0e00f e12fff13           mov lr, pc; bx r3                            | call *, link 0x8008
e1a0e00f e1a0f003           mov lr, pc; mov pc, r3                       | call *, link 0x8008
e1a0e00f e593f000           mov lr, pc; ldr pc, [r3]                     | call *, link 0x8008
e1a0e00f e593f008           mov lr, pc; ldr pc, [r3, #8]                 | call *, link 0x8008
e1a0e00f e793f102           mov lr, pc; ldr pc, [r3, r2, lsl #2]         | call *, link 0x8008
e1a0e00f e59ff004           mov lr, pc; ldr pc, [pc, #4]                 | call *, link 0x8008
e1a0e00f e8918001           mov lr, pc; ldm r1, {r0, pc}                 | call *, link 0x8008
e1a0e00f e283f004           mov lr, pc; add pc, r3, #4                   | call *, link 0x8008
e1a0e00f e243f01f           mov lr, pc; sub pc, r3, #0x1f                | call *, link 0x8008
e28fe000 e12fff13           add lr, pc, #0; bx r3                        | call *, link 0x8008
01a0e00f 012fff13           moveq lr, pc; bxeq r3                        | if: call *, link 0x8008
e1a0e00f 012fff13           mov lr, pc; bxeq r3                          | if: call *, link 0x8008
11a0e00f 012fff13           movne lr, pc; bxeq r3                        | if: jump
e1a0e00f e320f000 e12fff13  mov lr, pc; nop; bx r3                       | jump
# -- returns through the stack
e49df004                    pop {pc}                                     | return
e8bd8010                    pop {r4, pc}                                 | return
18bd8010                    popne {r4, pc}                               | if: return
e89da810                    ldm sp, {r4, fp, sp, pc}                     | return
e91ba810                    ldmdb fp, {r4, fp, sp, pc}                   | return
e9bd8010                    ldmib sp!, {r4, pc}                          | return
e49df008                    ldr pc, [sp], #8                             | return
149df004                    popne {pc}                                   | if: return
e49d3004 e12fff13           pop {r3}; bx r3                              | return
e8bd000b e12fff13           pop {r0, r1, r3}; bx r3                      | return
e49d3008 e12fff13           ldr r3, [sp], #8; bx r3                      | return
e49d3004 e1a0f003           pop {r3}; mov pc, r3                         | return
e49de004 e12fff1e           pop {lr}; bx lr                              | return
e8bd4010 e12fff13           pop {r4, lr}; bx r3                          | jump
e49d3004 012fff13           pop {r3}; bxeq r3                            | if: return
149d3004 e12fff13           popne {r3}; bx r3                            | jump
# -- jumps
e51ff004                    ldr pc, [pc, #-4]                            | jump
e79ff103                    ldr pc, [pc, r3, lsl #2]                     | jump
979ff103                    ldrls pc, [pc, r3, lsl #2]                   | if: jump
e08ff103                    add pc, pc, r3, lsl #2                       | jump
908ff103                    addls pc, pc, r3, lsl #2                     | if: jump
e28cca01 e5bcf008           add ip, ip, #0x1000; ldr pc, [ip, #8]!       | jump
e59df004                    ldr pc, [sp, #4]                             | jump
e53df004                    ldr pc, [sp, #-4]!                           | jump
e493f004                    ldr pc, [r3], #4                             | jump
e893e010                    ldm r3, {r4, sp, lr, pc}                     | jump
e8b38010                    ldm r3!, {r4, pc}                            | jump
# -- exceptions
ef000000                    svc #0                                       | swi 0x0, 0x8004
ef900004                    svc #0x900004                                | swi 0x900004, 0x8004
1f000001                    svcne #1                                     | if: swi 0x1, 0x8004
e1200070                    bkpt #0                                      | halt breakpoint 0x8000
e7f000f0                    udf #0                                       | halt undefined 0x8000
# -- no transfer
e1a0e00f                    mov lr, pc                                   | goto 0x8004
e49d4004                    pop {r4}                                     | goto 0x8004
11a00001                    movne r0, r1                                 | goto 0x8004
"""

CASES = [
    tuple(part.strip() for part in (line[:27], line[27:73], line[75:]))
    for line in TABLE.strip().splitlines()
    if not line.startswith("#")
]


class Code:
    """Words at an address; nothing else can be fetched."""

    def __init__(self, words: str, base: int = BASE) -> None:
        self.base = base
        self.data = b"".join(bytes.fromhex(word)[::-1] for word in words.split())

    def fetch(self, address: int, size: int) -> bytes:
        start = address - self.base
        if not 0 <= start <= start + size <= len(self.data):
            bad = address if not 0 <= start < len(self.data) else self.base + len(self.data)
            raise GuestFault(bad, Access.EXECUTE)
        return self.data[start : start + size]


def describe(exit_: Exit) -> str:
    """An exit without its values."""
    match exit_:
        case Goto(target=target):
            return f"goto {target}"
        case Branch(taken=taken, other=other):
            return f"branch {taken}, {other}"
        case Jump():
            return "jump"
        case Call(target=BlockKey() as target, link=link):
            return f"call {target}, link {link:#x}"
        case Call(link=link):
            return f"call *, link {link:#x}"
        case Return():
            return "return"
        case Swi(number=number, resume=resume):
            return f"swi {number:#x}, {resume}"
        case Halt(reason=reason, pc=pc):
            return f"halt {reason} {pc:#x}"
    raise AssertionError(exit_)


def last_exit(code: Code, block: Block, last: int) -> str:
    """The exit of the instruction at ``last``, through its condition if it has one."""
    match block.exit:
        case Branch(taken=taken, other=other) if taken == BlockKey(last, CONDITION_PASSED):
            assert other == BlockKey(last + 4)
            return f"if: {describe(ArmFrontend().lift(code, taken).exit)}"
    return describe(block.exit)


@pytest.mark.parametrize(("words", "asm", "expected"), CASES, ids=[case[1] for case in CASES])
def test_exit(words: str, asm: str, expected: str) -> None:
    code = Code(words)
    last = BASE + len(code.data) - 4
    listing = [disassemble(code.data[at : at + 4], BASE + at) for at in range(0, len(code.data), 4)]
    assert "; ".join(listing) == asm
    assert last_exit(code, ArmFrontend().lift(code, BlockKey(BASE)), last) == expected
    # The answer is the same for a block that begins with the instruction.
    assert last_exit(code, ArmFrontend().lift(code, BlockKey(last)), last) == expected


MOVABLE = [case for case in CASES if "0x" not in case[2] or "*" in case[2]]


@pytest.mark.parametrize(("words", "asm", "expected"), MOVABLE, ids=[case[1] for case in MOVABLE])
def test_exit_across_pages(words: str, asm: str, expected: str) -> None:
    """The last instruction is the first of a page; what stands before it is in another block."""
    size = len(words.split()) * 4
    base = 0x9000 - size + 4
    code = Code(words, base)
    if size > 4:
        before = ArmFrontend().lift(code, BlockKey(base))
        assert describe(before.exit) == "goto 0x9000"
        assert before.size == size - 4
    exit_ = last_exit(code, ArmFrontend().lift(code, BlockKey(0x9000)), 0x9000)
    assert exit_ == expected.replace(f"{BASE + size:#x}", "0x9004")


def test_calls_set_the_link_register() -> None:
    for words in ("eb00003e", "e12fff33", "fb00003e"):
        block = ArmFrontend().lift(Code(words), BlockKey(BASE))
        written = [inst.args[0].value for inst in block.insts if inst.imm == ("r14",)]
        assert written == [BASE + 4]


def test_blx_lr_calls_the_old_lr() -> None:
    block = ArmFrontend().lift(Code("e12fff3e"), BlockKey(BASE))
    names = [(inst.op.name, inst.imm) for inst in block.insts]
    assert names.index(("get", ("r14",))) < names.index(("set", ("r14",)))
    assert block.exit.target is block.insts[names.index(("get", ("r14",)))]


def test_undefined_under_a_condition_is_skipped_when_it_fails() -> None:
    block = ArmFrontend().lift(Code("07f000f0"), BlockKey(BASE))
    assert describe(block.exit) == "branch 0x8000@0x1, 0x8004"
    taken = ArmFrontend().lift(Code("07f000f0"), BlockKey(BASE, CONDITION_PASSED))
    assert describe(taken.exit) == "halt undefined 0x8000"


def test_branches_wrap_around_the_address_space() -> None:
    code = Code("eb000000", 0xFFFFFFFC)
    block = ArmFrontend().lift(code, BlockKey(0xFFFFFFFC))
    assert describe(block.exit) == "call 0x4, link 0x0"


REFUSED = [
    # what the manual calls UNPREDICTABLE, or user mode may not do
    ("e8b00007", "ldm r0!, {r0, r1, r2}: the base is loaded and written back"),
    ("e8d00006", "ldm r0, {r1, r2} ^"),
    ("e8c00006", "stm r0, {r1, r2} ^"),
    ("e8900000", "ldm r0, {}"),
    ("e8800000", "stm r0, {}"),
    ("e89f0006", "ldm pc, {r1, r2}"),
    ("e4bf0004", "ldr r0, [pc], #4"),
    ("e5fff004", "ldrb pc, [pc, #4]!"),
    ("e5d0f000", "ldrb pc, [r0]"),
    ("e1d0f0b0", "ldrh pc, [r0]"),
    ("e1c010d0", "ldrd r1, r2, [r0]"),
    ("e1c0e0d0", "ldrd lr, pc, [r0]"),
    ("e1e000d8", "ldrd r0, r1, [r0, #8]!"),
    ("e0e000d8", "ldrd with P = 0, W = 1"),
    ("e1910f9f", "ldrex r0, [r1]: control, accepted"),
    ("e191ff9f", "ldrex pc, [r1]"),
    ("e1810f91", "strex r0, r1, [r1]: control, accepted"),
    ("e1811f92", "strex r1, r2, [r1]"),
    ("e1b11f9f", "ldrexd r1, r2, [r1]"),
    ("e10f0090", "swp r0, r0, [pc]"),
    ("e14f0000", "mrs r0, spsr"),
    ("e16ff000", "msr spsr_fsxc, r0"),
    ("e12fff3f", "blx pc"),
    ("ee1d0f90", "mrc p15, 0, r0, c13, c0, 4"),
    ("ee0d0f70", "mcr p15, 0, r0, c13, c0, 3"),
    ("ee070f90", "mcr p15, 0, r0, c7, c0, 4"),
    ("f2010150", "vand q0, d1, q0"),
]


@pytest.mark.parametrize(("word", "what"), REFUSED, ids=[case[1] for case in REFUSED])
def test_refused(word: str, what: str) -> None:
    block = ArmFrontend().lift(Code(word), BlockKey(BASE))
    expected = "goto 0x8004" if what.endswith("accepted") else "halt undefined 0x8000"
    assert describe(block.exit) == expected
    if isinstance(block.exit, Halt):
        assert [inst.op.name for inst in block.insts] == ["insn"]


def test_a_conditional_exit_is_counted_once() -> None:
    code = Code("e3500000 112fff1e")  # cmp r0, #0; bxne lr
    block = ArmFrontend().lift(code, BlockKey(BASE))
    assert block.insn_count == 2
    assert isinstance(block.exit, Branch)
    taken = ArmFrontend().lift(code, block.exit.taken)
    assert taken.insn_count == 0
    assert taken.size == 4
    assert describe(taken.exit) == "return"


def test_a_boundary_cuts_a_call_from_its_link() -> None:
    """A hook between ``mov lr, pc`` and the jump does not change what the jump is."""
    code = Code("e1a0e00f e12fff13")
    before = ArmFrontend().lift(code, BlockKey(BASE), boundaries={BASE + 4})
    assert describe(before.exit) == "goto 0x8004"
    after = ArmFrontend().lift(code, BlockKey(BASE + 4, HOOKED))
    assert describe(after.exit) == "call *, link 0x8008"


def test_capstone_is_not_needed_to_lift() -> None:
    script = (
        "import sys, frontends.arm.frontend, frontends.arm.lifting;"
        "assert 'capstone' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

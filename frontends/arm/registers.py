"""The guest state of an ARM program as slots of the IR."""

from dbt.interfaces import JUMP_SLOT, PC_SLOT, CallAbi, View, lay_out
from dbt.ir.types import F32, F64, I1, I32, V128

REGISTERS = tuple(f"r{n}" for n in range(15))
"""Slots of r0 to r14; r15 is a constant while lifting and the ``pc`` slot between runs."""

FLAGS = ("nf", "zf", "cf", "vf", "q", "ge0", "ge1", "ge2", "ge3")
"""The APSR, one i1 slot per bit."""

DOUBLES = tuple(f"d{n}" for n in range(32))
SINGLES = tuple(f"s{n}" for n in range(32))
QUADS = tuple(f"q{n}" for n in range(16))
"""Registers of VFP and Advanced SIMD: two singles are the halves of a double, two doubles are those
of a quadword."""

FPSCR_FLAGS = {"fpn": 31, "fpz": 30, "fpc": 29, "fpv": 28}
"""The slots of the flags that a comparison of VFP sets, and their bits in the FPSCR. The slot
``fpscr`` has all its other bits."""
STATUS_BITS = 0x0FF7009F
"""The bits of the FPSCR that the slot ``fpscr`` holds. Exceptions are not trapped: their enable
bits are zero."""

LAYOUT = lay_out(
    [
        *((name, I32) for name in REGISTERS),
        (PC_SLOT, I32),
        *((name, I1) for name in FLAGS),
        ("tls", I32),  # TPIDRURO: set by the kernel, read by the program
        ("tlsw", I32),  # TPIDRURW: the program's own
        ("excl_addr", I32),  # the exclusive monitor of LDREX and STREX
        ("excl_val_lo", I32),
        ("excl_val_hi", I32),
        ("excl_on", I1),
        ("ef", I1),  # data is big-endian: CPSR.E
        ("it", I32),  # ITSTATE of the instruction that is next
        (JUMP_SLOT, I32),
        ("fpscr", I32),
        *((name, I1) for name in FPSCR_FLAGS),
        *((name, V128) for name in QUADS),
    ],
    [
        *(View(name, F64, QUADS[n // 2], n % 2 * 8) for n, name in enumerate(DOUBLES)),
        *(View(name, F32, QUADS[n // 4], n % 4 * 4) for n, name in enumerate(SINGLES)),
    ],
    hot=("r0", "r1", "r2", "r3", "r13", "r4", "r5", "r14"),
    general=(*REGISTERS, PC_SLOT),
    aliases=(("sp", "r13"), ("lr", "r14"), ("r15", PC_SLOT), ("fp", "r11"), ("ip", "r12")),
    flags=FLAGS[:4],
    status=(*FLAGS, "ef"),
    state_bits=1,  # Thumb
)

CALL_ABI = CallAbi(arguments=("r0", "r1", "r2", "r3"), result="r0", stack="r13", link="r14")
"""The procedure call standard for the Arm architecture (AAPCS32, section 6)."""

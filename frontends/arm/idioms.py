"""Classifies jumps of ARM code as calls, returns and plain jumps.

ARMv4 has no instruction for a call to a computed address, and many instructions may write pc. What
a jump means follows from it and the instruction before it:

    mov lr, pc; bx rN / mov pc, rN / ldr pc, [..] / b label     call, if the two are adjacent
    bx lr; mov pc, lr                                 return
    pop {.., pc}; ldm sp, {.., pc}; ldmdb fp, {.., sp, pc}; ldr pc, [sp], #4     return
    pop {rN}; bx rN; ldr rN, [sp], #4; mov pc, rN     return
    ldr pc, [pc, rN, lsl #2]; ldr pc, [ip, #n]!; ldm r1, {.., pc}; bx rN         jump

The instruction before is taken from memory, not from the block, so that the answer does not depend
on where a block begins. It counts only if it executes whenever the jump does.
"""

import enum

AL = 0b1110
SP, FP, LR = 13, 11, 14


class Transfer(enum.Enum):
    """What a jump to a computed location is for."""

    JUMP = "jump"
    CALL = "call"
    RETURN = "return"


def _goes_with(word: int, previous: int | None) -> bool:
    """True when ``previous`` has executed if ``word`` executes and control came through it."""
    return previous is not None and previous >> 28 in (AL, word >> 28)


def links(word: int, previous: int | None) -> bool:
    """True when the instruction before has put the address after ``word`` in lr."""
    if previous is None or not _goes_with(word, previous):
        return False
    # mov lr, pc; add lr, pc, #0 (what assemblers make of adr lr, .+8)
    return previous & 0x0FFFFFFF in (0x01A0E00F, 0x028FE000)


def pops(word: int, previous: int | None, n: int) -> bool:
    """True when the instruction before has popped register ``n``."""
    if previous is None or not _goes_with(word, previous):
        return False
    if previous & 0x0FFF0000 == 0x08BD0000:  # ldm sp!, {...}
        return bool(previous >> n & 1)
    return previous & 0x0FFFF000 == 0x049D0000 | n << 12  # ldr rN, [sp], #i


def register_jump(word: int, previous: int | None, n: int) -> Transfer:
    """The meaning of ``bx rN`` or ``mov pc, rN``."""
    if links(word, previous):
        return Transfer.CALL
    if n == LR or pops(word, previous, n):
        return Transfer.RETURN
    return Transfer.JUMP


def load_jump(word: int, previous: int | None, base: int, pops_it: bool) -> Transfer:
    """The meaning of ``ldr pc``. ``pops_it``: the address is the base, which is then increased."""
    if links(word, previous):
        return Transfer.CALL
    return Transfer.RETURN if base == SP and pops_it else Transfer.JUMP


def block_jump(word: int, previous: int | None, base: int) -> Transfer:
    """The meaning of ``ldm rN, {.., pc}``: a return when rN is sp, or fp (APCS code)."""
    if links(word, previous):
        return Transfer.CALL
    return Transfer.RETURN if base in (SP, FP) else Transfer.JUMP


def computed_jump(word: int, previous: int | None) -> Transfer:
    """The meaning of arithmetic on pc: a jump, as ``add pc, pc, rN, lsl #2`` is, or a call, as
    ``mov lr, pc; sub pc, r0, #31`` is."""
    return Transfer.CALL if links(word, previous) else Transfer.JUMP

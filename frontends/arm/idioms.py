"""Classifies jumps of ARM code as calls, returns and plain jumps.

ARMv4 has no instruction for a call to a computed address, and many instructions may write pc. What
a jump means follows from it and the instruction before it:

    mov lr, pc; bx rN / mov pc, rN / ldr pc, [..] / b label     call, if the two are adjacent
    bx lr; mov pc, lr                                 return
    pop {.., pc}; ldm sp, {.., pc}; ldmdb fp, {.., sp, pc}; ldr pc, [sp], #4     return
    pop {rN}; bx rN; ldr rN, [sp], #4; mov pc, rN     return
    ldr pc, [pc, rN, lsl #2]; ldr pc, [ip, #n]!; ldm r1, {.., pc}; bx rN         jump

Thumb code has the same, and ``bl``, which makes most of its calls. One of its jumps looks like a
return: ``adr lr, table; ldr rN, [lr, rN, lsl #2]; add lr, rN; bx lr``, as gcc makes of a ``switch``
in code that may lie anywhere.

The instruction before is taken from memory, not from the block, so that the answer does not depend
on where a block begins. It counts only if it executes whenever the jump does.
"""

import enum

from frontends.arm.keys import is_wide

AL = 0b1110
SP, FP, LR = 13, 11, 14


class Transfer(enum.Enum):
    """What a jump to a computed location is for."""

    JUMP = "jump"
    CALL = "call"
    RETURN = "return"


class Idioms:
    """The idioms of A32 code. ``word`` is a jump; ``previous`` the word before it in memory, or
    None where there is none."""

    def __init__(self, word: int, previous: int | None) -> None:
        self.word, self.previous = word, previous

    def _before(self) -> int | None:
        """The instruction before, without its condition, if it has executed when this one does and
        control came through it."""
        previous = self.previous
        if previous is None or previous >> 28 not in (AL, self.word >> 28):
            return None
        return previous & 0x0FFFFFFF

    def links(self) -> bool:
        """True when the instruction before has put the address after this one in lr."""
        # mov lr, pc; add lr, pc, #0 (what assemblers make of adr lr, .+8)
        return self._before() in (0x01A0E00F, 0x028FE000)

    def pops(self, n: int) -> bool:
        """True when the instruction before has popped register ``n``."""
        before = self._before()
        if before is None:
            return False
        if before & 0x0FFF0000 == 0x08BD0000:  # ldm sp!, {...}
            return bool(before >> n & 1)
        return before & 0x0FFFF000 == 0x049D0000 | n << 12  # ldr rN, [sp], #i

    def computes_link(self) -> bool:
        """True when the instruction before has computed lr, so that it is no return address. A32
        code does not use lr in that way, and ``add lr, lr, #4`` is before returns that skip a
        word."""
        return False

    def register_jump(self, n: int) -> Transfer:
        """The meaning of ``bx rN`` or ``mov pc, rN``."""
        if self.links():
            return Transfer.CALL
        if n == LR and self.computes_link():
            return Transfer.JUMP
        if n == LR or self.pops(n):
            return Transfer.RETURN
        return Transfer.JUMP

    def load_jump(self, base: int, *, pops_it: bool) -> Transfer:
        """The meaning of ``ldr pc``. ``pops_it``: the address is the base, which is then
        increased."""
        if self.links():
            return Transfer.CALL
        return Transfer.RETURN if base == SP and pops_it else Transfer.JUMP

    def block_jump(self, base: int) -> Transfer:
        """The meaning of ``ldm rN, {.., pc}``: a return when rN is sp, or fp (APCS code)."""
        if self.links():
            return Transfer.CALL
        return Transfer.RETURN if base in (SP, FP) else Transfer.JUMP

    def computed_jump(self) -> Transfer:
        """The meaning of arithmetic on pc: a jump, as ``add pc, pc, rN, lsl #2`` is, or a call, as
        ``mov lr, pc; sub pc, r0, #31`` is."""
        return Transfer.CALL if self.links() else Transfer.JUMP


class ThumbIdioms(Idioms):
    """The idioms of Thumb code. ``previous`` are the two halfwords before the jump.

    Whether the last of them is an instruction, or the end of a wide one, is read from the first:
    code is not read from its beginning on.
    """

    def _before(self) -> int | None:
        previous = self.previous
        if previous is None:
            return None
        return previous if is_wide(previous) else previous >> 16

    def links(self) -> bool:
        """True for ``mov lr, pc`` before a jump of 16 bits: lr is then the address after it,
        without the Thumb bit, to which ``mov pc, lr`` returns."""
        return self._before() == 0x46FE and not is_wide(self.word)

    def computes_link(self) -> bool:
        """True for ``add lr, rN``."""
        before = self._before()
        return before is not None and not is_wide(before) and before & 0xFF87 == 0x4486

    def pops(self, n: int) -> bool:
        """True when the instruction before has popped register ``n``."""
        before = self._before()
        if before is None:
            return False
        if before & 0xFE00 == 0xBC00 and not is_wide(before):  # pop {...}
            return n < 8 and bool(before >> n & 1)
        if before & 0xFFFF == 0xE8BD:  # ldm.w sp!, {...}
            return bool(before >> 16 >> n & 1)
        # ldr.w rN, [sp], #i
        return before & 0xFFFF == 0xF85D and before >> 16 & 0xFF00 == n << 12 | 0xB00

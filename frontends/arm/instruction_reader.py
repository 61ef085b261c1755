"""Reads from single instructions what ground truth needs: calls, and changes of sp.

Written apart from the decode table, the lifting methods, ``idioms.py`` and the hook mechanisms, and
sharing no code with them (an import contract keeps it so): what finds their mistakes must not make
them as well. Each method takes the number that the bytes of one instruction are.
"""

SP = 13
ALWAYS, UNCONDITIONAL = 0xE, 0xF


class A32Reader:
    """Reads A32 words; see ``dbt.interfaces.InstructionReader``."""

    def is_call(self, word: int) -> bool:
        """``bl`` or ``blx``, if its condition holds (Arm ARM A8.8.25, A8.8.26)."""
        if word >> 28 == UNCONDITIONAL:
            return word & 0x0E000000 == 0x0A000000  # blx label
        return word & 0x0F000000 == 0x0B000000 or word & 0x0FFFFFF0 == 0x012FFF30

    def moves_stack(self, word: int) -> bool:
        """What it writes to sp is computed from sp itself."""
        base = word >> 16 & 15
        if word >> 28 == UNCONDITIONAL or base != SP:
            return False
        kind = word >> 25 & 7
        if kind in (0, 1) and not _processes(word):  # multiplies, ldrd, strh
            return True
        if kind in (0, 1):  # data processing: op sp, sp, …
            return word >> 12 & 15 == SP
        return kind in (2, 3, 4)  # loads and stores with write-back; an ldm that loads sp is none

    def loads_stack(self, word: int) -> bool:
        """``ldm`` with sp in its list, or ``ldr sp``."""
        loads = bool(word & (1 << 20))
        if word >> 25 & 7 == 4:
            return loads and bool(word & (1 << SP))
        return word >> 26 & 3 == 1 and loads and word >> 12 & 15 == SP

    def always_sets_stack(self, word: int) -> bool:
        """It is unconditional and writes to sp what is not computed from sp. (``mov sp, sp``
        computes it from sp.)"""
        if word >> 28 != ALWAYS:
            return False
        if self.loads_stack(word):
            return True
        if word >> 26 & 3 or word >> 12 & 15 != SP or not _processes(word):
            return False
        compares = word >> 23 & 3 == 2
        from_itself = word >> 16 & 15 == SP or word & 0xFFF == SP
        return not (compares or from_itself)


def _processes(word: int) -> bool:
    """Of the encodings whose bits 27 and 26 are clear: it is data processing."""
    return bool(word & (1 << 25)) or word & 0x90 != 0x90


class T32Reader:
    """Reads Thumb instructions; see ``dbt.interfaces.InstructionReader``. ``state`` is ITSTATE.

    Of 16-bit instructions few reach sp; of 32-bit ones the manual allows these to write it: loads
    and stores with write-back, ``ldr.w sp``, ``mov.w sp``, and sums that begin with sp.
    """

    def __init__(self, state: int = 0) -> None:
        self._conditional = state != 0 and state >> 4 < ALWAYS

    def is_call(self, word: int) -> bool:
        """``bl``, ``blx`` to a label (Arm ARM A8.8.25) or ``blx rM`` (A8.8.26)."""
        first, second = word & 0xFFFF, word >> 16
        if not _is_wide(first):
            return first & 0xFF80 == 0x4780
        return first & 0xF800 == 0xF000 and second & 0xC000 == 0xC000

    def moves_stack(self, word: int) -> bool:
        """It writes to sp what is computed from sp itself."""
        first, second = word & 0xFFFF, word >> 16
        return _steps(first, second) if _is_wide(first) else _steps_short(first)

    def loads_stack(self, word: int) -> bool:
        """``ldr.w sp``, also relative to pc (A8.8.62 to A8.8.65). No ``ldm`` may have sp."""
        first, second = word & 0xFFFF, word >> 16
        return first & 0xFF70 == 0xF850 and second >> 12 == SP

    def always_sets_stack(self, word: int) -> bool:
        """It is unconditional, and is ``ldr.w sp`` or ``mov sp`` from another register."""
        if self._conditional:
            return False
        first, second = word & 0xFFFF, word >> 16
        if self.loads_stack(word):
            return True
        if _is_wide(first):  # mov.w: orr.w with pc for the first operand
            copies = first & 0xFFEF == 0xEA4F and second & 0xF0F0 == 0
            return copies and second >> 8 == SP and second & 15 != SP
        return first & 0xFF87 == 0x4685 and first >> 3 & 15 != SP


def _is_wide(first: int) -> bool:
    return first >> 11 in (0b11101, 0b11110, 0b11111)


def _steps_short(first: int) -> bool:
    """``push``, ``pop``, ``add sp``, ``sub sp``; ``add`` and ``mov`` of sp itself."""
    if first >> 8 == 0xB0 or first & 0xF600 == 0xB400:
        return True
    target = first >> 4 & 8 | first & 7
    return target == SP and (first >> 8 == 0x44 or first & 0xFFF8 == 0x46E8)


def _steps(first: int, second: int) -> bool:
    """Of 32-bit instructions: write-back to sp, and sums and copies of sp."""
    if first & 15 == SP:
        if first & 0xFE40 in (0xE800, 0xE840):  # ldm, stm; ldrd, strd
            return bool(first & 0x20)
        if first & 0xFE80 == 0xF800:  # ldr, str and their kin: [sp, #i]! and [sp], #i
            return second & 0x0900 == 0x0900
    if second >> 8 & 15 != SP:
        return False
    sums = (0xF100, 0xF1A0, 0xEB00, 0xEBA0)  # add, sub of an immediate, of a register
    if first & 0xFBE0 in sums[:2] or first & 0xFFE0 in sums[2:]:
        return first & 15 == SP
    if first & 0xFBFF in (0xF200 | SP, 0xF2A0 | SP):  # addw, subw
        return True
    return first & 0xFFEF == 0xEA4F and second & 15 == SP  # mov.w sp, sp

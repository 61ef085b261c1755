"""Reads from single A32 words what ground truth needs: calls, and changes of sp.

Written apart from the decode table, the lifting methods, ``idioms.py`` and the hook mechanisms, and
sharing no code with them (an import contract keeps it so): what finds their mistakes must not make
them as well. Each method takes the word of one instruction.
"""

SP = 13
ALWAYS, UNCONDITIONAL = 0xE, 0xF


class A32Reader:
    """See ``dbt.interfaces.InstructionReader``."""

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

    def address_of(self, location: int) -> int:
        """Bit 0 of a location is Thumb."""
        return location & ~1


def _processes(word: int) -> bool:
    """Of the encodings whose bits 27 and 26 are clear: it is data processing."""
    return bool(word & (1 << 25)) or word & 0x90 != 0x90

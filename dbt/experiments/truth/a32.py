"""A32 instructions as ground truth reads them: calls, and what they do to the stack pointer."""

from dbt.experiments.truth.trace import Step

SP, LR, PC = 13, 14, 15


def is_call(step: Step) -> bool:
    """``bl`` or ``blx``, if its condition holds (Arm ARM A8.8.25, A8.8.26)."""
    word = step.word
    if word >> 28 == 0xF:
        return word & 0x0E000000 == 0x0A000000  # blx label
    return word & 0x0F000000 == 0x0B000000 or word & 0x0FFFFFF0 == 0x012FFF30


def moves_stack(word: int) -> bool:
    """True when an instruction changes sp by an amount: what it writes is based on sp itself."""
    base = word >> 16 & 15
    if word >> 28 == 0xF or base != SP:
        return False
    kind = word >> 25 & 7
    if kind in (0, 1) and not word & (1 << 25) and word & 0x90 == 0x90:  # multiplies, ldrd, strh
        return True
    if kind in (0, 1):  # data processing: op sp, sp, …
        return word >> 12 & 15 == SP
    return kind in (2, 3, 4)  # loads and stores with write-back; ldm that loads sp is none of these


def loads_stack(word: int) -> bool:
    """``ldm`` with sp in its list, or ``ldr sp``: sp gets a value that was kept somewhere."""
    if word >> 25 & 7 == 4:
        return bool(word & (1 << 20) and word & (1 << SP))
    return word >> 26 & 3 == 1 and bool(word & (1 << 20)) and word >> 12 & 15 == SP


def sets_stack(step: Step, after: Step) -> bool:
    """The program loads sp with a value that is not made of its old one, perhaps the same. Of
    conditional instructions that leave it as it was, nothing is known, and False is told."""
    word = step.word
    if after.moved:
        return False
    if after.registers[SP] != step.registers[SP]:
        return loads_stack(word) or not moves_stack(word)
    if word >> 28 != 0xE:
        return False
    if loads_stack(word):
        return True
    operation, from_itself = word >> 21 & 15, word & 0xFFF == SP  # mov sp, sp
    processes = word >> 26 & 3 == 0 and (bool(word & (1 << 25)) or word & 0x90 != 0x90)
    compares = operation >> 2 == 2
    return (
        processes
        and not compares
        and word >> 12 & 15 == SP
        and not (word >> 16 & 15 == SP or from_itself)
    )


# -- Stacks ----------------------------------------------------------------------------------------

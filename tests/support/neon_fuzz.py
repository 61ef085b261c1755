"""Random instructions of Advanced SIMD in trials against Unicorn (``register_trials``), with loads
and stores of elements and structures.

    python -m support.neon_fuzz --count 20000 --seed 1          (from tests/)
"""

import re
import sys
from random import Random

from support import register_trials
from support.neon_listing import fields_of, refused
from support.register_trials import DATA, FAULT, UNDEFINED, Case, Family, Finish
from support.vfp_fuzz import float_bits

from dbt.decode.table import Row
from dbt.interfaces import PAGE
from frontends.arm.disasm import disassemble
from frontends.arm.encodings import neon

ROWS = tuple(row for row in neon.a32() if row.since != "v8")
_LOW_BITS = 0x00011001
"""The lowest bits of the numbers of registers, which are 0 in quad ones."""
_ALIGNMENT = re.compile(r"\[\w+:(\w+)\]")
"""In a listing: the bits that an address has to be a multiple of."""
_IT_EQ, _IT_NE = 0x08, 0x18
"""ITSTATE of the last instruction of a block, for two conditions."""
_ZERO = 4
"""Z among the flags."""
_T32_DATA, _T32_MEMORY = 0xEF000000, 0xF9000000


def _lane(random: Random, bits: int) -> int:
    """A lane, often one at which arithmetic goes wrong."""
    half = 1 << (bits - 1)
    edges = (0, 1, -1, 2, -2, half - 1, half, half + 1, bits, bits - 1, -bits, half >> 1)
    if random.random() < 0.4:
        return random.choice(edges) & 2 * half - 1
    return random.getrandbits(random.choice((bits, bits, bits // 2)))


def _double(random: Random, *, floats: bool) -> int:
    if floats and random.random() < 0.8:
        return float_bits(random, 32, 23) << 32 | float_bits(random, 32, 23)
    bits = random.choice((8, 16, 32, 64))
    return sum(_lane(random, bits) << place for place in range(0, 64, bits))


def _word(random: Random, row: Row) -> int:
    while True:
        word = neon.a32().draw(random, row)
        if random.random() < 0.8:
            word &= ~_LOW_BITS
        found = neon.a32().match(word)
        if found is not None and found[0] is row:
            return word


def thumb_word(word: int) -> int:
    """The word of T32 for one of A32, the half at the lower address high."""
    if word >> 24 == 0xF4:
        return word & 0xFFFFFF | _T32_MEMORY
    return word & 0xFFFFFF | _T32_DATA | (word >> 24 & 1) << 28


def arm_word(case: Case) -> int:
    """The word of A32 for that of a case."""
    if not case.thumb:
        return case.word
    if case.word >> 24 == 0xF9:
        return case.word & 0xFFFFFF | 0xF4000000
    return case.word & 0xFFFFFF | 0xF2000000 | (case.word >> 28 & 1) << 24


def draw(random: Random, row: Row, pc: int, thumb: bool) -> Case:
    """A random case of a row. The base of an access is often, but not always, aligned."""
    word = _word(random, row)
    floats = "float" in row.name or row.name[:5] in ("VCVT_", "VACGE", "VACGT", "VRECP", "VRSQR")
    some = [_double(random, floats=floats) for _ in range(5)]
    doubles = tuple(
        random.choice(some) if random.random() < 0.5 else _double(random, floats=floats)
        for _ in range(32)
    )
    modes = random.choice((0, 0x10, random.getrandbits(32) & 0x0FC0009F))
    status = modes | random.getrandbits(4) << 28
    registers = [random.getrandbits(32) for _ in range(15)]
    data = b""
    if row.name.startswith("VLD"):
        data = random.randbytes(PAGE)
        base = random.choice((0, 256, 256, PAGE - 40)) + random.randrange(40)
        base &= -random.choice((1, 2, 4, 8, 16, 32))
        registers[min(word >> 16 & 15, 14)] = DATA + base
    case_word = thumb_word(word) if thumb else word
    big = bool(data) and random.random() < 0.2
    it = random.choice((0, 0, _IT_EQ, _IT_NE)) if thumb else 0
    return Case(
        pc, row, case_word, doubles, status, tuple(registers), random.getrandbits(4), thumb, data,
        big, it,
    )  # fmt: skip


def excused(case: Case) -> str | None:
    """The manual's words for why a form is refused that the oracle executes, or None."""
    return refused(case.row, arm_word(case))


def amended(case: Case, theirs: Finish | str) -> Finish | str | None:
    """The oracle's result, but of accesses that are not aligned as the instruction asks. It makes
    them, where the manual has ``if (address MOD alignment) != 0 then AlignmentFault`` (A8.8.320).
    Nothing is compared of registers that are exchanged with themselves: ``if d == m then D[d+r] =
    bits(64) UNKNOWN`` (A8.8.421)."""
    field = fields_of(case.row, case.word)
    same = (field.get("d"), field.get("D")) == (field.get("m"), field.get("M"))
    if same and case.row.name.startswith(("VTRN", "VUZP", "VZIP")):
        return None
    asked = _ALIGNMENT.search(disassemble(case.code, case.pc, case.thumb))
    base = arm_word(case) >> 16 & 15
    skipped = case.it and (case.it == _IT_EQ) != bool(case.flags & _ZERO)
    if asked is None or base == 15 or theirs == UNDEFINED or skipped:
        return theirs
    return FAULT if case.registers[base] % (int(asked[1], 0) // 8) else theirs


FAMILY = Family(ROWS, draw, excused, amended)

if __name__ == "__main__":
    sys.exit(register_trials.main(FAMILY, __doc__.partition(".")[0]))

"""Random VFP instructions, and moves between core registers and lanes, in trials against Unicorn
(``register_trials``). Loads and stores are in the trials of stencils (``stencil_trials``), which
have the rows of VFP, too.

    python -m support.vfp_fuzz --count 20000 --seed 1          (from tests/)
"""

import sys
from random import Random

from support import register_trials
from support.register_trials import Case, Family, Finish

from dbt.decode.table import Row, Table
from dbt.ir.floating import ROUNDING_SHIFT
from frontends.arm.encodings import neon_core, vfp

VFP = Table(vfp.A32, neon_core.A32, never={"c": 0b1111})
MEMORY = frozenset({"VLDR", "VSTR", "VLDM", "VSTM", "VLDMDB", "VSTMDB"})
ROWS = tuple(row for row in VFP if row.name not in MEMORY)
ALWAYS = 0xE0000000


def float_bits(random: Random, bits: int, fraction: int) -> int:
    """A number of a format: often one at which arithmetic goes wrong."""
    exponents = (1 << (bits - fraction - 1)) - 1
    bias = exponents >> 1
    exponent = random.choice(
        (0, 0, 1, 2, exponents, exponents - 1, bias, bias + random.randrange(-40, 41))
    )
    if random.random() < 0.3:
        exponent = random.randrange(exponents + 1)
    full = (1 << fraction) - 1
    low = random.choice(
        (0, 0, 1, full, full - 1, 1 << (fraction - 1), random.getrandbits(fraction))
    )
    if random.random() < 0.3:
        low = random.getrandbits(8) << (fraction - 8)
    return random.getrandbits(1) << (bits - 1) | exponent << fraction | low


def double_bits(random: Random) -> int:
    match random.randrange(4):
        case 0:
            return random.getrandbits(64)
        case 1:
            return float_bits(random, 32, 23) << 32 | float_bits(random, 32, 23)
        case 2:  # halves
            return sum(float_bits(random, 16, 10) << 16 * place for place in range(4))
    return float_bits(random, 64, 52)


def _word(random: Random, row: Row) -> int:
    word = VFP.draw(random, row)
    if random.random() < 0.9:
        word = word & 0x0FFFFFFF | ALWAYS
    return word


def draw(random: Random, row: Row, pc: int, thumb: bool) -> Case:
    """A random case of a row. Operands are often close to each other, or one of a few."""
    some = [double_bits(random) for _ in range(5)]
    doubles = [random.choice(some) for _ in range(32)]
    for place in range(0, 32, 3):
        doubles[place] = double_bits(random)
    modes = random.choice((0, 0x10, 0x10, random.getrandbits(32) & 0x07C0009F))
    short = 0x10000 if random.random() < 0.02 else 0
    status = modes | short | random.getrandbits(4) << 28
    registers = tuple(random.getrandbits(32) for _ in range(15))
    flags = random.getrandbits(4)
    word = _word(random, row)
    if thumb:
        word = word & 0x0FFFFFFF | ALWAYS
    return Case(pc, row, word, tuple(doubles), status, registers, flags, thumb)


def excused(case: Case) -> str | None:
    """The manual's words for why a form is refused that the oracle executes, or None."""
    field = dict(zip(case.row.letters, case.row.extract(case.word), strict=True))
    if {15, *([13] if case.thumb else [])} & {field.get("t"), field.get("e")}:
        return "if t == 15 (or 13, in Thumb state) then UNPREDICTABLE"
    if case.row.name == "VMOV_pair":
        return "if to_arm_registers && t == t2 then UNPREDICTABLE; if m == 31 then UNPREDICTABLE"
    if case.row.name == "VCVT_fixed":
        return "if frac_bits < 0 then UNPREDICTABLE"
    return None


def amended(case: Case, theirs: Finish | str) -> Finish | str | None:
    """The oracle's result, but of numbers of fixed point. It rounds them as the FPSCR says, where
    the manual has ``FixedToFP(..., round_nearest = TRUE)`` (A8.8.308), as qemu-arm 7.2 does."""
    rounds = case.fpscr & 3 << ROUNDING_SHIFT
    to_float = not case.word >> 18 & 1 and not case.word >> 8 & 1
    return None if case.row.name == "VCVT_fixed" and to_float and rounds else theirs


FAMILY = Family(ROWS, draw, excused, amended)

if __name__ == "__main__":
    sys.exit(register_trials.main(FAMILY, __doc__.partition(".")[0]))

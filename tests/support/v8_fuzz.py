"""Random instructions that ARMv8 adds to VFP and Advanced SIMD, in trials against Unicorn
(``register_trials``). Those that access memory, and checksums, ``arm_fuzz`` draws.

    python -m support.v8_fuzz --count 20000 --seed 1          (from tests/)
"""

import sys
from random import Random

import attrs
from support import neon_fuzz, register_trials, vfp_fuzz
from support.register_trials import Case, Family, Finish

from dbt.decode.table import Row
from frontends.arm.encodings import A32, neon

NEON_ROWS = tuple(row for row in neon.a32() if row.since == "v8")
VFP_ROWS = tuple(row for row in A32 if row.since == "v8" and row.name[0] == "V")
_FLOATING = ("VMAXNM", "VRINT", "VCVT")
_UNCONDITIONAL = 0xF0000000


def draw(random: Random, row: Row, pc: int, thumb: bool) -> Case:
    """A random case of a row."""
    if row in VFP_ROWS:
        return _draw_vfp(random, row, pc, thumb)
    case = neon_fuzz.draw(random, row, pc, thumb)
    if row.name.startswith(_FLOATING):
        return attrs.evolve(case, doubles=_pairs_of_singles(random))
    return case


def _draw_vfp(random: Random, row: Row, pc: int, thumb: bool) -> Case:
    word = A32.draw(random, row)
    if "c" in row.letters and (thumb or random.random() < 0.9):
        word = word & 0x0FFFFFFF | vfp_fuzz.ALWAYS
    some = [vfp_fuzz.double_bits(random) for _ in range(5)]
    doubles = [random.choice(some) for _ in range(32)]
    for place in range(0, 32, 3):
        doubles[place] = vfp_fuzz.double_bits(random)
    modes = random.choice((0, 0x10, 0x10, random.getrandbits(32) & 0x07C0009F))
    return Case(
        pc, row, word, tuple(doubles), modes | random.getrandbits(4) << 28,
        tuple(random.getrandbits(32) for _ in range(15)), random.getrandbits(4), thumb,
    )  # fmt: skip


def _pairs_of_singles(random: Random) -> tuple[int, ...]:
    halves = [vfp_fuzz.float_bits(random, 32, 23) for _ in range(64)]
    return tuple(low | high << 32 for low, high in zip(halves[::2], halves[1::2], strict=True))


def excused(case: Case) -> str | None:
    """The manual's words for why a form is refused that the oracle executes, or None."""
    return neon_fuzz.excused(case) if case.row in NEON_ROWS else None


def amended(case: Case, theirs: Finish | str) -> Finish | str | None:
    """The oracle's result."""
    return theirs


FAMILY = Family(VFP_ROWS + NEON_ROWS, draw, excused, amended)

if __name__ == "__main__":
    sys.exit(register_trials.main(FAMILY, __doc__.partition(".")[0]))

"""The memory, branch and system rows against capstone and Unicorn: what they match, and what not."""

from random import Random

import pytest
from support.arm_fuzz_memory import Oracle, random_start
from support.arm_listing import SILENT, listing, mnemonics, silent

from frontends.arm.encodings import A32, branch, memory, system

ROWS = [
    line.split()[0]
    for table in (memory, branch, system)
    for line in table.A32.splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("name", ROWS)
def test_capstone_calls_it_the_same(name: str) -> None:
    row = A32.by_name[name]
    random = Random(name)
    named = 0
    for _ in range(60):
        word = A32.draw(random, row)
        if listing(word) == ".word" and silent(row, word):
            continue
        named += 1
        assert listing(word) in mnemonics(row, word), f"{word:08x}"
    assert named >= 30 or name in SILENT


def is_coprocessor_or_simd(word: int) -> bool:
    """Words of the floating-point, SIMD and generic coprocessor spaces: other tables."""
    if word >> 25 & 7 == 6 or word >> 24 & 15 == 14:
        return True
    return word >> 28 == 15 and (word >> 25 & 7 == 1 or (word >> 24 == 0xF4 and not word >> 20 & 1))


def test_what_no_row_matches_is_undefined() -> None:
    """Nothing is missing: Unicorn refuses every integer word that the whole table refuses."""
    random, oracle = Random(0), Oracle()
    tried = 0
    while tried < 1500:
        word = random.getrandbits(28) | random.choice((0xE0000000, 0xF0000000))
        word &= random.choice((-1, ~0xF00, ~0xF000, ~0xFF0))
        word |= random.choice((0, 0xF000, 0xF00))
        if is_coprocessor_or_simd(word) or A32.match(word):
            continue
        tried += 1
        assert oracle.run(random_start(random, word)).kind == "undefined", f"{word:08x}"

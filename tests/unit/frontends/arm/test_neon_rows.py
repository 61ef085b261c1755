"""The rows of Advanced SIMD against capstone: what they match, what it is called, and what not."""

from random import Random

import pytest
from support.neon_listing import is_later, listing, mnemonics, refused

from dbt.decode.table import Table
from frontends.arm.encodings import neon
from frontends.arm.keys import is_simd

TABLES = {False: neon.a32(), True: neon.t32()}


@pytest.mark.parametrize("thumb", TABLES, ids=("a32", "t32"))
def test_capstone_calls_them_the_same(thumb: bool) -> None:
    for row in TABLES[thumb]:
        random, named = Random(row.name), 0
        while named < 12:
            word = TABLES[thumb].draw(random, row)
            assert is_simd(word, thumb)
            if refused(row, word):
                continue
            named += 1
            text = listing(word, thumb=thumb)
            assert text.partition(".")[0].split()[0] in mnemonics(row, word), f"{word:08x} {text}"


@pytest.mark.parametrize("thumb", TABLES, ids=("a32", "t32"))
def test_no_row_is_missing_and_none_has_too_much(thumb: bool) -> None:
    table, random, found = TABLES[thumb], Random(0), 0
    for _ in range(12000):
        word = _draw(random, thumb)
        text = listing(word, thumb=thumb)
        match = table.match(word)
        if match is None:
            assert not text or is_later(text), f"{word:08x} {text}"
        elif not refused(match[0], word):
            found += 1
            assert text, f"{word:08x} {match[0].name}"
    assert found > 4000


def _draw(random: Random, thumb: bool) -> int:
    """A word of the spaces of Advanced SIMD; registers are often even."""
    word = random.getrandbits(24) | random.choice((0, 0x800000, 0xB00000))
    if random.random() < 0.7:
        word &= ~0x11001
    top = random.choice((0xF2, 0xF3, 0xF4))
    if top == 0xF4:
        word &= ~0x100000
    if not thumb:
        return top << 24 | word
    top = {0xF2: 0xEF, 0xF3: 0xFF, 0xF4: 0xF9}[top]
    return (word & 0xFFFF) << 16 | top << 8 | word >> 16


def test_the_spaces_hold_nothing_else() -> None:
    from frontends.arm.encodings import A32
    from frontends.arm.encodings.t32 import T32

    for table, thumb in ((A32, False), (T32, True)):
        random = Random(0)
        for row in table:
            words = [table.draw(random, row) for _ in range(20)]
            assert not any(is_simd(word, thumb) for word in words), row.name


def test_a_row_of_t32_differs_in_its_top_byte() -> None:
    assert neon.t32_row("X 1111 001U 0 D") == "X 111U 1111 0 D"
    assert neon.t32_row("X 1111 0100 1 D") == "X 1111 1001 1 D"


def test_a_letter_may_lack_several_values() -> None:
    table = Table("A hh 0 v1", "B 10 1 v1", width=3, never={"h": (0, 3)})
    assert [bool(table.match(word)) for word in range(0, 8, 2)] == [False, True, True, False]
    with pytest.raises(Exception, match="both match"):
        Table("A hh 0 v1", "B 1 ii v1", width=3, never={"h": (0, 3)})

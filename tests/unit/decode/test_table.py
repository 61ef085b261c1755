"""Encoding tables: what is refused, how overlaps resolve, how fields come out."""

from random import Random

import pytest

from dbt.decode.table import Table, TableError, carves_out, common_word, parse_row
from dbt.ir.symbolic import WORD, Trace
from frontends.arm.encodings import A32

ADD = "ADD_imm  cccc 001 0100 S nnnn dddd rrrr iiiiiiii  v4"
BLX = "BLX_imm  1111 101 H iiiiiiiiiiiiiiiiiiiiiiii  v5T"
BL = "BL  cccc 1011 iiiiiiiiiiiiiiiiiiiiiiii  v4"


def test_match_gives_the_row_and_its_fields_in_order() -> None:
    table = Table(ADD)
    found = table.match(0xE2901FFF)
    assert found is not None
    row, fields = found
    assert row.letters == ("c", "S", "n", "d", "r", "i")
    assert fields == (14, 1, 0, 1, 15, 255)
    assert table.match(0xE0901FFF) is None
    assert table.match(0xE2901FFF) is table.match(0xE2901FFF)


def test_a_guest_cannot_fill_the_memory_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbt.decode.table.MOST_KNOWN", 4)
    table, known = Table(ADD), set()
    for word in (*range(0xE2901000, 0xE2901020), 0xE2901000):
        found = table.match(word)
        assert found is not None
        assert found[1][-1] == word & 0xFF
        known.add(len(table._known))
    assert known == {1, 2, 3, 4}


def test_a_letter_in_two_places_is_one_field() -> None:
    row = parse_row("MOVW cccc 001 1000 0 iiii dddd iiiiiiiiiiii v6T2", 32, {})
    assert row.letters == ("c", "i", "d")
    assert row.extract(0xE30A1BCD) == (14, 0xABCD, 1)


def test_ignored_bits_match_anything() -> None:
    table = Table("NOP  10-- 0011  v1", width=8, index=0xC0)
    assert [table.match(word) is not None for word in (0b10010011, 0b10110011, 0b10110111)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "pattern",
    ["cccc 001", "cccc 001 0100 S nnnn dddd rrrr iiiiiiii 0", "2" * 32, "0101é" + "0" * 27],
)
def test_a_pattern_of_the_wrong_length_or_letters_is_refused(pattern: str) -> None:
    with pytest.raises(TableError, match="ODD"):
        Table(f"ODD {pattern} v4")


def test_sixteen_bit_tables() -> None:
    table = Table("LSL  000 00 iiiii mmm ddd  v4T", width=16, index=0xFC00)
    found = table.match(0x0051)
    assert found is not None
    assert found[1] == (1, 2, 1)
    with pytest.raises(TableError, match="not 16"):
        Table(ADD, width=16)


def test_an_overlap_names_both_rows_and_a_word() -> None:
    with pytest.raises(TableError, match=r"(X and Y|Y and X) both match 0xc1") as error:
        Table("X 11aa aa01 v1\nY 1a00 0001 v1\nZ 0aaa aaaa v1".replace("1a00", "1a0a"), width=8)
    assert "Z" not in str(error.value)


def test_equal_rows_and_equal_names_are_refused() -> None:
    with pytest.raises(TableError, match="both match"):
        Table("X 11aa aaaa v1\nY 11bb bbbb v1", width=8)
    with pytest.raises(TableError, match="X: named twice"):
        Table("X 11aa aaaa v1\nX 10bb bbbb v1", width=8)


def test_a_strict_carve_out_wins_in_any_order() -> None:
    rows = ["WIDE 11aa aaaa v1", "NARROW 1100 aaaa v1", "NARROWER 1100 0000 v1"]
    for order in (rows, rows[::-1]):
        table = Table("\n".join(order), width=8, index=0xFF)
        names = [table.match(word)[0].name for word in (0xFF, 0xC1, 0xC0)]  # type: ignore[index]
        assert names == ["WIDE", "NARROW", "NARROWER"]


def test_an_excluded_value_parts_conditional_from_unconditional() -> None:
    with pytest.raises(TableError, match="both match 0xfb"):
        Table(BL, BLX)
    table = Table(BL, BLX, never={"c": 0b1111})
    assert table.match(0xFB000000)[0].name == "BLX_imm"  # type: ignore[index]
    assert table.match(0xEB000000)[0].name == "BL"  # type: ignore[index]


def test_an_excluded_value_with_nothing_else_to_match() -> None:
    table = Table("X cc1 v1\nY 111 v1", width=3, never={"c": 0b11}, index=0)
    assert table.match(0b111)[0].name == "Y"  # type: ignore[index]
    assert table.match(0b101)[0].name == "X"  # type: ignore[index]


def test_common_word_is_matched_by_both() -> None:
    never = {"c": 0b1111}
    a = parse_row("A cccc 0aaa v1", 8, never)
    b = parse_row("B a111 aaaa v1", 8, {})
    word = common_word(a, b)
    assert word is not None
    assert a.matches(word)
    assert b.matches(word)
    assert not carves_out(a, b)
    assert not carves_out(b, a)


def test_drawn_words_belong_to_their_row_and_vary() -> None:
    random = Random(5)
    for row in A32:
        words = {A32.draw(random, row) for _ in range(20)}
        assert all(A32.match(word)[0] is row for word in words)  # type: ignore[index]
        assert len(words) > 5 or row.mask.bit_count() > 28


def test_every_word_of_a_small_table_is_matched_by_at_most_the_right_row() -> None:
    table = Table("P 1abb 0000 v1\nQ 11bb 0000 v1\nR 0aaa ---- v1", width=8, index=0xF0)
    for word in range(256):
        found = table.match(word)
        name = found[0].name if found else None
        if word >> 7 == 0:
            assert name == "R"
        elif word & 15 == 0:
            assert name == ("Q" if word >> 6 == 3 else "P")
        else:
            assert name is None


@pytest.mark.parametrize("word", [0x03, 0x7F, 0x9A, 0xB5])
def test_wide_words_are_looked_up_by_bits_of_their_own(word: int) -> None:
    rows = "P 0aaa aaaa v1\nQ 1000 bbbb v1\nR 1001 bbbb v1\nS 1011 bbbb v1"
    table = Table(rows, width=8, index=0x80, wide=(0x80, 0xF0))
    plain, trace = Table(rows, width=8, index=0x80), Trace()
    found, expected = table.match(word), plain.match(word)
    assert found is not None
    assert expected is not None
    assert (found[0].name, found[1]) == (expected[0].name, expected[1])
    symbolic = table.match(trace.number(WORD, word, 0xFF))
    assert symbolic is not None
    assert symbolic[0] is found[0]
    asked = [term[1] for term in trace.decisions if isinstance(term, tuple)]
    wide = [("and", WORD, 0xF0)] if word & 0x80 else []
    assert asked == [("and", WORD, 0x80), *wide]

"""What a guest has chosen is shown in one line and obeyed by no terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.text import LINE, printable

ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=300)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("grün → ✓", "grün → ✓"),
        (r"C:\new", r"C:\new"),
        ("a\nb\r\t", r"a\nb\r\t"),
        ("\x1b[2J\x07\x9b", r"\x1b[2J\x07\x9b"),
        ("abc\u202etxt.exe\u2066", r"abc\u202etxt.exe\u2066"),
        ("line\u2028end\U000e0001", r"line\u2028end\U000e0001"),
        ("\udcff\ud800", r"\xff\ud800"),
        (b"gr\xc3\xbcn \xff\0", r"grün \xff\x00"),
    ],
)
def test_what_is_not_printable_is_escaped(text: str | bytes, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("size", [101, 20 << 20])
def test_what_is_long_is_cut_and_its_length_is_said(size: int) -> None:
    end = f"… ({size} characters)"
    assert printable("x" * size, 100) == "x" * (100 - len(end)) + end
    assert printable(b"x" * size, 100).endswith(f"xx… ({size} bytes)")


def test_what_is_just_short_enough_is_whole() -> None:
    assert printable("x" * LINE) == "x" * LINE
    assert printable(b"\xf0\x9f\x90\x8d" * LINE) == "🐍" * LINE


@given(ANYTHING | st.binary(max_size=300), st.integers(40, 120))
def test_it_is_one_line_within_the_limit_and_passes_again_unchanged(
    text: str | bytes, limit: int
) -> None:
    shown = printable(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    assert printable(shown, limit) == shown

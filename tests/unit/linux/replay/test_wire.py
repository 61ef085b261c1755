"""Values of a log as bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.linux.replay.wire import Damaged, pack, unpack

NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.binary()
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=4))
def test_values_come_back(values: list[object]) -> None:
    out = bytearray()
    for value in values:
        pack(value, out)
    assert unpack(bytes(out)) == values


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_or_are_values(data: bytes) -> None:
    with contextlib.suppress(Damaged):
        unpack(data)


def test_paths_keep_bytes_that_are_no_text() -> None:
    out = bytearray()
    pack("a\udcff", out)
    assert unpack(bytes(out)) == ["a\udcff"]


def test_what_is_no_value() -> None:
    with pytest.raises(TypeError, match="a log has no dict"):
        pack({}, bytearray())


@pytest.mark.parametrize(
    "data", [b"b\xff\0\0\0x", b"x", b"i\0", b"t\1\0\0\0" * 40, b"s\1\0\0\0\xff"]
)
def test_damage(data: bytes) -> None:
    if data[:1] == b"s":  # what is no text keeps its bytes
        assert unpack(data) == ["\udcff"]
        return
    with pytest.raises(Damaged):
        unpack(data)

"""Ranges hold the addresses that they should, however they come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.runtime.ranges import Ranges

ADDRESSES = st.integers(0, 64) | st.integers(0, (1 << 32) - 1)
BOUNDS = st.tuples(ADDRESSES, st.integers(1, 40) | st.integers(1, 1 << 32)).map(
    lambda drawn: (drawn[0], drawn[0] + drawn[1])
)


@given(st.lists(BOUNDS, max_size=12), st.data())
def test_what_ranges_hold_is_what_one_of_them_holds(
    bounds: list[tuple[int, int]], data: st.DataObject
) -> None:
    ranges, kept = Ranges(), list(bounds)
    for one in bounds:
        ranges.add(one)
    gone = data.draw(st.lists(st.sampled_from(bounds), unique=True)) if bounds else []
    for one in gone:
        ranges.remove(one)
        kept.remove(one)
    assert sorted(ranges) == sorted(set(kept))
    assert len(ranges) == len(set(kept))
    edges = [edge for one in bounds for at in one for edge in (at - 1, at, at + 1)]
    for address in [*edges, data.draw(ADDRESSES)]:
        assert ranges.holds(address) == any(start <= address < end for start, end in kept)


def test_a_range_goes_when_it_was_removed_as_often_as_it_was_added() -> None:
    ranges = Ranges()
    ranges.add((8, 16))
    ranges.add((8, 16))
    ranges.remove((8, 16))
    assert ranges.holds(8)
    ranges.remove((8, 16))
    assert not ranges.holds(8)
    assert (8, 16) not in ranges
    with pytest.raises(KeyError):
        ranges.remove((8, 16))

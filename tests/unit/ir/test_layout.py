"""Layouts: where slots are, and which of them share bytes."""

import pytest

from dbt.ir.layout import CONTROL_BYTES, View, extend, lay_out
from dbt.ir.types import F32, F64, I1, I32, V128

VECTORS = [("x", I32), ("v", V128), ("f", F64)]
VIEWS = [
    View("d0", F64, "v"),
    View("d1", F64, "v", 8),
    *(View(f"s{n}", F32, "v", 4 * n) for n in range(4)),
]


def test_views_are_within_their_slot() -> None:
    layout = lay_out(VECTORS, VIEWS)
    at = {
        slot.name: (slot.offset - CONTROL_BYTES, slot.end - CONTROL_BYTES) for slot in layout.slots
    }
    assert at["x"] == (0, 4)
    assert at["v"] == (16, 32)
    assert at["d1"] == (24, 32)
    assert at["s2"] == (24, 28)
    assert at["f"] == (32, 40)


def test_slots_that_share_bytes_overlap() -> None:
    layout = lay_out(VECTORS, VIEWS)
    assert layout.overlaps("d1") == ("v", "s2", "s3")
    assert layout.overlaps("s1") == ("v", "d0")
    assert layout.overlaps("v") == ("d0", "d1", "s0", "s1", "s2", "s3")
    assert layout.overlaps("f") == layout.overlaps("x") == ()


def test_a_longer_layout_has_the_slots_where_they_were() -> None:
    layout = lay_out(VECTORS, VIEWS)
    longer = extend(layout, [("flag", I1), ("w", V128)])
    assert longer.slots[: len(layout.slots)] == layout.slots
    assert longer.by_name["flag"].offset == layout.size
    assert longer.overlaps("w") == longer.overlaps("flag") == ()


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (View("y", F64, "v", 12), "y is not within v"),
        (View("y", F32, "v", 2), "y is not within v"),
        (View("y", F32, "v", 16), "y is not within v"),
        (View("y", I32, "v"), "do not overlap"),
        (View("y", F32, "x"), "do not overlap"),
    ],
)
def test_a_view_has_to_fit(view: View, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        lay_out(VECTORS, [view])

"""Medians, quartiles and ratios, computed by hand."""

import pytest

from dbt.experiments.harness.measure import Timing, quartiles


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((7.0,), (7.0, 7.0)),
        ((1.0, 3.0), (1.5, 2.5)),
        ((1.0, 2.0, 3.0, 4.0, 5.0), (2.0, 4.0)),
        ((4.0, 1.0, 3.0, 2.0), (1.75, 3.25)),  # the order does not matter
    ],
)
def test_quartiles(values: tuple[float, ...], expected: tuple[float, float]) -> None:
    assert quartiles(values) == expected


def test_quartiles_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        quartiles(())


def test_timing() -> None:
    timing = Timing((3.0, 1.0, 2.0, 10.0, 4.0))
    assert timing.median == 3.0
    assert timing.iqr == 2.0  # quartiles 2 and 4
    assert timing.spread == 3.0  # (10 - 1) / 3


def test_ratios_compare_within_a_round() -> None:
    """The second round was slow for both: the ratio does not see it."""
    assert Timing((2.0, 20.0, 3.0)).ratios(Timing((1.0, 10.0, 2.0))) == (2.0, 2.0, 1.5)
    with pytest.raises(ValueError, match="argument"):
        Timing((1.0, 2.0)).ratios(Timing((1.0,)))

"""Lines through figures, and what tells that they are not straight."""

import pytest

from dbt.experiments.growth.fits import exponent, fit

AMOUNTS = (1_000, 10_000, 30_000, 100_000)


def test_a_straight_line_has_its_slope_and_exponent_1() -> None:
    found = fit(AMOUNTS, [7 + 0.5 * n for n in AMOUNTS])
    assert found is not None
    assert (found.slope, found.intercept) == (pytest.approx(0.5), pytest.approx(7))
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert found.exponent == pytest.approx(1)


def test_a_square_is_no_line() -> None:
    found = fit(AMOUNTS, [3e-6 * n**2 for n in AMOUNTS])
    assert found is not None
    assert found.exponent is not None
    assert found.exponent > 1.9
    assert found.residual > 0.05


def test_what_the_first_one_costs_does_not_count() -> None:
    """Loading LLVM for the first hook is no growth."""
    amounts = (0, 10, 100, 1_000)
    assert exponent(amounts, [0, 505, 550, 1_000]) == pytest.approx(1, rel=0.01)


def test_figures_that_do_not_grow_have_no_exponent() -> None:
    falling = fit(AMOUNTS, (4, 3, 2, 1))
    assert falling is not None
    assert falling.exponent is None
    assert falling.slope < 0


def test_two_points_are_on_any_line() -> None:
    assert fit((1, 2), (3, 4)) is None

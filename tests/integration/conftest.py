"""Whole programs on the whole translator."""

from pathlib import Path

import pytest

GUESTS = Path(__file__).parents[1] / "guests"
BENCH = Path(__file__).parents[2] / "benchmarks" / "guests"


@pytest.fixture(params=["0", "2", "auto"])
def tier(request: pytest.FixtureRequest) -> str:
    """Each tier of numba_jit."""
    return str(request.param)

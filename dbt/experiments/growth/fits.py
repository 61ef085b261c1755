"""Whether figures grow as a straight line, in numbers."""

import math
import statistics
from collections.abc import Sequence

import attrs

DECADE = 30
"""An exponent is of amounts that are at least this part of the largest."""


@attrs.frozen
class Fit:
    """A line through points, and what speaks against it."""

    slope: float
    """Of the line by least squares, for each one of the amount."""
    intercept: float
    residual: float
    """The largest distance of a point from the line, as a part of the largest figure."""
    exponent: float | None
    """The power of the amount by which figures grow beyond that of the smallest amount above 0,
    which has what the first one costs: 1 is straight, 2 a square. None where less than two figures
    are above that."""


def fit(amounts: Sequence[float], figures: Sequence[float]) -> Fit | None:
    """Fit a line to medians; None of less than three points. Amounts rise."""
    if len(amounts) < 3:
        return None
    slope, intercept = statistics.linear_regression(amounts, figures)
    largest = max(map(abs, figures)) or 1.0
    away = [abs(y - slope * x - intercept) for x, y in zip(amounts, figures, strict=True)]
    return Fit(slope, intercept, max(away) / largest, exponent(amounts, figures))


def exponent(amounts: Sequence[float], figures: Sequence[float]) -> float | None:
    """See ``Fit.exponent``."""
    first, base = next((x, y) for x, y in zip(amounts, figures, strict=True) if x > 0)
    logs = [
        (math.log(x - first), math.log(y - base))
        for x, y in zip(amounts, figures, strict=True)
        if x > first and x >= amounts[-1] / DECADE and y > base
    ]
    if len(logs) < 2:
        return None
    return statistics.linear_regression(*zip(*logs, strict=True)).slope

"""Repeats and what is said of them: interleaved rounds, medians, quartiles, ratios in a round."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Protocol

import attrs


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile, interpolated between the values as they are (numpy's default).

    One value is both of its quartiles. Raises ValueError when there is none.
    """
    if not values:
        raise ValueError("no values")
    if len(values) == 1:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


class Run(Protocol):
    """Whatever shows how long one run took."""

    @property
    def seconds(self) -> float: ...


@attrs.frozen
class Timing:
    """Seconds of one contender, in the order they were taken."""

    seconds: tuple[float, ...]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Timing":
        """The seconds of several runs."""
        return cls(tuple(run.seconds for run in runs))

    @property
    def median(self) -> float:
        """The middle, in seconds."""
        return statistics.median(self.seconds)

    @property
    def iqr(self) -> float:
        """Distance of the quartiles, in seconds."""
        first, third = quartiles(self.seconds)
        return third - first

    @property
    def spread(self) -> float:
        """(slowest - fastest) / median."""
        return (max(self.seconds) - min(self.seconds)) / self.median

    def ratios(self, base: "Timing") -> tuple[float, ...]:
        """Our time over the other's, round by round: a slow spell hits both alike.

        Raises ValueError when the numbers of rounds differ.
        """
        return tuple(
            own / other for own, other in zip(self.seconds, base.seconds, strict=True) if other > 0
        )

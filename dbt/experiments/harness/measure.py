"""Statistics of repeated runs: medians, quartiles, ratios within a round."""

import statistics
from collections.abc import Iterable, Sequence

import attrs

from dbt.typing import Protocol


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile, interpolated linearly (numpy's default).

    The quartiles of one value are that value. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values")
    if len(values) == 1:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


class Run(Protocol):
    """A run whose time is known."""

    @property
    def seconds(self) -> float: ...


@attrs.frozen
class Timing:
    """Seconds of one contender, in the order of the rounds."""

    seconds: tuple[float, ...]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Timing":
        """The seconds of several runs."""
        return cls(tuple(run.seconds for run in runs))

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    @property
    def iqr(self) -> float:
        """The distance between the quartiles, in seconds."""
        first, third = quartiles(self.seconds)
        return third - first

    @property
    def spread(self) -> float:
        """(slowest - fastest) / median."""
        return (max(self.seconds) - min(self.seconds)) / self.median

    def ratios(self, base: "Timing") -> tuple[float, ...]:
        """This time divided by ``base``'s in the same round, so that a slow phase of the machine
        affects both alike. Rounds in which the base took no time are left out.

        Raises ValueError when the numbers of rounds differ.
        """
        return tuple(
            own / other for own, other in zip(self.seconds, base.seconds, strict=True) if other > 0
        )

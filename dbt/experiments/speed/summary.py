"""What the rows of a result say of each contender, and of each aim of the project."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from dbt.experiments.speed import small, whole
from dbt.experiments.speed.contenders import BASE

Row = Mapping[str, Any]
Result = Mapping[str, Any]

BRIEF = 0.3
"""Seconds of qemu-arm below which start-up matters, and not the ratio."""


@attrs.frozen
class Summary:
    """One contender over the programs of a group. Means are geometric."""

    contender: str
    programs: int
    mean: float
    worst: float
    worst_program: str
    cpu_mean: float
    spread: float
    """The median of the spreads of its times."""


def groups(result: Result) -> list[str]:
    """The groups that were measured."""
    return list(dict.fromkeys(row["group"] for row in result["rows"]))


def rows_of(result: Result, group: str, contender: str) -> list[Row]:
    """The rows of a contender."""
    return [row for row in result["rows"] if (row["group"], row["contender"]) == (group, contender)]


def contenders(result: Result, group: str) -> list[Summary]:
    """The summary of each contender but qemu-arm, in their order."""
    names = dict.fromkeys(row["contender"] for row in result["rows"] if row["group"] == group)
    return [_summary(name, rows_of(result, group, name)) for name in names if name != BASE]


def _summary(name: str, rows: list[Row]) -> Summary:
    worst = min(rows, key=lambda row: row["ratio"])
    return Summary(
        name,
        len(rows),
        statistics.geometric_mean(row["ratio"] for row in rows),
        worst["ratio"],
        worst["program"],
        statistics.geometric_mean(row["cpu_ratio"] for row in rows),
        statistics.median(row["spread"] for row in rows),
    )


# -- Aims ------------------------------------------------------------------------------------------


@attrs.frozen
class Aim:
    """What the project wants to reach: a figure that is to be at least, or at most, a bound."""

    what: str
    bound: float
    at_most: bool
    measure: Callable[[Result], float | None]
    """None when the result has not what it needs."""
    hot: bool = False
    """Whether it is about hot code, of which short sizes say nothing: they are mostly start-up."""

    def reached(self, value: float) -> bool:
        """Whether a value is as good as wanted."""
        return value <= self.bound if self.at_most else value >= self.bound


def _ratios(result: Result, group: str, contender: str) -> list[float]:
    return [row["ratio"] for row in rows_of(result, group, contender)]


def _mean(group: str, contender: str) -> Callable[[Result], float | None]:
    def measure(result: Result) -> float | None:
        found = _ratios(result, group, contender)
        return statistics.geometric_mean(found) if found else None

    return measure


def _worst(group: str, contender: str) -> Callable[[Result], float | None]:
    return lambda result: min(_ratios(result, group, contender), default=None)


def _unchained(contender: str) -> Callable[[Result], float | None]:
    """The most that a program is slower without chaining."""

    def measure(result: Result) -> float | None:
        chained = rows_of(result, small.GROUP, contender)
        other = {
            row["program"]: row for row in rows_of(result, small.GROUP, f"{contender}-unchained")
        }
        times = [
            other[row["program"]]["median_s"] / row["median_s"]
            for row in chained
            if row["program"] in other
        ]
        return max(times, default=None)

    return measure


def thumb(result: Result) -> dict[tuple[str, str], float]:
    """The processor time of A32 code over that of T32 code of the same source, by program and
    contender, of those that were measured in both."""
    found = {(row["program"], row["contender"]): row["median_cpu_s"] for row in result["rows"]}
    return {
        (program, contender): arm / found[f"{small.PREFIX}{program}", contender]
        for (program, contender), arm in found.items()
        if (f"{small.PREFIX}{program}", contender) in found
    }


def _thumb(result: Result) -> float | None:
    """The mean for ``auto``."""
    found = thumb(result).items()
    return _geometric(ratio for (_, contender), ratio in found if contender == "auto")


def _long(result: Result) -> float | None:
    """The mean over the whole programs that take qemu-arm longer than BRIEF."""
    return _geometric(row["ratio"] for row in _whole(result) if _base(row) > BRIEF)


def _brief(result: Result) -> float | None:
    """The most seconds that one of the others takes longer than qemu-arm."""
    return max(
        (row["median_s"] - _base(row) for row in _whole(result) if _base(row) <= BRIEF),
        default=None,
    )


def _start_up(result: Result) -> float | None:
    return next(
        (row["median_s"] for row in _whole(result) if row["program"] == whole.NAMES[0]), None
    )


def _first(result: Result) -> float | None:
    return max((row["first_s"] - row["median_s"] for row in result["first"]), default=None)


def _whole(result: Result) -> list[Row]:
    return rows_of(result, whole.GROUP, "auto")


def _base(row: Row) -> float:
    return float(statistics.median(row["base_seconds"]))


def _geometric(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.geometric_mean(found) if found else None


EXPLICIT = "auto-explicit"
AIMS = (
    Aim("small programs, auto: mean", 2.8, False, _mean(small.GROUP, "auto"), hot=True),
    Aim("small programs, auto: worst", 1.0, False, _worst(small.GROUP, "auto"), hot=True),
    Aim("small programs, auto-explicit: mean", 2.0, False, _mean(small.GROUP, EXPLICIT), hot=True),
    Aim("small programs, auto-block: mean", 1.5, False, _mean(small.GROUP, "auto-block"), hot=True),
    Aim("small programs, tier0: mean", 0.8, False, _mean(small.GROUP, "tier0"), hot=True),
    Aim("floating point, auto: mean", 5.0, False, _mean(small.FLOAT, "auto"), hot=True),
    Aim("T32 code, auto: A32's processor time over its, mean", 0.9, False, _thumb, hot=True),
    Aim("auto without chaining: times slower, worst", 3.0, True, _unchained("auto"), hot=True),
    Aim("tier0 without chaining: times slower, worst", 3.0, True, _unchained("tier0"), hot=True),
    Aim(f"whole programs over {BRIEF} s, auto: mean", 1.0, False, _long),
    Aim("the other whole programs, auto: seconds longer than qemu-arm, worst", 0.2, True, _brief),
    Aim("busybox true, auto: seconds", 0.15, True, _start_up),
    Aim("first run ever: seconds longer than the second, worst", 8.0, True, _first),
)


def aims(result: Result) -> list[tuple[Aim, float]]:
    """What was measured of each aim, of those about hot code in whole sizes only: what falls short
    comes first."""
    measured = [(aim, aim.measure(result)) for aim in AIMS if not (aim.hot and result["short"])]
    known = [(aim, value) for aim, value in measured if value is not None]
    return sorted(known, key=lambda pair: pair[0].reached(pair[1]))

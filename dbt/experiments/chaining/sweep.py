"""Plans what the chaining laboratory measures: settings, and which is compared with which."""

from collections.abc import Iterator, Sequence

import attrs

from dbt.experiments.harness.guest_run import KINDS, Setting
from dbt.experiments.harness.profile import Function, Profile

COUNTS = (0, 1, 10, 100)
LENGTHS = (1, 2, 4, 8, 16, 64)
FUNCTIONS = 6


@attrs.frozen
class Plan:
    """The extent of an experiment."""

    tiers: tuple[str, ...] = ("0", "2", "auto")
    units: tuple[str, ...] = ("block",)
    counts: tuple[int, ...] = COUNTS
    draws: int = 3
    """Number of random choices of denied targets, made with ``seed``, ``seed`` + 1, ..."""
    lengths: tuple[int, ...] = LENGTHS
    functions: int = FUNCTIONS
    seed: int = 1


@attrs.frozen
class Point:
    """One row of the result: a setting, the one it is compared with, and its place in a plot."""

    series: str
    """``kinds``, ``denied``, ``frequency`` or ``length``."""
    setting: Setting
    base: Setting
    label: str
    x: float
    function: Function | None = None
    draw: int | None = None


def points(plan: Plan, profile: Profile) -> list[Point]:
    """All rows, grouped by series."""
    found: list[Point] = []
    for tier in plan.tiers:
        for unit in plan.units:
            if unit != "block" and tier in ("0", "1"):
                continue
            base = Setting(tier=tier, unit=unit)
            found += _kinds(base)
            found += _denied(base, plan, profile)
            found += _frequency(base, plan.functions, profile)
            found += _lengths(base, plan.lengths)
    found.sort(key=lambda point: SERIES.index(point.series))
    return found


SERIES = ("kinds", "denied", "frequency", "length")


def settings_of(found: Sequence[Point]) -> list[Setting]:
    """Each setting that the points need, once, in order."""
    return list(dict.fromkeys(s for point in found for s in (point.base, point.setting)))


def _kinds(base: Setting) -> Iterator[Point]:
    for index, kinds in enumerate(KINDS):
        setting = attrs.evolve(base, kinds=kinds)
        yield Point("kinds", setting, base, kinds, index)


def _denied(base: Setting, plan: Plan, profile: Profile) -> Iterator[Point]:
    counts = sorted({min(count, len(profile.executions)) for count in plan.counts})
    for count in counts:
        hottest = profile.targets("hottest", count)
        yield Point("denied", attrs.evolve(base, denied=hottest), base, "hottest", count)
        for draw in range(plan.draws if count else 1):
            drawn = profile.targets("random", count, plan.seed + draw)
            setting = attrs.evolve(base, denied=drawn)
            yield Point("denied", setting, base, "random", count, draw=draw)


def _frequency(base: Setting, count: int, profile: Profile) -> Iterator[Point]:
    """Deny one function at a time; x is its calls in 1,000 instructions of the program."""
    for function in profile.spread_functions(count):
        often = 1000 * function.calls / max(profile.outcome.instructions, 1)
        setting = attrs.evolve(base, denied=(function.pc,))
        yield Point("frequency", setting, base, function.name, often, function)


def _lengths(base: Setting, lengths: Sequence[int]) -> Iterator[Point]:
    """Nothing chained compared with all chained, in blocks of at most so many instructions."""
    for length in lengths:
        chained = attrs.evolve(base, max_insns=length)
        yield Point("length", attrs.evolve(chained, kinds="off"), chained, "off", length)

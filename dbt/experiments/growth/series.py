"""What is measured: the series of the growth laboratory, and the amounts of each."""

from collections.abc import Callable, Iterable
from functools import partial

import attrs

from dbt.data import GROWTH
from dbt.experiments.harness.guest_run import Program, Setting
from dbt.process import Process

SIZE = 24
"""Instructions of a function, where code is what grows."""
SMALL = 8
"""The same, where hooks and denied targets grow."""


COPIED = Setting("0")
Remove = Callable[[], object]
Add = Callable[[Process, list[int], Callable[[object], None]], Remove]
"""Does something to functions, the hook being what hooks call; returns what undoes it."""


@attrs.frozen
class Series:
    """One line of a plot: amounts of something, under one setting."""

    name: str
    kind: str
    """``code``, ``targets`` or ``rewrites``."""
    unit: str
    """What the amounts are of."""
    amounts: tuple[int, ...]
    setting: Setting = COPIED
    add: Add | None = None
    live: bool = False
    """Targets are added after the code was translated and run."""
    pages: int = 1
    words: int = 8
    """Of rewritten code: pages in turn, and words of a function, 0 for lengths that are drawn."""

    @property
    def short(self) -> "Series":
        """The same, with a fiftieth of each amount."""
        amounts = {max(amount // 50, min(amount, 200)) for amount in self.amounts}
        return attrs.evolve(self, amounts=tuple(sorted(amounts)))


@attrs.frozen
class Point:
    """One amount of a series."""

    series: str
    amount: int


def program(series: Series, amount: int, seed: int) -> Program:
    """The guest of a point. Targets of all amounts are in the same guest."""
    words: tuple[int, ...]
    if series.kind == "rewrites":
        words = (amount, seed, series.words, series.pages)
        return Program(GROWTH, ("jit", *map(str, words)))
    instructions, size = amount, SIZE
    if series.kind == "targets":
        instructions, size = max(series.amounts) * (SMALL + 4), SMALL
    return Program(GROWTH, ("code", *map(str, (instructions, seed, size, 2))))


def _deny(process: Process, pcs: list[int], _hook: Callable[[object], None]) -> Remove:
    process.chain.deny(*pcs)
    return partial(process.chain.allow, *pcs)


def _deny_each(process: Process, pcs: list[int], _hook: Callable[[object], None]) -> Remove:
    for pc in pcs:
        process.chain.deny(pc)
    return partial(_each, [partial(process.chain.allow, pc) for pc in pcs])


def _each(calls: Iterable[Remove]) -> None:
    for call in calls:
        call()


def _hook(
    mechanism: str, process: Process, pcs: list[int], hook: Callable[[object], None]
) -> Remove:
    on_call = process.hooks.on_call
    return partial(_each, [on_call(pc, hook, mechanism=mechanism) for pc in pcs])


_CODE = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 5_000_000)
_TARGETS = (0, 2_000, 6_000, 20_000, 60_000, 200_000)

ALL = (
    Series("code", "code", "instruction", _CODE),
    Series("code-counted", "code", "instruction", _CODE, Setting("auto")),
    Series("code-compiled", "code", "instruction", (3_000, 10_000, 30_000, 100_000), Setting("2")),
    Series("denied", "targets", "target", _TARGETS, add=_deny),
    Series("denied-live", "targets", "target", _TARGETS, add=_deny_each, live=True),
    Series("hooks", "targets", "hook", _TARGETS, add=partial(_hook, "entry")),
    Series("hooks-live", "targets", "hook", _TARGETS, add=partial(_hook, "entry"), live=True),
    Series("watched-live", "targets", "hook", _TARGETS, add=partial(_hook, "dispatch"), live=True),
    Series("rewrites", "rewrites", "rewrite", (100_000,)),
    Series("rewrites-pages", "rewrites", "rewrite", (100_000,), pages=64),
    Series("rewrites-sizes", "rewrites", "rewrite", (100_000,), words=0, pages=3),
)
NAMES = tuple(series.name for series in ALL)


def chosen(names: Iterable[str], *, short: bool) -> list[Series]:
    """The series of these names, in the order of ALL."""
    wanted = {*names}
    found = [series for series in ALL if series.name in wanted]
    return [series.short for series in found] if short else found


def points(all_series: Iterable[Series]) -> list[Point]:
    """All points, in order."""
    return [Point(one.name, amount) for one in all_series for amount in one.amounts]

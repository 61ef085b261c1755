"""What a run called: costs by function and by arc, and by call path for the flame graph.

Both are bounded: a program with deep recursion has millions of call paths. ``MOST_PATHS`` are told
apart while it runs, ``MOST_FRAMES`` are in the page; what is left out counts for its callers.
"""

from typing import TypeAlias

import attrs

from dbt.hooks.follow.summing import Path, Summing
from dbt.hooks.outputs.base import Place, Program, clean
from dbt.hooks.outputs.callgraph import UNWATCHED, CallGraph, Function
from dbt.text import NAME

MOST_PATHS = 200_000
"""Call paths that are told apart."""
MOST_FRAMES = 10_000
"""Frames of a flame graph, the most expensive ones."""


Row: TypeAlias = tuple[int, int, int, int, int]
"""A frame: the index of its caller's (-1: none), that of its name, calls, own cost, and in all."""


@attrs.frozen
class Flame:
    """The frames of a flame graph, callers before what they call; ``left_out`` of them are not
    here, each of which cost ``least`` guest instructions at most. ``merged`` calls had paths beyond
    those that are told apart."""

    names: tuple[str, ...]
    frames: tuple[Row, ...]
    left_out: int
    least: int
    merged: int


class Calls(CallGraph):
    """Have it ``take`` what was added up, then read it."""

    def __init__(self, program: Program) -> None:
        super().__init__(program.start)
        self.places: dict[Function, Place] = {}
        """Of each function that was called, as it was mapped then."""
        self.merged = 0
        self._program = program
        self._paths: list[Path] = []
        self._known: list[Function] = []
        """The functions by index, as ``_paths`` has them."""

    def seen(self, pc: int, symbol: str) -> None:
        """A function will be called first."""
        self.places.setdefault(Function(pc, symbol), self._program.place_of(pc))

    def take(self, sums: Summing) -> None:
        """Take what was added up of the whole run."""
        super().take(sums)
        self.merged = sums.merged
        self._known = [UNWATCHED, *(Function(*function) for function in sums.functions[1:])]
        self._paths = list(sums.paths())

    def flame(self, most: int = MOST_FRAMES) -> Flame:
        """The frames of the most expensive paths."""
        paths = self._paths
        totals = _totals(paths)
        outside = self.total - sum(
            n for path, n in zip(paths, totals, strict=True) if not path.before
        )
        order = sorted(range(1, len(paths)), key=lambda n: -totals[n])  # stable: callers come first
        kept = sorted(order[:most])
        least = max((totals[n] for n in order[most:]), default=0)
        names: dict[str, int] = {}
        spelled = self.names(NAME)
        where = {0: -1}
        rows: list[Row] = []
        for n in kept:
            path = paths[n]
            function = self._known[path.function]
            where[n] = len(rows)
            name = spelled.get(function) or clean(function.symbol, NAME)
            index = names.setdefault(name, len(names))
            rows.append((where[path.before], index, path.calls, path.self_cost, totals[n]))
        if outside > 0:
            index = names.setdefault(UNWATCHED.symbol, len(names))
            rows.append((-1, index, 0, outside, outside))
        return Flame(tuple(names), tuple(rows), len(order) - len(kept), least, self.merged)


def _totals(paths: list[Path]) -> list[int]:
    """The inclusive cost of each path, 0 for the empty one."""
    totals = [path.self_cost for path in paths]
    for n in range(len(paths) - 1, 0, -1):
        totals[paths[n].before] += totals[n]
    return [0, *totals[1:]]

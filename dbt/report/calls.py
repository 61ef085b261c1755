"""What a run called: costs by function and by arc, and by call path for the flame graph.

Both are bounded: a program with deep recursion has millions of call paths. ``MOST_PATHS`` are told
apart while it runs, ``MOST_FRAMES`` are in the page; what is left out counts for its callers.
"""

from typing import TypeAlias

import attrs

from dbt.hooks.outputs.base import Line, Program, clean
from dbt.hooks.outputs.callgraph import UNWATCHED, CallGraph, Function
from dbt.hooks.outputs.calltree import Frame
from dbt.hooks.records import Kind, Record
from dbt.text import NAME

MOST_PATHS = 200_000
"""Call paths that are told apart."""
MOST_FRAMES = 10_000
"""Frames of a flame graph, the most expensive ones."""
CALLS = (Kind.CALL, Kind.TAIL_CALL)


@attrs.frozen
class Place:
    """Where a function is: its ELF file, empty if it is in none, and its first source line."""

    object: str = ""
    line: Line | None = None


@attrs.define(eq=False)
class _Path:
    """A call path: its own cost, calls, and the paths that are one function longer."""

    function: Function
    cost: int = 0
    calls: int = 0
    longer: "dict[Function, _Path]" = attrs.field(factory=dict)


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
    """Feed it records; read it when it is finished."""

    def __init__(self, program: Program, most_paths: int = MOST_PATHS) -> None:
        super().__init__(program.start)
        self.places: dict[Function, Place] = {}
        """Of each function that was called, as it was mapped then."""
        self.merged = 0
        self._program = program
        self._root = _Path(UNWATCHED)
        self._open: dict[Frame, _Path] = {}
        self._room = most_paths

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if record.kind in CALLS:
            function = Function(record.function, record.symbol)
            if function not in self.places:
                pc = record.function
                self.places[function] = Place(self._program.object_of(pc), self._program.line(pc))
        super().feed(record)

    def opened(self, frame: Frame) -> None:
        """Find the path."""
        before = self._root if frame.parent is None else self._open[frame.parent]
        function = Function(frame.call.function, frame.call.symbol)
        path = before.longer.get(function)
        if path is None:
            if self._room:
                self._room -= 1
                path = before.longer[function] = _Path(function)
            else:
                path = before
                self.merged += 1
        if path is not before:
            path.calls += 1
        self._open[frame] = path

    def closed(self, frame: Frame) -> None:
        """Add the cost to the path, the function and the arc."""
        self._open.pop(frame).cost += frame.self_cost
        super().closed(frame)

    def flame(self, most: int = MOST_FRAMES) -> Flame:
        """The frames of the most expensive paths."""
        paths, parents = self._in_order()
        totals = _totals(paths, parents)
        outside = self.total - sum(totals[n] for n in range(len(paths)) if parents[n] < 0)
        order = sorted(range(len(paths)), key=lambda n: -totals[n])  # stable: callers come first
        kept = sorted(order[:most])
        least = max((totals[n] for n in order[most:]), default=0)
        names: dict[str, int] = {}
        spelled = self.names(NAME)
        where: dict[int, int] = {-1: -1}
        rows: list[Row] = []
        for n in kept:
            where[n] = len(rows)
            name = spelled.get(paths[n].function) or clean(paths[n].function.symbol, NAME)
            index = names.setdefault(name, len(names))
            rows.append((where[parents[n]], index, paths[n].calls, paths[n].cost, totals[n]))
        if outside > 0:
            index = names.setdefault(UNWATCHED.symbol, len(names))
            rows.append((-1, index, 0, outside, outside))
        return Flame(tuple(names), tuple(rows), len(paths) - len(kept), least, self.merged)

    def _in_order(self) -> tuple[list[_Path], list[int]]:
        """All paths, each behind the one that it makes longer, and the indices of these."""
        paths: list[_Path] = []
        parents: list[int] = []
        waiting = [(path, -1) for path in reversed(self._root.longer.values())]
        while waiting:
            path, parent = waiting.pop()
            index = len(paths)
            paths.append(path)
            parents.append(parent)
            waiting.extend((longer, index) for longer in reversed(path.longer.values()))
        return paths, parents


def _totals(paths: list[_Path], parents: list[int]) -> list[int]:
    """The inclusive cost of each path."""
    totals = [path.cost for path in paths]
    for n in range(len(paths) - 1, -1, -1):
        if parents[n] >= 0:
            totals[parents[n]] += totals[n]
    return totals

"""Adds frames up: cost by function, and by arc from caller to callee.

The inclusive cost of a call counts only where the function is not active already: recursion, direct
or mutual, is not counted twice, and no function costs more than the whole run.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import TextIO

import attrs

from dbt.hooks.follow.summing import Summing
from dbt.hooks.outputs.base import Program, clean
from dbt.hooks.outputs.calltree import CallTree, Frame
from dbt.hooks.records import Record
from dbt.text import LINE

_CALLERS = 3
"""Callers of a function that are named."""


@attrs.frozen(cache_hash=True)
class Function:
    """A function of the program. Several addresses may have the same name."""

    address: int
    symbol: str


UNWATCHED = Function(0, "(unwatched)")
"""Stands for all code outside every watched function."""


@attrs.define
class Cost:
    """Guest instructions, and how many calls they were spent in."""

    calls: int = 0
    self_cost: int = 0
    inclusive: int = 0


@attrs.frozen(cache_hash=True)
class Arc:
    """``site`` is the address of the calling instruction, 0 where it is not known."""

    caller: Function
    callee: Function
    site: int


class CallGraph:
    """Feed it records, or ``take`` what was added up; read ``functions`` and ``arcs`` when it is
    finished."""

    def __init__(self, start: int = 0) -> None:
        self.functions: dict[Function, Cost] = {}
        self.arcs: dict[Arc, Cost] = {}
        self.total = 0
        self._start = start
        self._tree = CallTree(self, start)

    def feed(self, record: Record) -> None:
        """Take the next record."""
        self._tree.feed(record)

    def finish(self, end: int) -> None:
        """Close what is open. ``end``: guest instructions of the run."""
        self._tree.finish(end)
        self._end(self._tree.now - self._start, self._tree.outside)

    def take(self, sums: Summing) -> None:
        """Take what was added up of a whole run, in place of its records."""
        known = [UNWATCHED, *(Function(*function) for function in sums.functions[1:])]
        self.functions = {known[index]: Cost(*cost) for index, cost in sums.costs()}
        self.arcs = {
            Arc(known[caller], known[callee], site): Cost(*cost)
            for caller, callee, site, cost in sums.arcs()
        }
        self._end(sums.total, sums.outside)

    def _end(self, total: int, outside: int) -> None:
        self.total = total
        if outside or any(arc.caller is UNWATCHED for arc in self.arcs):
            self.functions[UNWATCHED] = Cost(0, outside, total)

    def opened(self, frame: Frame) -> None:
        """A frame has no cost before it is closed."""

    def closed(self, frame: Frame) -> None:
        """Add a frame to its function and its arc."""
        function = _function(frame)
        caller = UNWATCHED if frame.parent is None else _function(frame.parent)
        arc = Arc(caller, function, frame.call.caller)
        for cost in (
            self.functions.setdefault(function, Cost()),
            self.arcs.setdefault(arc, Cost()),
        ):
            cost.calls += 1
            cost.self_cost += frame.self_cost
            if not frame.recursive:
                cost.inclusive += frame.inclusive

    def syscall(self, call: Record, result: int | None) -> None:
        """System calls cost no guest instructions."""

    def ranked(self) -> list[tuple[Function, Cost]]:
        """Functions, the most expensive first."""
        rows = self.functions.items()
        return sorted(rows, key=lambda row: (-row[1].self_cost, -row[1].inclusive, row[0].address))

    def names(self, limit: int = LINE) -> dict[Function, str]:
        """A printable name for each function, of at most ``limit`` characters; with its address
        where the name is not unique."""
        plain = {function: clean(function.symbol, limit) for function in self.functions}
        uses = Counter(plain.values())
        return {
            function: name if uses[name] == 1 else f"{name}@{function.address:#x}"
            for function, name in plain.items()
        }

    def callers(self, names: Mapping[Function, str]) -> dict[Function, str]:
        """For each function that was called those who called it, by ``names``, with the number of
        calls, the most frequent ones first."""
        found: dict[Function, Counter[str]] = {}
        for arc, cost in self.arcs.items():
            found.setdefault(arc.callee, Counter())[names[arc.caller]] += cost.calls
        texts = {}
        for callee, counted in found.items():
            shown = [f"{name} {count:,}" for name, count in counted.most_common(_CALLERS)]
            more = len(counted) - len(shown)
            texts[callee] = ", ".join(shown) + (f", {more} more" if more else "")
        return texts


class GraphOutput(ABC):
    """An output that writes a call graph at the end (an ``OutputOfSums``)."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out, self._program = out, program
        self._graph = CallGraph(program.start)

    def feed(self, record: Record) -> None:
        """Take the next record."""
        self._graph.feed(record)

    def seen(self, pc: int, symbol: str) -> None:
        """A function will be called first. It is named at the end."""
        del pc, symbol

    def finish(self, end: int) -> None:
        """Write the graph of the records."""
        self._graph.finish(end)
        self._write()

    def take(self, sums: Summing) -> None:
        """Write the graph of what was added up."""
        self._graph.take(sums)
        self._write()

    @abstractmethod
    def _write(self) -> None:
        """Write the graph, which is complete."""


def _function(frame: Frame) -> Function:
    return Function(frame.call.function, frame.call.symbol)

"""Collapsed stacks for flame graphs: flamegraph.pl, speedscope, inferno.

    main;fib;fib 1234

One line per call path, functions joined by semicolons, then the guest instructions spent in the
last one itself. Paths that cost nothing have no line; what ran outside every watched function is
``(unwatched)``. Threads are added up.
"""

from typing import TextIO

import attrs

from dbt.hooks.follow.summing import Summing
from dbt.hooks.outputs.base import Program, clean
from dbt.hooks.outputs.callgraph import UNWATCHED
from dbt.hooks.outputs.calltree import CallTree, Frame
from dbt.hooks.records import Record


@attrs.define(eq=False)
class _Path:
    """A call path: the last function's own cost, and the longer paths."""

    cost: int = 0
    longer: "dict[str, _Path]" = attrs.field(factory=dict)


class Collapsed:
    """Writes the lines at the end."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out = out
        self._tree = CallTree(self, program.start)
        self._root = _Path()
        self._open: dict[Frame, _Path] = {}

    def feed(self, record: Record) -> None:
        """Take the next record."""
        self._tree.feed(record)

    def opened(self, frame: Frame) -> None:
        """Find the path."""
        before = self._root if frame.parent is None else self._open[frame.parent]
        self._open[frame] = _longer(before, frame.call.symbol)

    def closed(self, frame: Frame) -> None:
        """Add the cost to the path."""
        self._open.pop(frame).cost += frame.self_cost

    def syscall(self, call: Record, result: int | None) -> None:
        """System calls cost no guest instructions."""

    def finish(self, end: int) -> None:
        """Write all paths, depth first."""
        self._tree.finish(end)
        self._write(self._tree.outside)

    def seen(self, pc: int, symbol: str) -> None:
        """Functions are named at the end."""

    def take(self, sums: Summing) -> None:
        """Write all paths, depth first."""
        found: list[_Path] = []
        for path in sums.paths():
            before = found[path.before] if found else None
            name = sums.functions[path.function][1]
            found.append(self._root if before is None else _longer(before, name))
            found[-1].cost += path.self_cost
        self._write(sums.outside)

    def _write(self, outside: int) -> None:
        if outside:
            self._out.write(f"{UNWATCHED.symbol} {outside}\n")
        waiting = [([name], path) for name, path in reversed(self._root.longer.items())]
        while waiting:
            names, path = waiting.pop()
            if path.cost:
                self._out.write(f"{';'.join(names)} {path.cost}\n")
            for name, longer in reversed(path.longer.items()):
                waiting.append(([*names, name], longer))


def _longer(before: _Path, symbol: str) -> _Path:
    """The path with one more function."""
    return before.longer.setdefault(clean(symbol).replace(";", ":"), _Path())

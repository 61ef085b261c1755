"""The profile of a recording as data: a row for each function."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dbt.hooks.outputs import Program
from dbt.hooks.outputs.callgraph import CallGraph
from dbt.hooks.records import Record
from dbt.text import NAME

SHOWN = 30
"""Rows that are shown; all are there."""
_HEADINGS = ("function", "calls", "self", "self %", "inclusive", "inclusive %")


class Row(NamedTuple):
    """The cost of a function in guest instructions, its own and with what it calls; a recursive
    call is not counted twice."""

    function: str
    calls: int
    self_cost: int
    inclusive: int


class Profile(Sequence[Row]):
    """Rows, the most expensive function first. ``total`` are the guest instructions of the part of
    the run that was recorded."""

    def __init__(self, records: Iterable[Record], program: Program, end: int) -> None:
        graph = CallGraph(program.start)
        for record in records:
            graph.feed(record)
        graph.finish(end)
        names = graph.names(NAME)
        self.total = graph.total
        self._rows = tuple(
            Row(names[function], cost.calls, cost.self_cost, cost.inclusive)
            for function, cost in graph.ranked()
        )

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: "int | slice") -> "Row | tuple[Row, ...]":  # type: ignore[override]
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def _title(self) -> str:
        more = len(self) - SHOWN
        end = f"; the first {SHOWN} of {len(self):,} functions" if more > 0 else ""
        return f"{self.total:,} guest instructions{end}"

    def _shown(self) -> Iterator[tuple[str, int, int, str, int, str]]:
        for row in self._rows[:SHOWN]:
            own, all_ = self._share(row.self_cost), self._share(row.inclusive)
            yield row.function, row.calls, row.self_cost, own, row.inclusive, all_

    def _share(self, part: int) -> str:
        return f"{100 * part / self.total:.1f}" if self.total else ""

    def __repr__(self) -> str:
        rows = [
            [f"{cell:,}" if isinstance(cell, int) else cell for cell in row]
            for row in self._shown()
        ]
        widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if n == 0 else cell.rjust(width)
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in (_HEADINGS, *rows)
        ]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        from dbt.markup import table

        return table(_HEADINGS, self._shown(), self._title())

"""The flat profile for a terminal: a row per function, the most expensive first.

``self`` counts the guest instructions in the function, and in functions it calls that are not
watched; ``inclusive`` adds what it calls, a recursive call not twice. Callers are named with the
number of their calls, the most frequent first.
"""

from typing import TYPE_CHECKING

from dbt.hooks.outputs.callgraph import CallGraph, GraphOutput
from dbt.streams import plain_console
from dbt.text import NAME

if TYPE_CHECKING:
    from rich.table import Table

_FILE_WIDTH = 200
"""Columns of a table that no terminal limits."""


class Profile(GraphOutput):
    """Writes the table at the end."""

    def _write(self) -> None:
        plain_console(self._out, _FILE_WIDTH).print(_table(self._graph))


def _table(graph: CallGraph) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{graph.total:,} guest instructions", box=None, title_justify="left")
    table.add_column("function", overflow="fold")
    for heading in ("calls", "self", "%", "inclusive", "%"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("callers", overflow="fold")
    names = graph.names(NAME)
    callers = graph.callers(names)
    for function, cost in graph.ranked():
        table.add_row(
            Text(names[function]),
            f"{cost.calls:,}" if cost.calls else "",
            f"{cost.self_cost:,}",
            _share(cost.self_cost, graph.total),
            f"{cost.inclusive:,}",
            _share(cost.inclusive, graph.total),
            Text(callers.get(function, "")),
        )
    return table


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else ""

"""The call graph for Graphviz: ``dot -Tsvg``. A node per function, an edge per caller and callee.

DOT language of graphviz.org. Nodes show calls and the share of instructions, inclusive and own, and
are the redder the more the function costs itself; edges show how often they were taken.
"""

from collections import Counter

from dbt.hooks.outputs.callgraph import Function, GraphOutput
from dbt.text import NAME

_HEADER = """digraph calls {
  node [shape=box, style=filled, fontname="sans-serif"];
  edge [fontname="sans-serif"];
"""


class Dot(GraphOutput):
    """Writes the graph at the end."""

    def _write(self) -> None:
        graph = self._graph
        self._out.write(_HEADER)
        ids: dict[Function, str] = {}
        names = graph.names(NAME)
        for number, (function, cost) in enumerate(graph.ranked()):
            ids[function] = f"f{number}"
            own = cost.self_cost / graph.total if graph.total else 0.0
            share = cost.inclusive / graph.total if graph.total else 0.0
            label = (
                f"{_escape(names[function])}\\n{cost.calls} calls\\n{share:.1%} (self {own:.1%})"
            )
            colour = f"0.0 {own:.3f} 1.0"
            self._out.write(f'  {ids[function]} [label="{label}", fillcolor="{colour}"];\n')
        edges: Counter[tuple[Function, Function]] = Counter()
        for arc, cost in graph.arcs.items():
            edges[arc.caller, arc.callee] += cost.calls
        for (caller, callee), calls in edges.items():
            self._out.write(f'  {ids[caller]} -> {ids[callee]} [label="{calls}"];\n')
        self._out.write("}\n")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

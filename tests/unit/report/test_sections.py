"""The call graph of a page is bounded, and has every call between the functions that it shows."""

from dbt.hooks.outputs import Program
from dbt.hooks.outputs.callgraph import Arc, Cost, Function
from dbt.report.calls import Calls
from dbt.report.sections import MOST_NODES, graph


def test_rare_calls_between_expensive_functions_are_drawn() -> None:
    """Five thousand arcs to cheap functions are taken more often than ``main`` calls ``work``."""
    main, work = Function(0x8000, "main"), Function(0x8100, "work")
    cheap = [Function(0x10000 + 16 * n, f"cheap{n}") for n in range(5000)]
    calls = Calls(Program())
    calls.total = 1_000_000
    calls.functions = {main: Cost(1, 10, 1_000_000), work: Cost(1, 900_000, 999_990)}
    calls.functions |= {function: Cost(9, 18, 18) for function in cheap}
    calls.arcs = {Arc(work, function, 0): Cost(9, 18, 18) for function in cheap}
    calls.arcs[Arc(main, work, 0)] = Cost(1, 900_000, 999_990)
    found = graph(calls)
    names = [name for name, *_ in found["nodes"]]
    assert names[:2] == ["main", "work"]
    assert len(names) == MOST_NODES
    assert [0, 1, 1] in found["edges"]
    assert len(found["edges"]) == MOST_NODES - 1
    assert found["parts"][0] == [0, 5002]
    assert found["parts"][-1] == [0.5, 2]

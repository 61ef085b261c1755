"""Costs by function and arc, and the flat profile that shows them."""

import attrs
from hypothesis import given
from support.outputs import text
from support.record_streams import Machine, machines, streams

from dbt.hooks.outputs.callgraph import UNWATCHED, CallGraph
from dbt.hooks.records import Record


def graph_of(records: list[Record], end: int) -> CallGraph:
    graph = CallGraph()
    for record in records:
        graph.feed(record)
    graph.finish(end)
    return graph


@given(streams)
def test_own_costs_add_up_and_nothing_costs_more_than_all(records: list[Record]) -> None:
    graph = graph_of(records, 5000)
    assert graph.total == 5000
    assert sum(cost.self_cost for cost in graph.functions.values()) == 5000
    assert all(cost.inclusive <= 5000 for cost in graph.functions.values())


@given(machines())
def test_a_function_is_called_over_its_arcs(machine: Machine) -> None:
    graph = graph_of(machine.records, machine.insns)
    for function, cost in graph.functions.items():
        if function is not UNWATCHED:
            arcs = [spent for arc, spent in graph.arcs.items() if arc.callee == function]
            assert sum(spent.calls for spent in arcs) == cost.calls
            assert sum(spent.inclusive for spent in arcs) == cost.inclusive


def test_recursion_costs_what_the_outermost_call_costs() -> None:
    machine = Machine()
    for _ in range(3):
        machine.call(0x8100)
        machine.run(0, 10)
    for _ in range(3):
        machine.leave()
    graph = graph_of(machine.records, 30)
    (cost,) = (cost for function, cost in graph.functions.items() if function is not UNWATCHED)
    assert (cost.calls, cost.self_cost, cost.inclusive) == (3, 30, 30)


def test_a_profile() -> None:
    machine = Machine()
    machine.run(0, 100)
    machine.call(0x8000)
    machine.run(0, 200)
    for _ in range(2):
        machine.call(0x8100)
        machine.run(0, 100)
        machine.call(0x8100)
        machine.run(0, 250)
        machine.leave()
        machine.leave()
    shown = [line.rstrip() for line in text("profile", machine.records, 1000).splitlines()]
    assert shown == PROFILE.strip("\n").splitlines()


PROFILE = """
1,000 guest instructions
 function     calls  self     %  inclusive      %  callers
 fib              4   700  70.0        700   70.0  fib 2, main 2
 main             1   200  20.0        900   90.0  (unwatched) 1
 (unwatched)          100  10.0      1,000  100.0
"""


def test_functions_of_one_name_are_told_apart() -> None:
    machine = Machine()
    machine.call(0x8100)
    machine.call(0x8200)
    records = [attrs.evolve(record, symbol="f") for record in machine.records]
    graph = graph_of(records, 1)
    assert sorted(graph.names().values()) == ["(unwatched)", "f@0x8100", "f@0x8200"]

"""Call graphs, as pydot reads them."""

from collections import Counter

import pydot
import pytest
from hypothesis import given
from support.outputs import last, text
from support.record_streams import Machine, machines, streams

from dbt.hooks.records import Kind, Record

# pydot calls pyparsing by its old names.
pytestmark = pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning")


def parse(shown: str) -> tuple[dict[str, list[str]], Counter[tuple[str, str]]]:
    """Lines of each node's label by its name; calls by caller and callee."""
    graphs = pydot.graph_from_dot_data(shown)
    assert graphs is not None
    (graph,) = graphs
    labels = {
        node.get_name(): node.get_label().strip('"').split("\\n")
        for node in graph.get_nodes()
        if node.get_label()
    }
    calls: Counter[tuple[str, str]] = Counter()
    for edge in graph.get_edges():
        ends = labels[edge.get_source()][0], labels[edge.get_destination()][0]
        calls[ends] += int(edge.get_label().strip('"'))
    return {label[0]: label[1:] for label in labels.values()}, calls


def test_a_graph() -> None:
    machine = Machine()
    machine.call(0x8000)
    for insns in (10, 30):
        machine.run(0, insns)
        machine.call(0x8100)
        machine.run(0, 5)
        machine.leave()
    machine.run(0, 50)
    machine.leave()
    nodes, calls = parse(text("dot", machine.records, machine.insns))
    assert nodes["main"] == ["1 calls", "100.0% (self 90.0%)"]
    assert nodes["fib"] == ["2 calls", "10.0% (self 10.0%)"]
    assert calls == {("(unwatched)", "main"): 1, ("main", "fib"): 2}


@given(machines())
def test_edges_are_the_calls(machine: Machine) -> None:
    live: dict[int, list[str]] = {}
    expected: Counter[tuple[str, str]] = Counter()
    for record in machine.records:
        stack = live.setdefault(record.thread, ["(unwatched)"])
        if record.kind in (Kind.CALL, Kind.TAIL_CALL):
            expected[stack[-1], record.symbol] += 1
            stack.append(record.symbol)
        elif record.kind in (Kind.RETURN, Kind.UNWOUND):
            stack.pop()
    assert parse(text("dot", machine.records, machine.insns))[1] == expected


@given(streams)
def test_any_stream_makes_a_graph(records: list[Record]) -> None:
    graphs = pydot.graph_from_dot_data(text("dot", records, last(records)))
    assert graphs is not None
    assert len(graphs) == 1

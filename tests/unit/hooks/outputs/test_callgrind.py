"""callgrind files, as ``callgrind_annotate`` reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from support.oracle import lacking
from support.outputs import last, text
from support.record_streams import Machine, machines, streams

from dbt.hooks.outputs import Program
from dbt.hooks.outputs.callgraph import CallGraph
from dbt.hooks.records import Record

_ROW = re.compile(r"\s*([\d,]+)(?: \(\s*[\d.]+%\))?\s+(PROGRAM TOTALS|\?\?\?:.*?)(?: \[.*\])?")


@pytest.fixture
def annotate(tmp_path: Path) -> "Annotate":
    path = shutil.which("callgrind_annotate")
    if path is None:
        lacking("needs callgrind_annotate (Debian: valgrind)")
    return Annotate(str(path), tmp_path / "callgrind.out")


@attrs.frozen
class Annotate:
    """Valgrind's own reader."""

    command: str
    file: Path

    def show(self, profile: str, *options: str) -> str:
        """What it prints of a profile. A warning fails the test."""
        self.file.write_text(profile)
        done = subprocess.run(
            [self.command, "--threshold=100", *options, str(self.file)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert not done.stderr
        return done.stdout

    def read(self, profile: str, *options: str) -> tuple[int, dict[str, int]]:
        """The total, and the costs by function."""
        rows = filter(None, map(_ROW.fullmatch, self.show(profile, *options).splitlines()))
        costs = {row[2]: int(row[1].replace(",", "")) for row in rows}
        total = costs.pop("PROGRAM TOTALS")
        return total, {name.removeprefix("???:"): cost for name, cost in costs.items()}


def recursion() -> Machine:
    """main calls even, which calls odd, which calls even; and even tail calls helper."""
    machine = Machine()
    machine.run(0, 5)
    machine.call(0x8000)
    for function in (0x8200, 0x8300, 0x8200):
        machine.run(0, 10)
        machine.call(function)
    machine.run(0, 100)
    machine.call(0x8400, tail=True)
    machine.run(0, 1000)
    for _ in range(4):
        machine.leave()
        machine.run(0, 1)
    return machine


def test_a_file_in_full() -> None:
    machine = Machine()
    machine.run(0, 3)
    machine.call(0x8000)
    machine.run(0, 4)
    machine.call(0x8100)
    machine.run(0, 5)
    machine.leave()
    shown = text("callgrind", machine.records, machine.insns)
    assert re.sub(r"(?<=armdbt-)\S+", "VERSION", shown) == FILE


FILE = """\
# callgrind format
version: 1
creator: armdbt-VERSION
cmd: prog.elf 20
positions: instr
events: Ir

ob=(1) ???
fl=(1) ???
fn=(1) fib
0x8100 5

ob=(1)
fl=(1)
fn=(2) main
0x8000 4
cob=(1)
cfi=(1)
cfn=(1)
calls=1 0x8100
0x9000 5

ob=(1)
fl=(1)
fn=(3) (unwatched)
0x0 3
cob=(1)
cfi=(1)
cfn=(2)
calls=1 0x8000
0x8ffc 9

totals: 12
"""


def test_own_costs(annotate: Annotate) -> None:
    machine = recursion()
    total, costs = annotate.read(text("callgrind", machine.records, machine.insns))
    assert total == machine.insns
    assert costs == {"helper": 1000, "even": 111, "odd": 11, "main": 11, "(unwatched)": 6}


def test_inclusive_costs_do_not_count_recursion_twice(annotate: Annotate) -> None:
    machine = recursion()
    profile = text("callgrind", machine.records, machine.insns)
    _, costs = annotate.read(profile, "--inclusive=yes")
    assert costs["main"] == machine.insns - 6
    assert costs["even"] == 111 + 11 + 1000
    assert costs["odd"] == 11 + 100 + 1000
    assert costs["helper"] == 1000


def test_arcs(annotate: Annotate) -> None:
    machine = recursion()
    shown = annotate.show(text("callgrind", machine.records, machine.insns), "--tree=calling")
    arcs = []
    for line in shown.splitlines():
        if found := re.search(r" \* +\?\?\?:(\S+)", line):
            caller = found[1]
        elif found := re.search(r"^ *([\d,]+).*> +\?\?\?:(\S+) \((\d+)x\)", line):
            arcs.append((caller, found[2], int(found[3]), int(found[1].replace(",", ""))))
    assert sorted(arcs) == [
        ("(unwatched)", "main", 1, 1133),
        ("even", "helper", 1, 1000),
        ("even", "odd", 1, 1111),
        ("main", "even", 1, 1122),
        ("odd", "even", 1, 0),  # its cost is in main's call
    ]


def test_objects_are_the_files_mapped_there(annotate: Annotate) -> None:
    @attrs.frozen
    class Image:
        path: str
        low: int
        high: int

    images = [Image("/bin/guest", 0x8000, 0x8200), Image("/lib/libc.so.6", 0x8200, 0x9000)]
    program = Program(("guest",), images=lambda: images)
    machine = recursion()
    shown = annotate.show(text("callgrind", machine.records, machine.insns, program))
    assert "???:helper [/lib/libc.so.6]" in shown
    assert "???:main [/bin/guest]" in shown


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams)
def test_any_stream_is_read_without_a_warning(annotate: Annotate, records: list[Record]) -> None:
    end = last(records) + 1
    total, costs = annotate.read(text("callgrind", records, end))
    assert total == end
    assert sum(costs.values()) == end


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(machines(threads=1))
def test_inclusive_costs_are_those_of_the_model(annotate: Annotate, machine: Machine) -> None:
    graph = CallGraph()
    machine.run(0, 1)
    for record in machine.records:
        graph.feed(record)
    graph.finish(machine.insns)
    profile = text("callgrind", machine.records, machine.insns)
    _, costs = annotate.read(profile, "--inclusive=yes")
    names = graph.names()
    expected = {names[f]: cost.inclusive for f, cost in graph.functions.items() if cost.inclusive}
    assert {name: cost for name, cost in costs.items() if cost} == expected


def test_two_functions_of_one_name_stay_apart() -> None:
    machine = recursion()
    records = [
        attrs.evolve(record, symbol="twice") if record.function in (0x8200, 0x8300) else record
        for record in machine.records
    ]
    shown = text("callgrind", records, machine.insns)
    assert "twice@0x8200" in shown
    assert "twice@0x8300" in shown

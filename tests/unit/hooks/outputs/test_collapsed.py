"""Collapsed stacks, as flamegraph.pl reads them."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from support.oracle import lacking
from support.outputs import last, text
from support.record_streams import Machine, streams

from dbt.hooks.records import Record

FLAMEGRAPH = Path("/usr/share/perl5/Devel/NYTProf/flamegraph.pl")


def lines(shown: str) -> dict[str, int]:
    """Cost by path."""
    pairs = [line.rpartition(" ") for line in shown.splitlines()]
    return {path: int(cost) for path, _, cost in pairs}


def test_paths_of_a_short_run() -> None:
    machine = Machine()
    machine.run(0, 3)
    machine.call(0x8000)
    for insns in (10, 20):
        machine.run(0, insns)
        machine.call(0x8100)
        machine.run(0, 5)
        machine.call(0x8100)
        machine.run(0, 1)
        machine.leave()
        machine.leave()
    assert lines(text("collapsed", machine.records, machine.insns + 1)) == {
        "(unwatched)": 3,
        "main": 31,
        "main;fib": 10,
        "main;fib;fib": 2,
    }


@given(streams)
def test_any_stream_adds_up(records: list[Record]) -> None:
    shown = text("collapsed", records, last(records))
    assert sum(lines(shown).values()) == last(records)
    assert all(
        re.fullmatch(r"[^\n;]+(;[^\n;]+)* [1-9]\d*", line) for line in shown.split("\n")[:-1]
    )


@pytest.fixture
def flamegraph() -> str:
    if not FLAMEGRAPH.exists():
        lacking("needs flamegraph.pl (Debian: libdevel-nytprof-perl)")
    return str(FLAMEGRAPH)


def draw(flamegraph: str, stacks: str) -> tuple[str, str]:
    """The picture and the complaints."""
    done = subprocess.run(
        ["perl", flamegraph, "--minwidth=0"], input=stacks, capture_output=True, text=True, check=True
    )  # fmt: skip
    return done.stdout, done.stderr


def test_a_flame_graph_shows_inclusive_costs(flamegraph: str) -> None:
    machine = Machine()
    machine.call(0x8000)
    machine.run(0, 600)
    machine.call(0x8100)
    machine.run(0, 300)
    machine.call(0x8400)
    machine.run(0, 100)
    picture, complaints = draw(flamegraph, text("collapsed", machine.records, machine.insns))
    assert not complaints
    shown = dict(re.findall(r"<title>(\S+) \(([\d,]+) samples", picture))
    assert shown == {"all": "1,000", "main": "1,000", "fib": "400", "helper": "100"}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams)
def test_flamegraph_takes_every_line(flamegraph: str, records: list[Record]) -> None:
    end = last(records) + 1
    picture, complaints = draw(flamegraph, text("collapsed", records, end))
    assert "Ignored" not in complaints
    whole = re.search(r"<title>all \(([\d,]+) samples", picture)
    assert whole is not None
    assert int(whole[1].replace(",", "")) == end

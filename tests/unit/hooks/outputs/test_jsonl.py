"""JSON lines are read back as the same records, and damage is told."""

import json

import pytest
from hypothesis import given
from support.outputs import text
from support.record_streams import Machine, nonsense

from dbt.hooks.outputs.jsonl import read
from dbt.hooks.records import Kind, Record
from dbt.stops import UsageError


@given(nonsense)
def test_round_trip(records: list[Record]) -> None:
    lines = text("jsonl", records, 0).splitlines()
    assert list(read(lines)) == records


def test_a_line() -> None:
    record = Record(Kind.CALL, 0x8000, "main", 0x9000, 0x40000000, 0, 12, arguments=(1, 2))
    assert json.loads(text("jsonl", [record], 0)) == {
        "kind": "call",
        "function": 0x8000,
        "symbol": "main",
        "site": 0x9000,
        "stack": 0x40000000,
        "depth": 0,
        "insns": 12,
        "arguments": [1, 2],
    }


def test_the_key_lane_of_older_files_is_the_stack_id() -> None:
    record = Record(Kind.CALL, 0x8000, "main", 0x9000, 0x40000000, 0, 12, stack_id=2)
    line = text("jsonl", [record], 0).strip()
    older = line.replace('"stack_id"', '"lane"')
    assert older != line
    assert list(read([older])) == [record]
    with pytest.raises(UsageError, match="line 1"):
        list(read([older[:-1] + ', "stack_id": 1}']))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "3",
        '{"kind": "call"}',
        '{"kind": "jump", "function": 1, "symbol": "f", "site": 1, "stack": 1, "depth": 0, "insns": 1}',
        '{"kind": "call", "function": "1", "symbol": "f", "site": 1, "stack": 1, "depth": 0, "insns": 1}',
        '{"kind": "call", "function": 1, "symbol": 2, "site": 1, "stack": 1, "depth": 0, "insns": 1}',
        '{"kind": "call", "function": 1, "symbol": "f", "site": 1, "stack": 1, "depth": 0, "insns": 1, "more": 1}',
        '{"kind": "call", "function": 1, "symbol": "f", "site": 1, "stack": 1, "depth": 0, "insns": 1, "arguments": 1}',
        '{"kind": [], "function": 1, "symbol": "f", "site": 1, "stack": 1, "depth": 0, "insns": 1}',
    ],
)
def test_a_damaged_line_is_told_by_its_number(line: str) -> None:
    machine = Machine()
    machine.call(0x8000)
    good = text("jsonl", machine.records, 0).strip()
    with pytest.raises(UsageError, match="line 2"):
        list(read([good, line]))

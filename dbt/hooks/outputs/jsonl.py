"""JSON lines: one object per record, and the reader that gives the records back.

    {"kind": "call", "function": 65964, "symbol": "fib", "site": 66044, "stack": 1082130152, ...}

Keys are the fields of ``Record``; ``caller``, ``thread``, ``arguments``, ``result`` and
``stack_id`` are left out where they say nothing.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import attrs

from dbt.hooks.outputs.base import Program
from dbt.hooks.records import Kind, Record, with_present_keys
from dbt.stops import UsageError

_FIELDS = attrs.fields_dict(Record)
_NUMBERS = ("function", "site", "stack", "depth", "insns", "caller", "thread", "stack_id")


def to_json(record: Record) -> dict[str, Any]:
    """A record as what JSON can hold."""
    data = {
        name: getattr(record, name)
        for name, field in _FIELDS.items()
        if field.default is attrs.NOTHING or getattr(record, name) != field.default
    }
    data["kind"] = record.kind.value
    return data


def from_json(data: Any) -> Record:
    """The inverse of ``to_json``; it takes the keys of older files, too. Raises ValueError for
    anything else."""
    if not isinstance(data, dict):
        raise ValueError("no record")
    data = with_present_keys(data)
    if not data.keys() <= _FIELDS.keys():
        raise ValueError("no record")
    arguments = data.get("arguments", [])
    if not isinstance(arguments, list):
        raise ValueError("the arguments are no list")
    values = {**data, "kind": Kind(data.get("kind")), "arguments": tuple(arguments)}
    numbers = [*(values.get(name, 0) for name in _NUMBERS), *arguments]
    numbers.append(values.get("result") or 0)
    if not all(type(number) is int for number in numbers):
        raise ValueError("a number is no number")
    try:
        record = Record(**values)
    except TypeError:
        raise ValueError("fields are missing") from None
    if not isinstance(record.symbol, str):
        raise ValueError("the symbol is no text")
    return record


class JsonLines:
    """Writes each record as it comes."""

    def __init__(self, out: TextIO, program: Program) -> None:
        del program
        self._out = out

    def feed(self, record: Record) -> None:
        """Write one line."""
        self._out.write(json.dumps(to_json(record)) + "\n")

    def finish(self, end: int) -> None:
        """Nothing more to write."""


def read(lines: Iterable[str]) -> Iterator[Record]:
    """The records of a file. Raises UsageError, with the line's number, where one is damaged."""
    for number, line in enumerate(lines, 1):
        try:
            yield from_json(json.loads(line))
        except ValueError as error:
            raise UsageError(f"line {number}: not a record ({error})") from None

"""Writing streams with the outputs, in tests."""

import io
from collections.abc import Iterable

from dbt.hooks.outputs import NAMES, Program, write
from dbt.hooks.records import Record


def text(name: str, records: Iterable[Record], end: int, program: Program | None = None) -> str:
    """What a text format makes of a stream."""
    assert not NAMES[name].binary
    out = io.StringIO()
    write(name, records, out, program or Program(("prog.elf", "20")), end=end)
    return out.getvalue()


def last(records: list[Record]) -> int:
    """The greatest instruction count in a stream."""
    return max((record.insns for record in records), default=0)

"""What a record stream can be written as. ``NAMES`` is the registry: one row per format."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from dbt import choices
from dbt.hooks.outputs.base import Format, LineOf, Output, OutputOfSums, Program
from dbt.hooks.outputs.callgrind import Callgrind
from dbt.hooks.outputs.chrome import Chrome
from dbt.hooks.outputs.collapsed import Collapsed
from dbt.hooks.outputs.dot import Dot
from dbt.hooks.outputs.drcov import Drcov
from dbt.hooks.outputs.jsonl import JsonLines
from dbt.hooks.outputs.profile import Profile
from dbt.hooks.outputs.tree import Tree
from dbt.hooks.records import Record

NAMES: Mapping[str, Format] = {
    "tree": Format("calls as they happen", Tree, terminal=True),
    "profile": Format("a row per function", Profile, terminal=True, sums=True),
    "callgrind": Format("for KCachegrind", Callgrind, sums=True),
    "chrome": Format("for Perfetto and chrome://tracing", Chrome),
    "dot": Format("call graph for Graphviz", Dot, sums=True),
    "collapsed": Format("stacks for flame graphs", Collapsed, sums=True, paths=True),
    "drcov": Format(
        "executed blocks for Lighthouse", Drcov, binary=True, records=False, passes=("coverage",)
    ),
    "jsonl": Format("the records as JSON lines", JsonLines),
}


def write(
    name: str, records: Iterable[Record], out: IO[Any], program: Program, *, end: int
) -> None:
    """Write a whole stream as one format; ``end`` are the instructions of the run.

    Raises UsageError for what is no format.
    """
    output = NAMES[choices.one_of("format", name, NAMES)].make(out, program)
    for record in records:
        output.feed(record)
    output.finish(end)


__all__ = ["NAMES", "Format", "LineOf", "Output", "OutputOfSums", "Program", "write"]

"""``armdbt calls``: what a program calls, as a tree, a profile, or a file that other tools open."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

import attrs

from dbt import choices, interruption
from dbt.commands.process_options import make_process, number, process_options, seconds
from dbt.commands.run import report_stop, run_until_interrupted
from dbt.commands.sink import Sink
from dbt.commands.watching import Recorded, Summed, Traced, Watching, described, tell_missing
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.hooks.follow.summing import Summing
    from dbt.hooks.outputs import Format, Output, OutputOfSums, Program
    from dbt.process import Process

HELP = "show or record what a program calls"
EXAMPLES = (
    ("armdbt calls PROG", "every call as it happens"),
    ("armdbt calls --format profile PROG", "a row for each function"),
    ("armdbt calls --only main --only fib PROG", "these functions alone"),
    ("armdbt calls --format chrome:FILE PROG", "for Perfetto"),
    ("timeout 10 armdbt calls --format collapsed:FILE PROG", "what there is after ten seconds"),
)
FORMATS = "tree (default), profile, callgrind, chrome, dot, collapsed, drcov, jsonl"


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    process_options(parser)
    add = parser.add_argument
    add("--format", action="append", default=[], metavar="NAME[:FILE]", help=FORMATS)
    add("--only", action="append", default=[], metavar="SYMBOL", help="watch only this function")
    add("--mechanism", default="auto", metavar="NAME", help="how functions are watched")
    add("--max-depth", type=number, metavar="N", help="leave out what N calls are around")
    add("--no-syscalls", action="store_true", help="leave out system calls")
    add("--max-insns", type=number, metavar="N", help="stop after N instructions")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds")
    add("program", metavar="PROG")
    add("args", nargs=argparse.REMAINDER, metavar="ARGS").required = False


def run(arguments: argparse.Namespace) -> int:
    """Run the program and write the formats; the exit status is that of ``armdbt run``.

    An interrupted run is written too. Processes that the program forks are not part of it.
    """
    wanted = [_Wanted.parse(text) for text in arguments.format or ["tree"]]
    _check_files(wanted)
    _check_effect(wanted, arguments)
    needed = {name for want in wanted for name in want.format.passes}
    arguments.passes += sorted(needed - set(arguments.passes))
    with (
        interruption.caught(),
        make_process(arguments) as process,
        contextlib.ExitStack() as stack,
    ):
        program = described(process, arguments, _blocks(process))
        writers = [_Writer.open(want, program, stack) for want in wanted]
        readers = [writer for writer in writers if writer.format.records]
        sums = _sums(process, readers, arguments)
        if readers:
            way = _way(process, readers, sums, arguments)
            watching = Watching(process, arguments.only, way)
            stack.callback(tell_missing, process, watching)
        stop = run_until_interrupted(process, arguments)
        if readers:
            way.pull()
        if sums is not None:
            sums.finish(process.engine.executed)
            _tell_merged(sums, writers)
        sys.stdout.flush()
        for writer in writers:
            writer.finish(process.engine.executed, sums)
        stack.close()  # what is missing is told before how it ended
        return report_stop(process, stop)


@attrs.frozen
class _Wanted:
    """A ``--format`` option. ``file`` is None for standard error."""

    format: "Format"
    file: str | None

    @classmethod
    def parse(cls, text: str) -> "_Wanted":
        from dbt.hooks.outputs import NAMES

        name, separator, file = text.partition(":")
        choices.one_of("format", name, NAMES)
        if not file and (separator or not NAMES[name].terminal):
            raise UsageError(f"--format {text} needs a file: {name}:FILE")
        return cls(NAMES[name], file or None)


@attrs.frozen
class _Writer:
    """An output with the name of what it is written to."""

    format: "Format"
    file: str
    output: "Output"

    @classmethod
    def open(cls, want: _Wanted, program: "Program", stack: contextlib.ExitStack) -> "_Writer":
        from dbt.files import destination

        stream = stack.enter_context(destination(want.file, binary=want.format.binary))
        output = want.format.make(stream, program)
        return cls(want.format, want.file or "standard error", output)

    @property
    def sums(self) -> "OutputOfSums | None":
        """The output, if it is one of what records add up to."""
        return cast("OutputOfSums", self.output) if self.format.sums else None

    def finish(self, end: int, sums: "Summing | None") -> None:
        from dbt.files import writing

        with writing(self.file):
            if sums is not None and self.sums is not None:
                self.sums.take(sums)
            else:
                self.output.finish(end)


def _sums(
    process: "Process", readers: Sequence[_Writer], arguments: argparse.Namespace
) -> "Summing | None":
    """What adds up events, if that is all that is wanted of them."""
    outputs = [reader.sums for reader in readers]
    if arguments.mechanism != "auto" or not outputs or None in outputs:
        return None
    from dbt.hooks.follow.summing import Summing

    def seen(pc: int, symbol: str) -> None:
        for output in filter(None, outputs):
            output.seen(pc, symbol)

    executed, limit = process.engine.executed, arguments.max_depth
    return Summing(process.engine.executor, executed, most_depth=limit, seen=seen)


def _tell_merged(sums: "Summing", writers: Sequence[_Writer]) -> None:
    """Say that there were too many call paths to tell them apart, if a format shows them."""
    if sums.merged and any(writer.format.paths for writer in writers):
        print(
            f"armdbt: {sums.merged:,} calls had no room among the call paths, and count for the "
            "paths of their callers",
            file=sys.stderr,
        )


def _way(
    process: "Process",
    readers: Sequence[_Writer],
    sums: "Summing | None",
    arguments: argparse.Namespace,
) -> Recorded | Summed | Traced:
    """How records are made. A recording's are those of ``entry``, which is what ``auto`` means."""
    syscalls = not arguments.no_syscalls
    if sums is not None:
        return Summed(process, sums, syscalls=syscalls)
    outputs = [(reader.file, reader.output.feed) for reader in readers]
    sink = Sink(process, outputs, arguments.max_depth)
    if arguments.mechanism == "auto":
        return Recorded(process, sink, syscalls=syscalls)
    return Traced(process, sink, arguments.mechanism, syscalls=syscalls)


def _check_files(wanted: Sequence[_Wanted]) -> None:
    seen = set()
    for file in (want.file for want in wanted if want.file is not None):
        where = file if file.startswith("/dev/") else os.path.realpath(file)  # streams may meet
        if where in seen:
            raise UsageError(f"--format: two formats for {file}")
        seen.add(where)


def _check_effect(wanted: Sequence[_Wanted], arguments: argparse.Namespace) -> None:
    """Refuse options that say which records are made, where no format needs any."""
    if any(want.format.records for want in wanted):
        return
    given = {
        "--only": bool(arguments.only),
        "--mechanism": arguments.mechanism != "auto",
        "--max-depth": arguments.max_depth is not None,
        "--no-syscalls": arguments.no_syscalls,
    }
    for option, there in given.items():
        if there:
            raise UsageError(f"{option} has no effect with --format drcov alone")


def _blocks(process: "Process") -> Callable[[], Iterable[tuple[int, int]]]:
    """Returns a function that lists the blocks executed since the last execve."""
    from dbt.instrument.coverage import PREFIX, covered

    before: dict[str, int] = {}
    process.hooks.on_program(lambda: before.update(process.counters.snapshot(PREFIX)))

    def blocks() -> Iterable[tuple[int, int]]:
        now = process.counters.snapshot(PREFIX)
        return covered({name: count - before.get(name, 0) for name, count in now.items()})

    return blocks

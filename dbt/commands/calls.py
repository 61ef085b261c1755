"""``armdbt calls``: what a program calls, as a tree, a profile, or a file that other tools open."""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import attrs

from dbt import choices, interruption
from dbt.commands.process_options import make_process, number, process_options, seconds
from dbt.commands.run import report_stop, run_until_interrupted
from dbt.commands.watching import Recorded, Traced, Watching
from dbt.stops import UsageError
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.hooks.outputs import Format, Output, Program
    from dbt.hooks.records import Record
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
    needed = {name for want in wanted for name in want.format.passes}
    arguments.passes += sorted(needed - set(arguments.passes))
    with (
        interruption.caught(),
        make_process(arguments) as process,
        contextlib.ExitStack() as stack,
    ):
        program = _describe(process, arguments)
        writers = [_Writer.open(want, program, stack) for want in wanted]
        readers = [writer for writer in writers if writer.format.records]
        if readers:
            way = _way(process, _Sink(process, readers, arguments.max_depth), arguments)
            watching = Watching(process, arguments.only, way)
            stack.callback(_tell_missing, process, watching)
        stop = run_until_interrupted(process, arguments)
        if readers:
            way.pull()
        sys.stdout.flush()
        for writer in writers:
            writer.finish(process.engine.executed)
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

    def finish(self, end: int) -> None:
        from dbt.files import writing

        with writing(self.file):
            self.output.finish(end)


def _way(process: "Process", sink: "_Sink", arguments: argparse.Namespace) -> Recorded | Traced:
    """How records are made. A recording's are those of ``entry``, which is what ``auto`` means."""
    syscalls = not arguments.no_syscalls
    if arguments.mechanism == "auto":
        return Recorded(process, sink, syscalls=syscalls)
    return Traced(process, sink, arguments.mechanism, syscalls=syscalls)


def _tell_missing(process: "Process", watching: Watching) -> None:
    for name in sorted(watching.missing):
        meant = choices.meant(name, process.kernel.symbolizer.similar(name))
        text = f"armdbt: no symbol {choices.shown(name)} in the program and its libraries{meant}"
        print(printable(text), file=sys.stderr)


def _check_files(wanted: Sequence[_Wanted]) -> None:
    seen = set()
    for file in (want.file for want in wanted if want.file is not None):
        where = file if file.startswith("/dev/") else os.path.realpath(file)  # streams may meet
        if where in seen:
            raise UsageError(f"--format: two formats for {file}")
        seen.add(where)


def _describe(process: "Process", arguments: argparse.Namespace) -> "Program":
    from dbt.hooks.outputs import Program
    from dbt.linux.typed.decode import Decoder

    kernel = process.kernel
    decoder = Decoder(kernel.abi, process.memory)

    def syscall(call: "Record", result: int | None) -> str:
        request = kernel.request
        aligned, variant = request.aligned, request.variant
        return str(
            decoder.decode(call.symbol, call.arguments, result, aligned=aligned, variant=variant)
        )

    return Program(
        command=(arguments.program, *arguments.args),
        images=lambda: kernel.images,
        blocks=_blocks(process),
        syscall=syscall,
        line=kernel.symbolizer.line,
        start=process.engine.executed,
    )


def _blocks(process: "Process") -> Callable[[], Iterable[tuple[int, int]]]:
    """Returns a function that lists the blocks executed since the last execve."""
    from dbt.instrument.coverage import PREFIX, covered

    before: dict[str, int] = {}
    process.hooks.on_program(lambda: before.update(process.counters.snapshot(PREFIX)))

    def blocks() -> Iterable[tuple[int, int]]:
        now = process.counters.snapshot(PREFIX)
        return covered({name: count - before.get(name, 0) for name, count in now.items()})

    return blocks


class _Sink:
    """Feeds every record that is wanted to every output.

    An interrupt waits until the outputs have taken the records they are at, so that what is written
    after it is whole.
    """

    def __init__(
        self, process: "Process", writers: Sequence[_Writer], max_depth: int | None
    ) -> None:
        from dbt.hooks.records import Kind

        self._outputs = [(writer.file, writer.output.feed) for writer in writers]
        self._kernel = process.kernel
        self._limit = 1 << 32 if max_depth is None else max_depth
        self._syscalls = (Kind.SYSCALL, Kind.SYSCALL_RETURN)
        self._busy, self._interrupted = False, 0
        for which in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(which) != signal.SIG_IGN:
                signal.signal(which, self._interrupt)

    def __call__(self, records: "Iterable[Record]") -> None:
        if self._kernel.is_child:  # its buffers are copies of ours, its files are ours
            iter(records)  # they are not kept
            return
        self._busy = True
        try:
            for record in records:
                if record.depth < self._limit or record.kind in self._syscalls:
                    self._feed(record)
        finally:
            self._busy = False
        if self._interrupted:
            number, self._interrupted = self._interrupted, 0
            interruption.interrupt(number)

    def _feed(self, record: "Record") -> None:
        try:
            for file, feed in self._outputs:  # noqa: B007 (named when writing fails)
                feed(record)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._busy:
            interruption.interrupt(number, frame)
        self._interrupted = number

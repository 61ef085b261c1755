"""``armdbt run``: run a program."""

import contextlib
import gc
import sys

from dbt import bundle
from dbt.commands.plain import REMAINDER, Options
from dbt.commands.process_options import make_process, number, process_options, seconds
from dbt.process.ending import describe_stop
from dbt.stops import UsageError
from dbt.streams import say
from dbt.typing import IO, TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from dbt.process import Process
    from dbt.stops import Stop

HELP = "run a program"
EXAMPLES = (
    ("armdbt run PROG ARGS", "a static program"),
    ("armdbt run -L ROOT ROOT/bin/ls -l /", "a dynamic one: / is looked up in ROOT"),
    ("armdbt run -strace -D log PROG", "system calls, into a file"),
    ("armdbt run -one-insn-per-tb -d exec PROG", "every instruction that is executed"),
    ("armdbt run --stats --max-insns 1000000 PROG", "exact limits, figures"),
    ("armdbt run --no-chain main PROG", "nothing chains into main"),
    ("armdbt run -p call-count --stats PROG", "instrumented by a pass"),
    ("armdbt run --inject 'read: EIO after 5' PROG", "system calls that fail"),
    ("armdbt run --env-clear -E TERM=dumb PROG", "one variable, none of the host's"),
    ("armdbt run --record LOG PROG", "armdbt replay LOG repeats it"),
    ("armdbt run -g 1234 PROG", "gdb-multiarch: target remote :1234"),
)


def options(parser: Options) -> None:
    """Add this command's options."""
    process_options(parser)
    run_options(parser)
    add = parser.add_argument
    add(
        "--record",
        dest="log_made",
        metavar="LOG",
        help="write a log, which armdbt replay repeats the run from",
    )
    add("program", metavar="PROG")
    add("args", nargs=REMAINDER, metavar="ARGS").required = False


def run_options(parser: Options) -> None:
    """Options of commands that run a program and say how it has ended."""
    add = parser.add_argument
    add("--max-insns", type=number, metavar="N", help="stop after N instructions")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds")
    add("--stats", action="store_true", help="print figures of the run at its end")
    add("--stats-json", metavar="FILE", help="write the figures and counters as JSON")
    add("--top", type=number, metavar="N", help="print the N highest counters (of block-count)")
    add("-g", dest="gdb", metavar="PORT|SOCKET", help="wait for a debugger (gdb) to connect")
    add("--perf", metavar="FORMAT", help="tell Linux perf what code is: map, jitdump")


Ended: TypeAlias = "Stop | KeyboardInterrupt"
"""How a run has ended: by itself, or by a signal to armdbt."""


def run(arguments: "argparse.Namespace") -> int:
    """Run the program; the exit status. A run that is interrupted writes what it has."""
    if arguments.log_made is not None and arguments.gdb:
        raise UsageError("-g: what a debugger does is not recorded; give it to armdbt replay")
    return run_process(make_process, arguments)


def run_process(
    make: "Callable[[argparse.Namespace], Process]", arguments: "argparse.Namespace"
) -> int:
    """Make a process, run it, say how it has ended and close it; the exit status."""
    if arguments.top is not None and not arguments.passes:
        arguments.passes = ["block-count"]
    with contextlib.ExitStack() as stack:
        if _has_results(arguments):
            from dbt.interruption import caught

            stack.enter_context(caught())
        return _run(make(arguments), arguments)


def _has_results(arguments: "argparse.Namespace") -> bool:
    """Whether there is something to write of a run that is interrupted."""
    results = arguments.stats, arguments.stats_json, arguments.perf, arguments.top is not None
    return any(results)


def _run(made: "Process", arguments: "argparse.Namespace") -> int:
    with made as process, contextlib.ExitStack() as stack:
        bundle.rest()
        gc.freeze()  # no collection looks at what is there for the whole run
        file = arguments.stats_json  # opened now: later the guest may have put a link there
        figures = _opened(file, stack) if file else None
        running = _debugged if arguments.gdb else run_until_interrupted
        stop = running(process, arguments)
        if figures is not None:
            from dbt.commands.statistics import write_stats
            from dbt.files import writing

            with writing(file):
                write_stats(process, stop, figures)
            stack.close()  # the file is there, whatever becomes of the streams
        sys.stdout.flush()
        status = report_stop(process, stop)
        if arguments.stats:
            from dbt.commands.statistics import print_stats

            print_stats(process, sys.stderr)
        if arguments.top is not None:
            from dbt.commands.statistics import print_top

            print_top(process, arguments.top, sys.stderr)
        return status


def _opened(file: str, stack: contextlib.ExitStack) -> "IO[Any]":
    """The stream of a file that is complete when the stack is closed."""
    from dbt.files import destination

    return stack.enter_context(destination(file))


def _debugged(process: "Process", arguments: "argparse.Namespace") -> "Ended":
    """Run the program as a debugger says. Returns as ``run_until_interrupted``."""
    from dbt.gdb import serve

    if arguments.max_insns is not None or arguments.timeout is not None:
        raise UsageError("-g: with a debugger there is neither --max-insns nor --timeout")
    try:
        return serve(process, arguments.gdb)
    except KeyboardInterrupt as interrupted:
        return interrupted


def run_until_interrupted(process: "Process", arguments: "argparse.Namespace") -> "Ended":
    """Run within the limits of the options. Returns how the run ended."""
    try:
        return process.run(arguments.max_insns, arguments.timeout)
    except KeyboardInterrupt as interrupted:
        return interrupted


def report_stop(process: "Process", stop: "Ended") -> int:
    """Say how a run ended, unless the guest or the user ended it; the exit status."""
    if isinstance(stop, KeyboardInterrupt):
        from dbt.interruption import status_of

        return status_of(stop)
    text, status = describe_stop(process, stop)
    if text:
        say(text)
    return status

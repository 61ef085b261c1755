"""``armdbt spy``: run a program and record what it does with files, pipes, sockets, processes and
the console, with the data; or read such a record."""

import argparse
import contextlib
import sys

from dbt.commands.process_options import make_process, number, process_options, seconds
from dbt.commands.run import report_stop, run_until_interrupted
from dbt.stops import UsageError

HELP = "record files, pipes, sockets, processes and console, with data"
EXAMPLES = (
    ("armdbt spy PROG ARGS", "run it, then report"),
    ("armdbt spy -o FILE PROG ARGS", "keep the record"),
    ("armdbt spy --read FILE --report -", "report on it later"),
    ("armdbt spy --call main --data 64 PROG", "with calls; 64 bytes of each transfer"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    process_options(parser)
    add = parser.add_argument
    add("-o", dest="record", metavar="FILE", help="write the record: JSON lines (docs/spy.md)")
    add("--report", metavar="FILE", help="write the report; - is standard output (default: "
        "standard error, nothing with -o)")  # fmt: skip
    add("--data", type=number, default=4096, metavar="BYTES", help="bytes kept of each transfer")
    add("--call", action="append", default=[], metavar="SYMBOL", help="record its calls, too")
    add("--read", metavar="FILE", help="report on an earlier record; run nothing")
    add("--max-insns", type=number, metavar="N", help="stop after N instructions")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds")
    add("program", metavar="PROG", nargs="?")
    add("args", nargs=argparse.REMAINDER, metavar="ARGS").required = False


def run(arguments: argparse.Namespace) -> int:
    """Run the program, or read a record; the exit status."""
    if arguments.read:
        return _read(arguments)
    if arguments.program is None:
        raise UsageError("spy needs a program, or --read FILE")
    from dbt.files import standard_or_file, writing
    from dbt.interruption import caught
    from dbt.spy import Spy

    with contextlib.ExitStack() as stack:
        stack.enter_context(caught())
        out = None
        if arguments.report or not arguments.record:  # before the guest can put a link there
            out = stack.enter_context(standard_or_file(arguments.report))
        with make_process(arguments) as process:
            spy = Spy(process, arguments.record, limit=arguments.data, symbols=arguments.call)
            try:
                stop = run_until_interrupted(process, arguments)
            except BaseException:
                spy.close()
                raise
            sys.stdout.flush()
            spy.finish(None if isinstance(stop, KeyboardInterrupt) else stop)
            status = report_stop(process, stop)
        for symbol in sorted(spy.missing):
            print(f"armdbt: no symbol {symbol!r} was there to be recorded", file=sys.stderr)
        if out is not None:
            from dbt.spy.report import print_report

            with writing(arguments.report or "standard error"):
                print_report(spy.events(), out)
    return status


def _read(arguments: argparse.Namespace) -> int:
    if arguments.program is not None or arguments.record:
        raise UsageError("--read takes no program and no -o: it runs nothing")
    from dbt.spy.record import load
    from dbt.spy.report import write_report

    write_report(load(arguments.read), arguments.report or "-")
    return 0

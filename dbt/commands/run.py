"""``armdbt run``: run a program."""

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from dbt.commands.machine import machine_options, make_process, number, seconds
from dbt.ending import last_words
from dbt.stops import Stop
from dbt.streams import say

if TYPE_CHECKING:
    from dbt.process import Process

HELP = "run a program"


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    machine_options(parser)
    add = parser.add_argument
    add("--max-insns", type=number, metavar="N", help="stop after N instructions")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds")
    add("--stats", action="store_true", help="print figures of the run at its end")
    add("--stats-json", metavar="FILE", help="write the figures and counters as JSON")
    add("program", metavar="PROG")
    add("args", nargs=argparse.REMAINDER, metavar="ARGS").required = False


def run(arguments: argparse.Namespace) -> int:
    """Run the program; the exit status."""
    from dbt.hooks.outputs.destination import destination, writing

    with make_process(arguments) as process, contextlib.ExitStack() as stack:
        file = arguments.stats_json  # opened now: later the guest may have put a link there
        figures = stack.enter_context(destination(file)) if file else None
        stop = process.run(arguments.max_insns, arguments.timeout)
        sys.stdout.flush()
        status = report_stop(process, stop)
        if arguments.stats:
            from dbt.report import print_stats

            print_stats(process, sys.stderr)
        if figures is not None:
            from dbt.report import write_stats

            with writing(file):
                write_stats(process, stop, figures)
        return status


def report_stop(process: "Process", stop: Stop) -> int:
    """Say how a run ended, unless the guest ended it itself; the exit status."""
    text, status = last_words(process, stop)
    if text:
        say(text)
    return status

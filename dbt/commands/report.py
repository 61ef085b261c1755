"""``armdbt report``: run a program and write what it did as one page of HTML."""

import argparse
import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING, Any

from dbt import interruption
from dbt.commands.process_options import make_process, number, positive, process_options, seconds
from dbt.commands.run import report_stop, run_until_interrupted
from dbt.commands.watching import Summed, Watching, described, tell_missing
from dbt.stops import UsageError
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.process import Process
    from dbt.report.gathering import Gathering

HELP = "run a program and write a page: profile, graphs, hot blocks"
EXAMPLES = (
    ("armdbt report PROG ARGS", "writes PROG-report.html"),
    ("armdbt report -o FILE -L ROOT ROOT/bin/ls /", "a dynamic program, into FILE"),
    ("armdbt report --top 50 --no-chain main PROG", "50 hot blocks; nothing chains into main"),
    ("timeout 10 armdbt report PROG", "what there is after ten seconds"),
)
_COUNTS = "block-count"


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    process_options(parser)
    add = parser.add_argument
    add("-o", dest="report", metavar="FILE", help="the page (default: PROG-report.html)")
    add("--top", type=positive, default=20, metavar="N", help="show N hot blocks (20)")
    add("--only", action="append", default=[], metavar="SYMBOL", help="watch only this function")
    add("--max-insns", type=number, metavar="N", help="stop after N instructions")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds")
    add("program", metavar="PROG")
    add("args", nargs=argparse.REMAINDER, metavar="ARGS").required = False


def run(arguments: argparse.Namespace) -> int:
    """Run the program and write the page; the exit status is that of ``armdbt run``.

    An interrupted run is written too. Processes that the program forks are not part of it.
    """
    file = _file(arguments)
    arguments.stats = True  # phases are timed
    own = [text for text in arguments.passes if text != _COUNTS]
    arguments.passes = [*own, _COUNTS]
    with interruption.caught(), contextlib.ExitStack() as stack:
        out = _opened(file, stack)  # now: later the guest may have put a link there
        with make_process(arguments) as process:
            gathering, watching = _watched(process, arguments)
            stop = run_until_interrupted(process, arguments)
            sys.stdout.flush()
            gathering.end(stop)
            tell_missing(process, watching)
            status = report_stop(process, stop)
            _write(gathering, arguments, file, out)
    print(f"armdbt: the report is in {printable(file)}", file=sys.stderr)
    return status


def _file(arguments: argparse.Namespace) -> str:
    """The path of the page. Raises UsageError."""
    if arguments.report == "-":
        raise UsageError("-o -: standard output is the program's; give the page a file")
    name = os.path.basename(arguments.program) or "program"
    return arguments.report or f"{name}-report.html"


def _opened(file: str, stack: contextlib.ExitStack) -> IO[Any]:
    from dbt.files import destination

    return stack.enter_context(destination(file))


def _watched(process: "Process", arguments: argparse.Namespace) -> "tuple[Gathering, Watching]":
    """Have a process watched, from its first instruction on."""
    from dbt.report.gathering import Gathering

    gathering = Gathering(process, described(process, arguments))
    way = Summed(process, gathering.sums, syscalls=True)  # they tell threads apart
    watching = Watching(process, arguments.only, way)
    gathering.begin(way.end)
    return gathering, watching


def _write(gathering: "Gathering", arguments: argparse.Namespace, file: str, out: IO[Any]) -> None:
    from dbt.files import writing
    from dbt.report.page import page

    text = page(gathering.content(arguments.top))
    with writing(file):
        out.write(text)

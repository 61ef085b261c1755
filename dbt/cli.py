"""The command line. Thin: it finds the command's module in ``dbt/commands`` and runs it.

Options take qemu-arm's names where it has them. Exit statuses are in ``dbt/ending.py``.
"""

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from dbt.commands import bench, calls, demo, explain, passes, run, spy
from dbt.ending import excuse
from dbt.stops import UsageError

COMMANDS = {
    "run": run,
    "calls": calls,
    "explain": explain,
    "passes": passes,
    "demo": demo,
    "bench": bench,
    "spy": spy,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    # Translation makes many small objects and no cycles: collecting them is a third of its time.
    gc.set_threshold(200_000, 20, 100)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as it is for standard error
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.command(arguments))
    except BaseException as error:
        known = excuse(error)
        if known is None:
            raise
        text, status = known
        if text:
            print(text, file=sys.stderr)
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in buffers goes nowhere
        return status


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all other errors of usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="armdbt", description="Dynamic binary translator for 32-bit ARM Linux programs."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, allow_abbrev=False)
        module.options(command)
        command.set_defaults(command=module.run)
    return parser

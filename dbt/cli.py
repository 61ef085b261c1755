"""The command line. Thin: it finds the command's module in ``dbt/commands`` and runs it.

Options take qemu-arm's names where it has them. Exit statuses are in ``dbt/process/ending.py``.
"""

import argparse
import atexit
import contextlib
import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from dbt import __version__

if TYPE_CHECKING:
    from dbt.bundle import Bundle

COMMANDS = ("run", "calls", "explain", "passes", "demo", "bench", "spy", "cache")
"""Names of the commands, which are those of their modules."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    # Translation makes many small objects and no cycles: collecting them is a third of its time. So
    # do imports, which therefore come after this.
    gc.set_threshold(200_000, 20, 100)
    given = sys.argv[1:] if argv is None else argv
    bundle = _bundle() if argv is None and given[:1] == ["run"] else None
    from dbt import streams

    streams.prepare()
    before, sys.excepthook = sys.excepthook, _report_bug  # what children of the guest meet
    if argv is None:  # to look for translations of its messages imports ``locale``
        argparse._ = str  # type: ignore[attr-defined]
    try:
        arguments = _parser(given[0] if given else "").parse_args(given)
        status = int(arguments.command(arguments))
    except SystemExit as leaving:  # --help
        status = leaving.code if isinstance(leaving.code, int) else 0
    except BaseException as error:
        status = _failed(error)
    finally:
        sys.excepthook = before
    status = streams.finish(status)
    if bundle is not None:
        bundle.keep()
    if argv is None:
        _exit(status)
    return status


def _bundle() -> "Bundle":
    from dbt.bundle import install

    return install()


def _exit(status: int) -> NoReturn:
    """End the process. Python would take apart all objects, which takes some milliseconds."""
    from dbt import streams

    if threading.active_count() == 1:  # nobody waits for what is being compiled
        atexit._run_exitfuncs()
        status = streams.finish(status)
    os._exit(status)


def _failed(error: BaseException) -> int:
    """Say in one line what went wrong; the exit status."""
    from dbt import streams
    from dbt.process.ending import describe_bug, describe_error

    text, status = describe_error(error) or describe_bug(error)
    with contextlib.suppress(BrokenPipeError):
        if text:
            streams.say(text)
    return status


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    del kind, trace
    _failed(error)


def _no_command(arguments: argparse.Namespace) -> NoReturn:
    del arguments
    from dbt import choices
    from dbt.stops import UsageError

    raise UsageError(f"no command{choices.listed(COMMANDS)}; see armdbt --help")


class _Formatter(argparse.HelpFormatter):
    """Formats help for the width of the terminal, which it asks for when it is needed: a parser
    makes a formatter for each option that is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)

    def format_help(self) -> str:
        """The text. The width is as ``argparse`` chooses it."""
        from shutil import get_terminal_size

        self._width = get_terminal_size().columns - 2
        self._max_help_position = min(24, max(self._width - 20, 2 * self._indent_increment))
        return super().format_help()


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all other errors of usage."""

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help; argparse hides it when that fails."""
        (file or sys.stderr).write(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; -1 is a value. argparse takes it for an option where there is one like -0."""
        self._has_negative_number_optionals.clear()
        return super().parse_known_args(args, namespace)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """The value of an option. An empty one is refused, unless the option has a type of its own
        that takes it: it is what a script's unset variable gives, and must not count as no option,
        which for -L would be no sandbox."""
        if action.option_strings and action.type is None and "" in arg_strings:
            raise argparse.ArgumentError(action, f"needs {action.metavar}, not an empty text")
        return super()._get_values(action, arg_strings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of an option's choices, as all other unknown names."""
        if action.choices is not None and value not in action.choices:
            from dbt import choices

            name = action.option_strings[0] if action.option_strings else str(action.metavar)
            what = f"value of {name}" if action.option_strings else name.lower()
            raise choices.unknown(what, value, list(action.choices))

    def error(self, message: str) -> NoReturn:
        from dbt.stops import UsageError

        raise UsageError(message)


def _parser(first: str = "") -> argparse.ArgumentParser:
    """The parser of the command line; if ``first``, its first word, is a command, that of this
    command alone."""
    parser = _Parser(
        prog="armdbt",
        description="Dynamic binary translator for 32-bit ARM Linux programs.",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"armdbt {__version__}")
    parser.set_defaults(command=_no_command)
    commands = parser.add_subparsers(metavar="COMMAND", prog="armdbt")
    for name in (first,) if first in COMMANDS else COMMANDS:
        module = importlib.import_module(f"dbt.commands.{name}")
        command = commands.add_parser(
            name, help=module.HELP, allow_abbrev=False, formatter_class=_Formatter
        )
        module.options(command)
        command.set_defaults(command=module.run)
    return parser

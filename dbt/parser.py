"""The parser of the command line. Most runs of a program do without (``dbt/commands/plain.py``)."""

import argparse
import importlib
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

from dbt import __version__
from dbt.text import EXAMPLES_HEAD, examples

COMMANDS = (
    "run", "replay", "calls", "report", "explain", "passes", "demo", "bench", "spy", "cache",
    "completion",
)  # fmt: skip
"""Names of the commands, which are those of their modules."""


def _no_command(arguments: argparse.Namespace) -> NoReturn:
    del arguments
    from dbt import choices
    from dbt.stops import UsageError

    raise UsageError(f"no command{choices.listed(COMMANDS)}; see armdbt --help")


EXAMPLES = (
    ("armdbt run PROG ARGS", "run a program"),
    ("armdbt run -L ROOT ROOT/bin/bash -c 'echo hi'", "with the libraries of ROOT"),
    ("armdbt calls --format profile PROG", "what it calls, and what that costs"),
    ("armdbt run --help", "all options of a command"),
)
"""Command lines, and what each is for. Every command has such a list, too."""


MOST_IN_USAGE = 12
"""Options that the line of usage has."""


class _Formatter(argparse.HelpFormatter):
    """Formats help for the width of the terminal, which it asks for when it is needed: a parser
    makes a formatter for each option that is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs with lines as long as they may be; examples stay as they are."""
        parts = text.split("\n\n")
        fill = super()._fill_text
        return "\n\n".join(
            part if part.startswith(EXAMPLES_HEAD) else fill(part, width, indent) for part in parts
        )

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None,
    ) -> str:
        """The line of usage. It leaves out options when there are many: they are listed below."""
        actions = list(actions)
        words = [action for action in actions if not action.option_strings]
        if usage is not None or len(actions) - len(words) <= MOST_IN_USAGE:
            return super()._format_usage(usage, actions, groups, prefix)
        text = super()._format_usage(None, words, [], prefix)
        return text.replace(self._prog, f"{self._prog} [OPTION]...", 1)

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
        self._words = [*(sys.argv[1:] if args is None else args)]
        namespace, rest = super().parse_known_args(args, namespace)
        for word in rest:
            if word.startswith("-"):
                from dbt import choices

                name = word.partition("=")[0]
                raise choices.unknown("option", name, [*self._option_string_actions])
        return namespace, rest

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

        raise UsageError(message + self._meant())

    def _meant(self) -> str:
        """What is said of a word that argparse may have taken for an option of one letter and its
        value, when it is similar to a longer option: ``-strance``, which is not ``-s trance``."""
        from dbt import choices

        long = [name for name in self._option_string_actions if len(name) > 2 and name[1] != "-"]
        for word in self._words:
            name = word.partition("=")[0]
            if word[:1] == "-" and word[:2] != "--" and len(name) > 2 and name not in long:
                return choices.meant(name, long)
        return ""


def parser_of(first: str = "", *, whole: bool = False) -> argparse.ArgumentParser:
    """The parser of the command line; if ``first``, its first word, is a command, that of this
    command alone. ``whole``: with all that commands leave to parsers of their own."""
    parser = _Parser(
        prog="armdbt",
        description="Dynamic binary translator for 32-bit ARM Linux programs.",
        epilog=examples(EXAMPLES),
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"armdbt {__version__}")
    parser.set_defaults(command=_no_command)
    commands = parser.add_subparsers(metavar="COMMAND", prog="armdbt")
    for name in (first,) if first in COMMANDS else COMMANDS:
        module = importlib.import_module(f"dbt.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.HELP,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )
        getattr(module, "whole_options" if whole else "options", module.options)(command)
        command.epilog = "\n\n".join(filter(None, (command.epilog, examples(module.EXAMPLES))))
        command.set_defaults(command=module.run)
        if name == "completion":
            command.set_defaults(whole_parser=partial(parser_of, whole=True))
    return parser

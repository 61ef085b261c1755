"""``armdbt completion SHELL``: prints what completes command lines of armdbt in a shell.

It is a file of the shell's own language, which shtab makes of the options. So that a key costs no
start of Python, what is completed is what is known here: commands, options, their names of tiers,
passes, formats; files and directories.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Sequence

from dbt import plugins
from dbt.interfaces import MEMORY_CHECKS, TIERS, UNITS
from dbt.log import ITEMS
from dbt.perf import FORMATS
from dbt.runtime.chaining import MODES
from dbt.stops import UsageError

HELP = "print what completes command lines in bash, zsh or fish"
EXAMPLES = (
    ("armdbt completion bash > FILE", "~/.local/share/bash-completion/completions/armdbt"),
    ("armdbt completion zsh > FILE", "_armdbt in a directory of zsh's fpath"),
    ("armdbt completion fish > FILE", "~/.config/fish/completions/armdbt.fish"),
)
SHELLS = ("bash", "zsh", "fish")
SWITCH = ("on", "off")


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print it; the exit status."""
    try:
        import shtab
    except ImportError:
        raise UsageError("completion needs shtab: pip install shtab") from None
    paths = {"file": shtab.FILE, "directory": shtab.DIRECTORY}
    parser = arguments.whole_parser()
    for action in _actions(parser):
        kind = _PATHS.get(str(action.metavar).partition("|")[0])
        if kind is not None:
            action.complete = paths[kind]  # type: ignore[attr-defined]
        elif action.dest in _NAMES and action.option_strings and action.choices is None:
            action.choices = _NAMES[action.dest]()
    text = shtab.complete(parser, arguments.shell)
    print(_for_fish(text) if arguments.shell == "fish" else text)
    return 0


def _for_fish(text: str) -> str:
    """What shtab makes for fish, with ``-o strace`` where it has ``-s strace``: to fish that is an
    option of one letter."""
    return re.sub(r"^complete .*?(?= -d |$)", _named, text, flags=re.MULTILINE)


def _named(command: re.Match[str]) -> str:
    return re.sub(r" -s ([\w-]{2,})", r" -o \1", command[0])


_PATHS = {
    "PROG": "file", "FILE": "file", "ARGS": "file", "OLD NEW": "file",
    "DIR": "directory", "ROOT": "directory",
}  # fmt: skip
"""What words are for which help says so."""


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options and arguments of a parser and of its commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        yield action


def _passes() -> Sequence[str]:
    from dbt.passes.registry import registered

    return sorted(set(registered()) - set(_optimisations()))


def _optimisations() -> Sequence[str]:
    from dbt.passes.pipeline import Pipeline

    return Pipeline.default().names()


def _formats() -> Sequence[str]:
    from dbt.hooks.outputs import NAMES

    return tuple(NAMES)


def _mechanisms() -> Sequence[str]:
    from dbt.hooks.mechanisms import NAMES

    return ("auto", *NAMES)


_NAMES: dict[str, Callable[[], Sequence[str]]] = {
    "tier": lambda: TIERS,
    "unit": lambda: UNITS,
    "background": lambda: SWITCH,
    "reuse": lambda: SWITCH,
    "memory_checks": lambda: MEMORY_CHECKS,
    "chain": lambda: tuple(MODES),
    "perf": lambda: FORMATS,
    "backend": lambda: sorted(plugins.available("dbt.backends")),
    "dump": lambda: tuple(ITEMS),
    "passes": _passes,
    "no_pass": _optimisations,
    "format": _formats,
    "mechanism": _mechanisms,
}
"""The values of options that take one of some names, by where they are kept."""

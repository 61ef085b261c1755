"""Reads plain command lines without argparse, which takes a tenth of a start to import and to set
up.

A plain line has options as they are written in the help, each with its value as the next word, then
the program and its arguments. Whatever is written otherwise, or is wrong, is left to argparse,
which is given the same options.
"""

from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace

from dbt.typing import Any, Protocol

REMAINDER = "..."
"""``argparse.REMAINDER``."""


class Options(Protocol):
    """Takes options, as a parser of argparse does."""

    def add_argument(self, *names: str, **how: Any) -> Any: ...


class Option:
    """One option or argument, as ``add_argument`` was given it."""

    def __init__(
        self,
        *names: str,
        dest: str = "",
        action: str = "store",
        default: Any = None,
        type: Callable[[str], Any] = str,
        nargs: str | None = None,
        **shown: Any,
    ) -> None:
        del shown
        long = [name for name in names if name.startswith("--")]
        self.dest = dest or (long or names)[0].lstrip("-").replace("-", "_")
        self.action, self.type, self.nargs, self.required = action, type, nargs, True
        self.default = False if action == "store_true" else default


class Plain:
    """The options of a command, and its arguments: a program, and all that follows."""

    def __init__(self) -> None:
        self._options: dict[str, Option] = {}
        self._arguments: list[Option] = []

    def add_argument(self, *names: str, **how: Any) -> Option:
        """See ``argparse.ArgumentParser.add_argument``."""
        option = Option(*names, **how)
        if names[0].startswith("-"):
            self._options.update(dict.fromkeys(names, option))
        else:
            self._arguments.append(option)
        return option

    def read(self, words: Sequence[str]) -> dict[str, Any] | None:
        """The values of all options and arguments; None for a line that is not plain."""
        program, rest = self._arguments
        if rest.nargs != REMAINDER or "--" in words:
            return None
        found: dict[str, Any] = {option.dest: option.default for option in self._options.values()}
        at = 0
        while at < len(words) and words[at] in self._options:
            option = self._options[words[at]]
            at += 1
            if option.action == "store_true":
                found[option.dest] = True
                continue
            if at == len(words) or words[at][:1] in ("", "-"):
                return None
            value = option.type(words[at])
            before = found[option.dest]
            found[option.dest] = [*before, value] if option.action == "append" else value
            at += 1
        if at == len(words) or words[at][:1] in ("", "-"):
            return None
        return {**found, program.dest: words[at], rest.dest: [*words[at + 1 :]]}


def read(command: ModuleType, words: Sequence[str]) -> Any:
    """The arguments of a command, as argparse would return them; None for a line that is not
    plain."""
    plain = Plain()
    command.options(plain)
    try:
        found = plain.read(words)
    except Exception:  # of the type of an option: argparse says what is wrong
        return None
    return None if found is None else SimpleNamespace(command=command.run, **found)

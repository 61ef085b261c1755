"""Arguments of ``Process``: turns what a user gives into what the parts need, or refuses it."""

import os
from collections.abc import Iterable, Mapping, Sequence

from dbt import choices, plugins
from dbt.interfaces import Backend, Pass
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dbt.passes.pipeline import Pipeline

T = TypeVar("T")


def backend_of(given: str | Backend) -> Backend:
    """The backend of a name, or the one given. Raises UsageError for anything else."""
    if isinstance(given, str):
        made: Backend = plugins.load("dbt.backends", given)()
        return made
    if isinstance(given, type) or not hasattr(given, "open"):
        raise UsageError(f"a backend is a name, or has a method open, not {choices.shown(given)}")
    return given


def argv_of(program: str, argv0: str | None, args: Sequence[str]) -> list[bytes]:
    """The program's ``argv``. Raises UsageError for what is no text, or has a NUL."""
    program = choices.word("program", program)
    first = choices.word("argv0", program if argv0 is None else argv0)
    return [*map(os.fsencode, (first, *choices.words("args", args)))]


def instance_or_default(name: str, given: T | None, kind: type[T]) -> T:
    """What is given; in place of None what ``kind`` makes. Raises UsageError for an object of
    another class."""
    return choices.instance(name, kind() if given is None else given, kind)


def checked_pipeline(given: "Pipeline | None") -> "Pipeline | None":
    """The pipeline that is given; None for the translator's own. Raises UsageError."""
    if given is None:
        return None
    from dbt.passes.pipeline import Pipeline

    return choices.instance("pipeline", given, Pipeline)


def made_passes(given: Iterable[Pass | str] | str) -> list[Pass]:
    """The passes that are given or spelled. Raises UsageError."""
    several = choices.several("passes", given)
    if not several:
        return []
    from dbt.passes.registry import parse_passes

    return parse_passes(several)


def checked_perf(given: str | None) -> str | None:
    """The format of what perf reads, or None. Raises UsageError."""
    if given is None:
        return None
    from dbt.perf import FORMATS

    return choices.one_of("perf format", given, FORMATS)


def environment_of(variables: Mapping[str, str]) -> list[bytes]:
    """``NAME=VALUE`` for each variable. Raises UsageError for what cannot be an environment."""
    if not isinstance(variables, Mapping):
        raise UsageError(f"env maps names to texts; {choices.shown(variables)} does not")
    strings = []
    for key, value in variables.items():
        name = choices.word("a variable's name", key)
        if not name or "=" in name:
            raise UsageError(f"a variable's name is not empty and has no '=', not {name!r}")
        strings.append(os.fsencode(f"{name}={choices.word(f'env[{name!r}]', value)}"))
    return strings

"""Refusals that help: what was wanted, what there is, and what was probably meant.

Every option that takes one of some names is checked by ``one_of``, so that all of them refuse with
the same sentence.
"""

from collections.abc import Collection
from typing import Any

from dbt.stops import UsageError

SHOWN = 24
"""As many choices are listed; of more only those that are close to what was given."""
TEXT = 60
"""Characters of a wrong value that are shown."""


def one_of(what: str, given: object, known: Collection[str]) -> str:
    """``given`` when it is one of ``known``. Raises UsageError: ``what`` says what it should be."""
    if isinstance(given, str) and given in known:
        return given
    raise unknown(what, given, known)


def unknown(what: str, given: object, known: Collection[str]) -> UsageError:
    """The refusal of a value that is none of ``known``."""
    return UsageError(f"{what} is {shown(given)}{meant(given, known)}{listed(known)}")


def shown(value: object) -> str:
    """A wrong value as messages show it: with quotes when it is text, cut when it is long."""
    text = repr(value)
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def meant(given: object, known: Collection[str]) -> str:
    """``, did you mean X?`` when a choice is close to what was given, else nothing."""
    if not isinstance(given, str | int):
        return ""
    from difflib import get_close_matches  # start-up does without

    text = str(given)
    names = [name for name in known if name.lower() == text.lower()]
    names = names or get_close_matches(text, known, n=1)
    return f"; did you mean {names[0]!r}?" if names else ""


def listed(known: Collection[str]) -> str:
    """`` (one of a, b, c)``; nothing when there are too many to read."""
    if len(known) > SHOWN:
        return ""
    return f" (one of {', '.join(known)})" if known else " (there is none)"


def whole(what: str, given: object, *, least: int = 0, most: int | None = None) -> int:
    """``given`` when it is a whole number in a range; a bool is none. Raises UsageError."""
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise UsageError(f"{what} is a whole number, not {shown(given)}")
    number = int(given.__index__())  # numpy's count as well
    if number < least or (most is not None and number > most):
        bounds = f"at least {least}" if most is None else f"between {least:#x} and {most:#x}"
        raise UsageError(f"{what} is {bounds}, not {shown(given)}")
    return number


def texts(what: str, given: Any, example: str) -> tuple[str, ...]:
    """A sequence of texts as a tuple. One text is none, though it is a sequence of characters.

    Raises UsageError, which shows the ``example`` of how it is written.
    """
    if not isinstance(given, str | bytes):
        try:
            items = tuple(given)
        except TypeError:
            items = (None,)
        if all(isinstance(item, str) for item in items):
            return items
    raise UsageError(f"{what} is a sequence of texts, as {example}, not {shown(given)}")


def callable_with(what: str, given: object, example: str) -> None:
    """Raise UsageError unless ``given`` can be called with one argument."""
    if not callable(given):
        raise UsageError(f"{what} is a function, as {example}, not {shown(given)}")
    from inspect import signature

    try:
        found = signature(given)
    except (TypeError, ValueError):  # of a builtin nothing is known
        return
    try:
        found.bind(None)
    except TypeError:
        raise UsageError(
            f"{what} is a function of one argument, as {example}; {_name(given)} takes {found}"
        ) from None


def _name(function: object) -> str:
    return getattr(function, "__name__", type(function).__name__)

"""Checks options where they are given. A refusal shows the value, the choices and a similar one.

Every option that takes one of some names is checked by ``one_of``, so that all refusals read alike:
``no system call 'getpidd'; did you mean 'getpid'?``, ``no tier '3' (one of 0, 1, 2, auto)``.
"""

import operator
import os
from collections.abc import Collection, Iterable, Sequence

from dbt.stops import UsageError
from dbt.typing import Any, TypeVar

SHOWN = 24
"""Most choices that a refusal lists. Of more, it names one that is similar to the given one."""
TEXT = 80
"""Most characters of a wrong value that a refusal shows."""
WORD = 0xFFFFFFFF
"""The largest guest address."""

T = TypeVar("T")
_NAN = float("nan")


class UnknownName(UsageError, KeyError):
    """The refusal of an unknown key, which is also a KeyError."""

    def __str__(self) -> str:
        return str(self.args[0])


def one_of(what: str, given: object, known: Collection[str]) -> str:
    """``given`` when it is one of ``known``, the names of some ``what``. Raises UsageError."""
    if isinstance(given, str) and given in known:
        return given
    raise unknown(what, given, known)


def unknown(what: str, given: object, known: Collection[str] = ()) -> UsageError:
    """The refusal of a name that is none of ``known``."""
    return UsageError(f"no {what} {shown(given)}{meant(given, known)}{listed(known)}")


def no_attribute(owner: object, name: str) -> AttributeError:
    """What is raised for an attribute that an object of ours has not, with one that is similar."""
    known = [own for own in dir(type(owner)) if not own.startswith("_")]
    return AttributeError(
        f"{type(owner).__name__} has no {shown(name)}{meant(name, known)}", name=name, obj=owner
    )


class NoAttribute(UsageError, AttributeError):
    """The refusal of an attribute that is not there now: ``hasattr`` is False."""


def no_key(what: str, given: object, known: Collection[str]) -> UnknownName:
    """The refusal of a key that is none of ``known``, as an error that is also a KeyError."""
    return UnknownName(str(unknown(what, given, known)))


class AmbiguousName(UsageError):
    """The refusal of a name that means several things."""


def ambiguous(what: str, given: object, found: Sequence[str]) -> AmbiguousName:
    """The refusal of a name that means all of ``found``."""
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return AmbiguousName(
        f"{what} {shown(given)} is ambiguous (one of {', '.join(found[:SHOWN])}{rest})"
    )


def shown(value: object) -> str:
    """A wrong value as messages show it: text in quotes, cut when it is long. A value that cannot
    be shown, such as a number with too many digits, is shown as its class."""
    try:
        text = repr(value[: 2 * TEXT] if isinstance(value, str | bytes) else value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def meant(given: object, known: Collection[str]) -> str:
    """The text ``; did you mean 'X'?`` when a choice is similar to the given one, else nothing."""
    if not isinstance(given, str) or not 0 < len(given) <= TEXT:
        return ""
    from difflib import get_close_matches  # start-up does without

    by_lower = {name.lower(): name for name in known if len(name) <= TEXT}
    lower = given.lower()
    close = get_close_matches(lower, by_lower, n=len(by_lower) or 1)
    close.sort(key=lambda name: sorted(name) != sorted(lower))  # swapped letters are likeliest
    return f"; did you mean {shown(by_lower[close[0]])}?" if close else ""


def listed(known: Collection[str]) -> str:
    """The text `` (one of a, b, c)``; nothing when there are more than ``SHOWN``."""
    return f" (one of {', '.join(known)})" if 0 < len(known) <= SHOWN else ""


def whole(what: str, given: Any, *, least: int = 0, most: int | None = None) -> int:
    """``given`` as an int when it is a whole number in a range. numpy's integers are whole numbers,
    a bool is not. Raises UsageError."""
    try:
        number = operator.index(given)
    except TypeError:
        number = None
    if number is None or isinstance(given, bool):
        raise UsageError(f"{what} is a whole number, not {shown(given)}")
    if most is not None and not least <= number <= most:
        raise UsageError(f"{what} is between {least:#x} and {most:#x}, not {_cut(hex(number))}")
    if number < least:
        raise UsageError(f"{what} is at least {least}, not {shown(number)}")
    return number


def guest_word(what: str, given: Any) -> int:
    """``given`` as an unsigned word when it is a whole number that fits one, signed or unsigned.
    Raises UsageError."""
    return whole(what, given, least=-(1 << 31), most=WORD) & WORD


def seconds(what: str, given: Any) -> float | None:
    """A time in seconds, or None when ``given`` is None or infinite. Raises UsageError."""
    if given is None:
        return None
    known = isinstance(given, int | float) and not isinstance(given, bool)
    try:
        number = float(given) if known else _NAN
    except OverflowError:  # an int that no float can hold
        number = _NAN
    if not number >= 0:
        raise UsageError(f"{what} is a number of seconds, 0 or more, not {shown(given)}")
    return None if number == float("inf") else number


def truth(what: str, given: Any) -> bool:
    """``given`` when it is True or False. Raises UsageError: ``"no"`` would count as true."""
    if isinstance(given, bool):
        return given
    raise UsageError(f"{what} is True or False, not {shown(given)}")


def instance(what: str, given: Any, class_: type[T]) -> T:
    """``given`` when it is made by ``class_``. Raises UsageError."""
    if isinstance(given, class_):
        return given
    raise UsageError(f"{what} is a {class_.__name__}, not {shown(given)}")


def several(what: str, given: Any) -> tuple[Any, ...]:
    """The elements of a collection. A text, and any object that is no collection, is taken for one
    element. Raises UsageError for None."""
    if given is None:
        raise UsageError(f"{what} is a collection, not None")
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        return (given,)
    return tuple(given)


def word(what: str, given: Any) -> str:
    """A text that the kernel can take: without a NUL, which would end it, and without a surrogate
    that encodes no byte. A path may be anything that ``os.fspath`` takes. Raises UsageError."""
    try:
        text = os.fsdecode(given)
    except TypeError:
        raise UsageError(f"{what} is a text, not {shown(given)}") from None
    if "\0" in text:
        raise UsageError(f"{what} has a NUL in it: {shown(text)}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} has a surrogate in it, which is no character: {shown(text)}"
        ) from None
    return text


def words(what: str, given: Any) -> tuple[str, ...]:
    """A sequence of texts that the kernel can take. Raises UsageError, also for a single text,
    which could be one word or a line of words."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise UsageError(f"{what} is a sequence of texts, as ['-c', 'echo hi'], not {shown(given)}")
    return tuple(word(f"{what}[{index}]", item) for index, item in enumerate(given))


def directory(given: Any) -> str:
    """A path of the host that leads to a directory. Raises UsageError."""
    path = word("a directory", given)
    if not os.path.isdir(path):
        raise UsageError(f"{path}: not a directory")
    return path


def runs_when_called(what: str, given: Any) -> None:
    """Raises UsageError for a function that returns a generator or a coroutine when it is called,
    so that none of its code would run."""
    from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

    if isgeneratorfunction(given) or iscoroutinefunction(given) or isasyncgenfunction(given):
        name = getattr(given, "__name__", type(given).__name__)
        raise UsageError(f"{what} is a plain function; {name} is a generator or async")


def function(what: str, given: Any, *arguments: str) -> Any:
    """``given`` when it can be called with so many arguments. Raises UsageError."""
    if not callable(given):
        raise UsageError(f"{what} is a function, not {shown(given)}")
    from inspect import signature

    runs_when_called(what, given)
    try:
        found = signature(given)
    except (TypeError, ValueError):  # nothing is known of some builtins
        return given
    try:
        found.bind(*arguments)
    except TypeError:
        wanted = f"({', '.join(arguments)})"
        name = getattr(given, "__name__", type(given).__name__)
        raise UsageError(f"{what} is called with {wanted}, but {name} takes {found}") from None
    return given

"""Attributes of one object, as they were at one moment."""

from collections.abc import Iterable

from dbt.typing import Any


class Kept:
    """The values of some attributes of ``thing``; without ``names``, of all its slots. Lists, sets
    and dicts are copied."""

    def __init__(self, thing: Any, names: Iterable[str] = ()) -> None:
        self._thing = thing
        names = names or [name for name in type(thing).__slots__ if name != "__weakref__"]
        self._values = [(name, _copy(getattr(thing, name))) for name in names]

    def restore(self) -> None:
        """Give the attributes these values again."""
        for name, value in self._values:
            setattr(self._thing, name, _copy(value))


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in (list, dict, set) else value

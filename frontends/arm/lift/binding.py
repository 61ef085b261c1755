"""Finds the lifting method of each row of an encoding table."""

from collections.abc import Callable, Mapping

from dbt.decode.table import Table, TableError
from frontends.arm.lifter import Lifter


def bind(table: Table, lifter: type[Lifter]) -> Mapping[str, Callable[..., None]]:
    """The method of each row by name. Raises TableError when a row has none, or when its arguments
    are not the row's letters in order."""
    methods = {}
    for row in table:
        method = getattr(lifter, row.name, None)
        if method is None:
            raise TableError(f"{row.name}: no method of {lifter.__name__} lifts this row")
        code = method.__code__  # inspect would be imported for its signature
        arguments = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        if arguments != row.letters:
            raise TableError(f"{row.name}: takes {arguments}, but the row has {row.letters}")
        methods[row.name] = method
    return methods

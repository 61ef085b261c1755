"""The lifter of ARM state: one mixin per family of instructions, one method per table row."""

from collections.abc import Callable, Mapping
from typing import Any

from dbt.decode.table import Row, Table, TableError
from frontends.arm.encodings import A32
from frontends.arm.lift.branch import Branches
from frontends.arm.lift.data_processing import DataProcessing
from frontends.arm.lift.media import Media
from frontends.arm.lift.memory import Memory
from frontends.arm.lift.multiply import Multiply
from frontends.arm.lift.system import System
from frontends.arm.lift.vfp import Vfp
from frontends.arm.lifter import Lifter


class A32Lifter(DataProcessing, Multiply, Media, Memory, Branches, System, Vfp):
    """Lifts every row of the A32 table."""

    table = A32

    def lift_row(self, row: Row, fields: tuple[Any, ...]) -> None:
        """Lift an instruction of a row."""
        A32_METHODS[row.name](self, *fields)


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


A32_METHODS = bind(A32, A32Lifter)

"""How the host calls a guest function: what a frontend says of its procedure call standard."""

from collections.abc import Sequence

from dbt.classes import attrs
from dbt.ir.banks import State
from dbt.typing import Protocol, TypeAlias


@attrs.frozen
class Scalar:
    """The type of an argument or of a result. ``size`` is in bytes: 1, 2, 4 or 8."""

    size: int
    floating: bool = False
    signed: bool = False


Home: TypeAlias = str | int
"""Where a part of an argument is: the name of a slot, or the offset of a word on the stack from the
stack pointer, in bytes."""


@attrs.frozen
class Placement:
    """Where the arguments and the result of a function are. A value that has several homes lies in
    them from its lowest bits on; ``stack`` is the size of the arguments on the stack."""

    arguments: tuple[tuple[Home, ...], ...]
    stack: int
    result: tuple[str, ...]


class Calling(Protocol):
    """The procedure call standard of a guest."""

    stack_alignment: int
    """Bytes: the stack pointer is a multiple of it when a function is entered."""

    def place(
        self, arguments: Sequence[Scalar], result: Scalar | None, program_flags: int
    ) -> Placement:
        """Where the arguments and the result of a function that is not variadic are, in a program
        whose ELF header has these flags."""

    def enter(self, state: State) -> None:
        """Set what a function may rely on when it is entered, beside arguments, link register and
        stack pointer."""

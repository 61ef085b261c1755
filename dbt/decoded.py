"""A system call in words: what the kernel's typed table makes of names and registers, and hooks are
given. ``dbt/linux/typed`` decodes."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from dbt import choices


@attrs.frozen
class DecodedArgument:
    """One argument of a call: its value (unsigned), and what it means.

    ``content`` is what the argument stands for: bytes for paths and buffers, a dict for structures,
    a list for vectors; None for plain numbers and for memory that cannot be read or was not
    written yet.
    """

    name: str
    type: str
    value: int
    text: str
    content: Any = None


@attrs.frozen
class DecodedCall:
    """A system call in words. ``result`` is None, and its text empty, before the call returns."""

    name: str
    arguments: tuple[DecodedArgument, ...]
    result: int | None = None
    result_text: str = ""

    def __str__(self) -> str:
        shown = ",".join(argument.text for argument in self.arguments)
        text = f"{self.name}({shown})"
        return f"{text} = {self.result_text}" if self.result_text else text

    def __getitem__(self, name: str) -> DecodedArgument:
        """An argument by name. Raises UsageError, which is a KeyError here, with the names there
        are."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        known = [argument.name for argument in self.arguments]
        raise choices.no_key(f"argument of {self.name}", name, known)

    def of_type(self, *types: str) -> list[DecodedArgument]:
        """The arguments of these types, in order."""
        return [argument for argument in self.arguments if argument.type in types]

    @property
    def paths(self) -> list[bytes]:
        """The paths it names, as the guest wrote them."""
        return [a.content for a in self.of_type("path") if isinstance(a.content, bytes)]

    @property
    def fds(self) -> list[int]:
        """The file descriptors it takes."""
        values = (argument.value for argument in self.of_type("fd"))
        return [value - (1 << 32) if value >> 31 else value for value in values]


Decode = Callable[[str, Sequence[int], int | None], DecodedCall]
"""Puts a call into words: its name, argument registers, and result once there is one."""

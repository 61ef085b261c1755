"""What a decoded system call is, and how rows of the table are written.

A row is one line of text::

    openat   at:at path:path flags:open mode:openmode -> fd

the name, then ``argument:kind`` for each argument, then the kind of the result (``int`` when not
given). A kind may have a parameter, ``prot:flags(prot)`` or ``buffer:out(count)``: a table of
names, or another argument. ``kinds.py`` lists all kinds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

WIDE = frozenset({"s64", "u64", "low64"})
"""Kinds that take two registers, an even one first where the ABI aligns pairs."""


@attrs.frozen
class Parameter:
    """One argument of a signature: its name, kind and the kind's parameter."""

    name: str
    kind: str
    of: str = ""


@attrs.frozen
class Signature:
    """A row of the table."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str = "int"

    def values(self, registers: Sequence[int], *, aligned: bool = True) -> dict[str, int]:
        """The arguments by name, unsigned, from the argument registers."""
        out = {}
        at = 0
        for parameter in self.parameters:
            wide = parameter.kind in WIDE
            at += at & 1 if wide and aligned else 0
            value = registers[at] if at < len(registers) else 0
            if wide:
                value |= (registers[at + 1] if at + 1 < len(registers) else 0) << 32
            out[parameter.name] = value
            at += 2 if wide else 1
        return out


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
        """An argument by name. Raises KeyError."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        raise KeyError(name)

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


_ITEM = re.compile(r"(\w+):(\w+)(?:\((\w+)\))?")


def parse_row(line: str) -> Signature:
    """One row. Raises ValueError."""
    left, _, result = line.partition("->")
    name, *items = left.split()
    parameters = []
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{name}: {item!r} is not argument:kind")
        parameters.append(Parameter(match[1], match[2], match[3] or ""))
    return Signature(name, tuple(parameters), result.strip() or "int")


def parse_rows(text: str) -> dict[str, Signature]:
    """Rows by name. ``a|b`` before the arguments gives both names the same ones."""
    rows: dict[str, Signature] = {}
    for line in filter(str.strip, text.splitlines()):
        names = line.split()[0]
        for name in names.split("|"):
            if name in rows:
                raise ValueError(f"two rows for {name}")
            rows[name] = parse_row(line.replace(names, name, 1))
    return rows


def merge(tables: Iterable[Mapping[str, Signature]]) -> dict[str, Signature]:
    """One table of several. Raises ValueError for a name in two of them."""
    out: dict[str, Signature] = {}
    for table in tables:
        twice = out.keys() & table.keys()
        if twice:
            raise ValueError(f"two rows for {', '.join(sorted(twice))}")
        out.update(table)
    return out

"""How rows of the table are written.

A row is one line of text::

    openat   at:at path:path flags:open mode:openmode -> fd

the name, then ``argument:kind`` for each argument, then the kind of the result (``int`` when not
given). A kind may have a parameter, ``prot:flags(prot)`` or ``buffer:out(count)``: a table of
names, or another argument. ``kinds.py`` lists all kinds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

PAIRS = frozenset({"s64", "u64"})
"""Kinds that take two registers, an even one first where the ABI aligns pairs."""
WIDE = PAIRS | {"words64"}
"""Kinds that take two registers."""


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

    @property
    def wide(self) -> bool:
        """It has an argument of 64 bits."""
        return any(parameter.kind in WIDE for parameter in self.parameters)

    def values(self, registers: Sequence[int], *, aligned: bool = True) -> dict[str, int]:
        """The arguments by name, unsigned, from the argument registers."""
        out = {}
        at = 0
        for parameter in self.parameters:
            wide = parameter.kind in WIDE
            at += at & 1 if parameter.kind in PAIRS and aligned else 0
            value = registers[at] if at < len(registers) else 0
            if wide:
                value |= (registers[at + 1] if at + 1 < len(registers) else 0) << 32
            out[parameter.name] = value
            at += 2 if wide else 1
        return out


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

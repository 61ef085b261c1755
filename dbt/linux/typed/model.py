"""How rows of the table are written, and how the arguments of a call are read by them.

A row is one line of text::

    openat   at:at path:path flags:open mode:openmode -> fd

the name, then ``argument:kind`` for each argument, then the kind of the result (``int`` when not
given). A kind may have a parameter, ``prot:flags(prot)`` or ``buffer:out(count)``: a table of
names, or another argument. ``kinds.py`` lists all kinds.

A row says which registers an argument is in, and its sign, for handlers and for what is shown:
``s64`` and ``u64`` are a pair of registers, aligned as the guest's ABI wants it, ``words64`` two
registers anywhere (low, high), and every other kind one register. The kinds of ``SIGNED`` are
signed. Where the kernel has another type than qemu-arm shows, the parameter of ``int`` and ``fd``
says so: ``count:int(unsigned)``, ``fd:fd(signed)``.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

from dbt.classes import attrs

PAIRS = frozenset({"s64", "u64"})
"""Kinds that take two registers, an even one first where the ABI aligns pairs."""
WIDE = PAIRS | {"words64"}
"""Kinds that take two registers."""
SIGNED = frozenset({"at", "enum", "how", "int", "s64", "sig", "words64"})
"""Kinds that handlers get as signed numbers."""


@attrs.frozen
class Parameter:
    """One argument of a signature: its name, kind and the kind's parameter."""

    name: str
    kind: str
    of: str = ""

    @property
    def wide(self) -> bool:
        """It has 64 bits."""
        return self.kind in WIDE

    @property
    def signed(self) -> bool:
        """Handlers get a signed number."""
        return self.of == "signed" if self.of in _SIGNS else self.kind in SIGNED


_SIGNS = ("signed", "unsigned")

Place = tuple[str, int, bool, int]
"""Where an argument is: its name, its (first) register, whether the next one has an upper half,
and the value of the sign bit, 0 for an unsigned number."""


def places(
    parameters: Sequence[Parameter], *, aligned: bool, signed: bool = True
) -> tuple[Place, ...]:
    """Where the arguments are, for ``read``. ``aligned``: pairs begin with an even register.
    ``signed`` False: all as unsigned numbers."""
    out = []
    at = 0
    for parameter in parameters:
        at += at & 1 if parameter.kind in PAIRS and aligned else 0
        sign = 1 << (63 if parameter.wide else 31) if signed and parameter.signed else 0
        out.append((parameter.name, at, parameter.wide, sign))
        at += 2 if parameter.wide else 1
    return tuple(out)


def read(found: Iterable[Place], registers: Sequence[int]) -> dict[str, int]:
    """Arguments by name from the argument registers (unsigned). Raises IndexError when there are
    too few registers."""
    out = {}
    for name, at, wide, sign in found:
        value = registers[at] | registers[at + 1] << 32 if wide else registers[at]
        out[name] = value - 2 * sign if value & sign else value
    return out


@attrs.frozen
class Signature:
    """A row of the table."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str = "int"
    _places: dict[bool, tuple[Place, ...]] = attrs.field(
        factory=dict, init=False, eq=False, repr=False
    )
    """Where the arguments are, by whether pairs are aligned."""

    @property
    def wide(self) -> bool:
        """It has an argument of 64 bits."""
        return any(parameter.wide for parameter in self.parameters)

    def values(self, registers: Sequence[int], *, aligned: bool = True) -> dict[str, int]:
        """The arguments by name, unsigned, from the argument registers. Registers that are not
        given are zero."""
        found = self._places.get(aligned)
        if found is None:
            found = places(self.parameters, aligned=aligned, signed=False)
            self._places[aligned] = found
        try:
            return read(found, registers)
        except IndexError:
            return read(found, [*registers, *[0] * (2 * len(found))])


def _is_word(text: str) -> bool:
    return text.replace("_", "a").isalnum()


def parse_row(line: str) -> Signature:
    """One row. Raises ValueError."""
    left, _, result = line.partition("->")
    name, *items = left.split()
    parameters = []
    for item in items:
        argument, _, kind = item.partition(":")
        kind, bracket, of = kind.partition("(")
        words = (argument, kind, of.removesuffix(")")) if bracket else (argument, kind)
        if not all(map(_is_word, words)) or (bracket and not of.endswith(")")):
            raise ValueError(f"{name}: {item!r} is not argument:kind")
        parameters.append(Parameter(*words))
    return Signature(name, tuple(parameters), result.strip() or "int")


class Rows(MutableMapping[str, Signature]):
    """Rows by name. They are given as lines, and one is parsed when it is first asked for: a
    program makes few of the calls that there are."""

    def __init__(self, rows: Mapping[str, str | Signature]) -> None:
        self.lines = dict(rows)
        """What there is of each row so far."""

    def __getitem__(self, name: str) -> Signature:
        row = self.lines[name]
        if isinstance(row, str):
            row = self.lines[name] = parse_row(row)
        return row

    def __setitem__(self, name: str, row: Signature) -> None:
        self.lines[name] = row

    def __delitem__(self, name: str) -> None:
        del self.lines[name]

    def __contains__(self, name: object) -> bool:
        return name in self.lines

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def arity(self, name: str) -> int:
        """How many arguments a call has."""
        row = self.lines[name]
        if isinstance(row, str):
            return row.partition("->")[0].count(":")
        return len(row.parameters)


def parse_rows(text: str) -> Rows:
    """Rows by name. ``a|b`` before the arguments gives both names the same ones. Raises ValueError
    for two rows of one name."""
    rows: dict[str, str | Signature] = {}
    for line in filter(str.strip, text.splitlines()):
        names = line.split(None, 1)[0]
        for name in names.split("|"):
            if name in rows:
                raise ValueError(f"two rows for {name}")
            rows[name] = line.replace(names, name, 1)
    return Rows(rows)


def merge(tables: Iterable[Rows]) -> Rows:
    """One table of several. Raises ValueError for a name in two of them."""
    out = Rows({})
    for table in tables:
        twice = out.keys() & table.keys()
        if twice:
            raise ValueError(f"two rows for {', '.join(sorted(twice))}")
        out.lines.update(table.lines)
    return out

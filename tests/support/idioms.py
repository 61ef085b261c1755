"""The idioms of ``tests/guests/idioms``: programs, and the events written by hand in their sources.

The format is explained in ``tests/guests/idioms/idiom.h``.
"""

import contextlib
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
from support.guests import GUESTS, symbols

from dbt.hooks.records import Kind, Record

IDIOMS = GUESTS / "idioms"
SYSCALLS = frozenset([Kind.SYSCALL, Kind.SYSCALL_RETURN])
_EXPECT = re.compile(r"@ expect:\s*(\S.*?)\s*$")
_STATUS = re.compile(r"@ status:\s*(\d+)\s*$")
_KEYS = frozenset(["site", "depth", "args", "caller", "result"])


class BadExpectation(Exception):
    """A line of an expectation makes no sense; the text says which and why."""


@attrs.frozen
class Expected:
    """One event: what is given must be so, what is None may be anything."""

    kind: Kind
    function: str
    site: int | None = None
    depth: int | None = None
    caller: int | None = None
    arguments: tuple[int, ...] = ()
    result: int | None = None

    def differs(self, record: Record, addresses: Mapping[str, int]) -> str:
        """In what a record is not this event; empty when it is."""
        if record.kind is not self.kind:
            return f"is a {record.kind.value}"
        if self.kind in SYSCALLS:
            if record.symbol != self.function:
                return f"names {record.symbol}"
        elif record.function != addresses[self.function]:
            return f"names {record.symbol}"
        for name in ("site", "depth", "caller"):
            wanted, actual = getattr(self, name), getattr(record, name)
            if wanted is not None and wanted != actual:
                return f"{name} is {actual:#x}, not {wanted:#x}"
        if record.arguments[: len(self.arguments)] != self.arguments:
            return f"arguments are {record.arguments}, not {self.arguments}"
        if self.result is not None and (
            record.result is None or _word(record.result) != self.result
        ):
            return f"result is {record.result}, not {self.result}"
        return ""


@attrs.frozen
class Idiom:
    """A program and what it must do."""

    name: str
    events: tuple[Expected, ...]
    status: int
    addresses: Mapping[str, int] = attrs.field(eq=False, repr=False)

    @property
    def program(self) -> Path:
        """The ELF file."""
        return IDIOMS / f"{self.name}.elf"

    @property
    def lists_syscalls(self) -> bool:
        """The expectation names the system calls too."""
        return any(event.kind in SYSCALLS for event in self.events)

    def differences(self, records: Sequence[Record]) -> list[str]:
        """Where a stream is not the one expected, in words."""
        if not self.lists_syscalls:
            records = [record for record in records if record.kind not in SYSCALLS]
        told = []
        for at, (event, record) in enumerate(zip(self.events, records, strict=False)):
            difference = event.differs(record, self.addresses)
            if difference:
                told.append(f"event {at}, {event.kind.value} {event.function}: {difference}")
        if len(records) != len(self.events):
            told.append(f"{len(records)} events instead of {len(self.events)}")
        return told


def names() -> list[str]:
    """All idioms."""
    return sorted(path.stem for path in IDIOMS.glob("*.S"))


@functools.cache
def idiom(name: str) -> Idiom:
    """Read an idiom. Raises BadExpectation."""
    source = (IDIOMS / f"{name}.S").read_text()
    addresses = {name: at & ~1 for name, at in symbols(IDIOMS / f"{name}.elf").items()}
    return parse(name, source, addresses)


def parse(name: str, source: str, addresses: Mapping[str, int]) -> Idiom:
    """An idiom from the text of its source. Raises BadExpectation."""
    lines = [found[1] for found in map(_EXPECT.match, source.splitlines()) if found]
    status = [int(found[1]) for found in map(_STATUS.match, source.splitlines()) if found]
    if not lines:
        raise BadExpectation(f"{name}: nothing is expected")
    try:
        events = tuple(_events(lines, addresses))
    except (KeyError, ValueError) as error:
        raise BadExpectation(f"{name}: {error}") from None
    return Idiom(name, events, status[0] if status else 0, addresses)


def _events(lines: Sequence[str], addresses: Mapping[str, int]) -> Iterator[Expected]:
    block: list[Expected] | None = None
    times = 0
    for line in lines:
        match line.split():
            case ["repeat", count]:
                if block is not None:
                    raise ValueError("repeat inside of repeat")
                block, times = [], int(count)
            case ["end"]:
                if block is None:
                    raise ValueError("end without repeat")
                yield from block * times
                block = None
            case [kind, function, *rest]:
                event = _event(kind, function, rest, addresses)
                if block is None:
                    yield event
                else:
                    block.append(event)
            case _:
                raise ValueError(f"cannot read {line!r}")
    if block is not None:
        raise ValueError("repeat without end")


def _event(kind: str, function: str, rest: Sequence[str], addresses: Mapping[str, int]) -> Expected:
    given = dict(part.split("=", 1) for part in rest)
    if not given.keys() <= _KEYS:
        raise ValueError(f"unknown key in {' '.join(rest)!r}")
    what = Kind(kind)
    if what not in SYSCALLS and function not in addresses:
        raise KeyError(f"no symbol {function}")

    def number(key: str) -> int | None:
        return None if key not in given else _number(given[key], addresses)

    return Expected(
        what,
        function,
        number("site"),
        number("depth"),
        number("caller"),
        tuple(_number(text, addresses) for text in given["args"].split(","))
        if "args" in given
        else (),
        number("result"),
    )


def _number(text: str, addresses: Mapping[str, int]) -> int:
    """``12``, ``0x10``, ``-9``, ``label`` or ``label+4``, as a 32-bit word."""
    with contextlib.suppress(ValueError):
        return _word(int(text, 0))
    label, _, offset = text.partition("+")
    return _word(addresses[label] + int(offset or "0", 0))


def _word(value: int) -> int:
    return value & 0xFFFFFFFF

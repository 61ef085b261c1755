"""The interface of output formats, which take records one by one and write a file.

``Format`` describes one; ``dbt.hooks.outputs.NAMES`` holds them all. An output is made on an open
stream, gets every record in the order of the run, and then the run's length:

    output = NAMES["callgrind"].make(out, program)
    for record in records:
        output.feed(record)
    output.finish(end=insns)

One that needs costs alone (``sums``) may get what the records add up to in their place: it has
``seen`` each function before its first call, and is given all by ``take`` at the end.

Costs are guest instructions. Streams may begin and end in the middle of calls; the files are
balanced nevertheless (``dbt.hooks.outputs.calltree`` says how).
"""

from collections.abc import Callable, Iterable, Sequence

import attrs

from dbt.hooks.follow.summing import Summing
from dbt.hooks.records import Record
from dbt.text import LINE, printable
from dbt.typing import Any, Protocol, TypeAlias


class Image(Protocol):
    """An ELF file in the guest's memory."""

    @property
    def path(self) -> str:
        """Its path on the host."""

    @property
    def low(self) -> int:
        """Its lowest address."""

    @property
    def high(self) -> int:
        """The address past its highest."""


class Line(Protocol):
    """A line of a source file."""

    @property
    def path(self) -> str:
        """The file, as the compiler knew it."""

    @property
    def number(self) -> int:
        """The line, from 1 on."""


LineOf: TypeAlias = Callable[[int], Line | None]
"""Gives the source line of a guest address."""


@attrs.frozen
class Place:
    """Where a function is: its ELF file, empty if it is in none, and its first source line."""

    object: str = ""
    line: Line | None = None


def _none() -> tuple[()]:
    return ()


def _no_line(pc: int) -> None:
    del pc


def in_numbers(call: Record, result: int | None) -> str:
    """A system call as ``name(0x1, 0x2) = 3``; without a result when it did not return."""
    text = f"{call.symbol}({', '.join(map(hex, call.arguments))})"
    return text if result is None else f"{text} = {result}"


@attrs.frozen
class Program:
    """What an output may know of the program. The functions answer for the present moment."""

    command: tuple[str, ...] = ()
    """Program and arguments."""
    images: Callable[[], Sequence[Image]] = _none
    blocks: Callable[[], Iterable[tuple[int, int]]] = _none
    """Guest address and bytes of every block that was executed since the last execve."""
    syscall: Callable[[Record, int | None], str] = in_numbers
    """Describes a system call in words. Called with its record and None when it is made, and with
    the result when it has returned."""
    line: LineOf = _no_line
    """The source line of a guest address."""
    start: int = 0
    """Guest instructions completed before the first record could come."""

    def object_of(self, pc: int) -> str:
        """The path of the file that is mapped at a guest address now, or ``""``."""
        return next((image.path for image in self.images() if image.low <= pc < image.high), "")

    def place_of(self, pc: int) -> Place:
        """Where the function at a guest address is, as it is mapped now."""
        return Place(self.object_of(pc), self.line(pc))


class Output(Protocol):
    """One format being written."""

    def feed(self, record: Record) -> None:
        """Take the next record."""

    def finish(self, end: int) -> None:
        """Close what is open and write the rest. ``end``: guest instructions of the run."""


class OutputOfSums(Output, Protocol):
    """An output that needs what records add up to, and not each of them."""

    def seen(self, pc: int, symbol: str) -> None:
        """A function will be called first. This comes instead of ``feed``."""

    def take(self, sums: Summing) -> None:
        """Write the rest, of what was added up. This comes instead of ``finish``."""


@attrs.frozen
class Format:
    """A row of the registry. ``make`` opens an output on a text stream, or on a byte stream if
    ``binary``."""

    summary: str
    make: Callable[[Any, Program], Output]
    binary: bool = False
    terminal: bool = False
    """Whether it is made for a terminal; all others are written to a file."""
    records: bool = True
    """Whether it needs records."""
    passes: tuple[str, ...] = ()
    """Instrumentation passes that it needs."""
    sums: bool = False
    """Whether it is an ``OutputOfSums``."""
    paths: bool = False
    """Whether it tells call paths apart."""


def clean(name: str, limit: int = LINE) -> str:
    """A name that may come from a hostile file: ``printable``, and not empty."""
    return printable(name, limit) or "?"

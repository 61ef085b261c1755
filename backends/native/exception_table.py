"""The exception table of compiled code: where it goes on when the host refuses one of its accesses.

As in the Linux kernel (``Documentation/arch/x86/exception-tables.rst``), code that may fault puts
pairs of an instruction and its fixup into a section of its object file, relative to themselves. The
table has those of all code that is linked: rows of two words, found by hashing the address of the
instruction (open addressing, linear probing), which the handler of signals can do.
"""

import mmap
from array import array
from collections.abc import Iterable
from ctypes import addressof, c_char, string_at
from struct import Struct

from dbt.typing import Any

SECTION = ".ex_table"
MIX = 0x9E3779B97F4A7C15
"""Fibonacci hashing: the upper half of the product is spread well."""
ROW, ROWS_AT = 16, 16
_FEWEST = 256
_PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_PAIR = Struct("<ii")


def entry(fixup: str, label: int = 1) -> str:
    """Assembler text, in an LLVM string, that enters the instruction at a label in front of it,
    with the label of its fixup."""
    words = f".long {label}b-.,{fixup}-."
    return f".pushsection {SECTION},\\22a\\22,@progbits\\0A{words}\\0A.popsection"


class ExceptionTable:
    """The fixups of the code of one owner, by instruction. Not thread safe; no code may run that
    has an entry while it changes."""

    def __init__(self) -> None:
        self._live = 0
        self._make(_FEWEST)

    def _make(self, rows: int) -> None:
        try:
            memory = mmap.mmap(-1, ROWS_AT + rows * ROW, flags=_PRIVATE)
        except OSError as error:
            raise MemoryError(f"the host has no room for {rows} fixups") from error
        self._mask = rows - 1
        self.memory = memory
        """The memory of the table, which is another one when it has grown."""
        self._words = memoryview(self.memory).cast("Q")
        self._words[0] = self._mask
        self._used = 0
        anchor: Any = c_char.from_buffer(self.memory)
        self.address = addressof(anchor)
        """Its address: there are the mask of row numbers, then the rows."""

    def __len__(self) -> int:
        return self._live

    def add(self, section: int, size: int) -> "array[int]":
        """Enter the pairs of a linked section, at a host address. Returns the instructions, for
        ``remove``. Raises MemoryError, and has changed nothing then."""
        pairs = _pairs(section, size)
        if 2 * (self._used + len(pairs)) > self._mask:
            self._grow(self._live + len(pairs))
        for instruction, fixup in pairs:
            self._enter(instruction, fixup)
        self._live += len(pairs)
        return array("Q", [instruction for instruction, _ in pairs])

    def remove(self, instructions: Iterable[int]) -> None:
        """Remove the entries of instructions."""
        for instruction in instructions:
            self._words[self._row(instruction) + 1] = 0
            self._live -= 1

    def _row(self, instruction: int) -> int:
        """The index of the row of an instruction, or of the free one where it belongs."""
        words, place = self._words, (instruction * MIX & (1 << 64) - 1) >> 32
        while words[at := 2 + 2 * (place & self._mask)] not in (0, instruction):
            place += 1
        return at

    def _enter(self, instruction: int, fixup: int) -> None:
        at = self._row(instruction)
        self._used += not self._words[at]
        self._words[at], self._words[at + 1] = instruction, fixup

    def _grow(self, entries: int) -> None:
        """Make a table with room for twice as many entries."""
        old = self._words
        self._make(max(_FEWEST, 1 << (4 * entries).bit_length()))
        for at in range(2, len(old), 2):
            if old[at + 1]:
                self._enter(old[at], old[at + 1])


def _pairs(section: int, size: int) -> list[tuple[int, int]]:
    """The addresses of instructions and fixups in a linked section."""
    pairs = enumerate(_PAIR.iter_unpack(string_at(section, size)))
    return [(section + 8 * index + a, section + 8 * index + 4 + b) for index, (a, b) in pairs]

"""The functions of files without a symbol table, which are called by their linked addresses:
``sub_10440``."""

import mmap
import os
import stat
import struct
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator

import attrs

from dbt.interfaces.code import LinkedCode
from dbt.loader.symbols import Symbol, SymbolFile

PREFIX = "sub_"
_HEADER, _SEGMENT, _SECTION = map(struct.Struct, ("<16sHHIIIIIHHHHHH", "<8I", "<10I"))
_LOAD, _PROGBITS = 1, 1
_EXECUTABLE, _INSTRUCTIONS = 1, 4
"""PF_X, SHF_EXECINSTR."""
Find = Callable[[LinkedCode], Collection[int]]
"""Finds the locations at which functions begin (``SyscallAbi.find_functions``)."""


class Stripped:
    """The functions of a file that no symbol names, to be looked up."""

    def __init__(self, symbols: list[Symbol]) -> None:
        self.symbols = symbols
        """By address. Each reaches to the next function, or to the end of the code around it."""
        self._addresses = [symbol.address for symbol in symbols]

    def containing(self, address: int) -> Symbol | None:
        """The function at a linked address."""
        index = bisect_right(self._addresses, address) - 1
        symbol = self.symbols[index] if index >= 0 else None
        return symbol if symbol and address < symbol.address + symbol.size else None

    def divided(self, address: int, state: int) -> "Stripped":
        """The same with a function that begins at a linked address, in a state."""
        before = self.containing(address)
        end = address + 1 if before is None else before.address + before.size
        name = f"{PREFIX}{address:x}"
        new = [Symbol(address, end - address, name, True, address | state)]
        if before is not None:
            new.append(attrs.evolve(before, size=address - before.address))
        rest = [symbol for symbol in self.symbols if symbol is not before]
        return Stripped(sorted([*rest, *new], key=lambda symbol: symbol.address))

    def find(self, name: str) -> Symbol | None:
        """The function that is called so."""
        try:
            symbol = self.containing(int(name.removeprefix(PREFIX), 16))
        except ValueError:
            return None
        return symbol if symbol and symbol.name == name else None


def found_in(file: SymbolFile, state_bits: int, find: Find) -> Stripped:
    """Find the functions of a file. One that cannot be read has none."""
    try:
        code = _code(file)
    except (OSError, ValueError, struct.error):
        return Stripped([])
    named = {symbol.address for symbol in file.symbols if symbol.function}
    locations = {location & ~state_bits: location for location in find(code)}
    starts = sorted(locations.keys() | named)
    found = []
    for address in sorted(locations.keys() - named):
        size = _end(address, starts, code.parts) - address
        name = f"{PREFIX}{address:x}"
        found.append(Symbol(address, size, name, True, locations[address]))
    return Stripped(found)


def _end(address: int, starts: list[int], parts: Iterable[tuple[int, bytes]]) -> int:
    after = bisect_right(starts, address)
    following = starts[after] if after < len(starts) else 1 << 32
    ends = (start + len(data) for start, data in parts if start <= address < start + len(data))
    return min(following, max(ends, default=following))


def _code(file: SymbolFile) -> LinkedCode:
    """What the file says of its code. Raises OSError, and ValueError for what makes no sense."""
    # What was mapped may have been replaced: opening a FIFO would wait for its writer.
    with open(os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("not a file")
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    with data:
        *_, entry, segments_at, sections_at, _, _, _, count, _, number, _ = _HEADER.unpack_from(
            data
        )
        segments = _rows(data, _SEGMENT, segments_at, count)
        sections = _rows(data, _SECTION, sections_at, number)
        places = [
            (s[3], s[4], s[5]) for s in sections if s[1] == _PROGBITS and s[2] & _INSTRUCTIONS
        ]
        if not sections:
            places = [(s[2], s[1], s[4]) for s in segments if s[0] == _LOAD and s[6] & _EXECUTABLE]
        tables = {s[0]: (s[2], _piece(data, s[1], s[4])) for s in segments if s[0] != _LOAD}
        parts = tuple(_apart(data, places))
        loaded = [(s[2], s[1], s[4]) for s in segments if s[0] == _LOAD and not s[1] & 3]
        content = tuple(piece for _, piece in _apart(data, loaded))
    known = {symbol.location for symbol in file.symbols if symbol.function}
    return LinkedCode(parts, content, tables, known | ({entry} if entry else set()))


def _rows(data: mmap.mmap, row: struct.Struct, at: int, count: int) -> list[tuple[int, ...]]:
    table = data[at : at + row.size * count]
    return list(row.iter_unpack(table[: len(table) // row.size * row.size]))


def _apart(data: mmap.mmap, places: list[tuple[int, int, int]]) -> Iterator[tuple[int, bytes]]:
    """The parts at these addresses, file offsets and sizes that overlap none below them, as long as
    all together are no larger than the file."""
    end, left = 0, len(data)
    for address, at, size in sorted(places):
        left -= size
        if left >= 0 and size and address >= end:
            yield address, _piece(data, at, size)
            end = address + size


def _piece(data: mmap.mmap, at: int, size: int) -> bytes:
    return data[at : at + size]

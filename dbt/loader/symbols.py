"""The symbols of an ELF file, which are read when they are first needed."""

import bisect
import os
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import attrs

from dbt.demangling import MANGLED
from dbt.lazy import lazy_property
from dbt.loader import debug_files
from dbt.loader.debug_files import Identity
from dbt.text import LINE

if TYPE_CHECKING:
    from dbt.loader.lines import Lines
    from dbt.loader.stripped import Stripped

_SYM = struct.Struct("<IIIBBH")
_NOTYPE, _OBJECT, _FUNC, _IFUNC = 0, 1, 2, 10
_PLACED = (_NOTYPE, _OBJECT, _FUNC, _IFUNC)
_WEIGHT = {1: 2, 2: 1}
"""How far a binding goes: global, weak, all others."""


@attrs.frozen
class Symbol:
    """A named address, as linked. The address of a function is without the bits of its state.

    ``name`` is decoded as by ``os.fsdecode``. One longer than ``LINE`` is cut and gets an ellipsis.
    """

    address: int
    size: int
    name: str
    function: bool
    location: int
    """The address as in the file, with the bits of a function's state."""
    binding: int = 1
    """0: local to its object file; 1: global; 2: weak (st_info)."""

    @property
    def standing(self) -> tuple[bool, int, int, int, str]:
        """Of the symbols of one address the greatest is the one that is printed: a function, the
        public name (``malloc``, not ``__libc_malloc``), a global one, not a weak or local one, a
        short one. Mangled names have no underscores before the name that was written."""
        mangled = self.name.startswith(MANGLED)
        underscores = 0 if mangled else len(self.name) - len(self.name.lstrip("_"))
        weight = _WEIGHT.get(self.binding, 0)
        return self.function, -underscores, weight, -len(self.name), self.name


@attrs.define(slots=False)
class SymbolFile:
    """The symbols and segments of one file. A file that cannot be read has none."""

    path: str
    symbols: list[Symbol] = attrs.field(factory=list)
    segments: list[tuple[int, int, int]] = attrs.field(factory=list)
    """(file offset, size in the file, linked address) of the loadable segments."""
    identity: Identity = attrs.field(factory=Identity)
    debug: str = ""
    """The file that has its debug information: itself, unless there is a separate one."""
    has_table: bool = False
    """Whether it, or its debug file, has the symbols that linking needs no more (``.symtab``)."""

    found: "Stripped | None" = None
    """The functions that no symbol names, once they have been looked for."""

    def linked(self, offset: int) -> int | None:
        """The linked address of a file offset."""
        for start, size, address in self.segments:
            if start <= offset < start + size:
                return address + offset - start
        return None

    def find(self, name: str) -> Symbol | None:
        """The symbol with a name. Of several, a function is preferred, and one that is not
        local."""
        return self._by_name.get(name)

    def names_at(self, address: int) -> list[str]:
        """All names of a linked address."""
        first = bisect.bisect_left(self._addresses, address)
        last = bisect.bisect_right(self._addresses, address)
        return [symbol.name for symbol in self.symbols[first:last]]

    def containing(self, address: int) -> Symbol | None:
        """The symbol a linked address belongs to: the last one at or below it."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        symbol = self.symbols[index]
        return None if symbol.size and address >= symbol.address + symbol.size else symbol

    @lazy_property
    def lines(self) -> "Lines":
        """Its source lines."""
        from dbt.loader.lines import Lines

        return Lines(self.debug or self.path)

    @lazy_property
    def _by_name(self) -> dict[str, Symbol]:
        ordered = sorted(self.symbols, key=lambda s: (s.function, bool(s.binding)))
        return {symbol.name: symbol for symbol in ordered}

    @lazy_property
    def _addresses(self) -> list[int]:
        return [symbol.address for symbol in self.symbols]


@lru_cache(maxsize=64)
def symbols_of(
    path: str, stamp: tuple[int, int], state_bits: int, inside: str, directories: tuple[str, ...]
) -> SymbolFile:
    """As ``read_symbols``, with the symbols of its separate debug file, if there is one.

    ``inside`` is the path that the file has for the guest, ``directories`` are those of debug
    files."""
    file = read_symbols(path, stamp, state_bits)
    if not file.segments:
        return file
    debug = debug_files.find(path, inside, file.identity, directories)
    if not debug:
        return file
    more = [] if file.has_table else _of_debug_file(debug, state_bits)
    symbols, has_table = _ordered([*file.symbols, *more]), file.has_table or bool(more)
    return attrs.evolve(file, debug=debug, symbols=symbols, has_table=has_table)


def _of_debug_file(path: str, state_bits: int) -> list[Symbol]:
    try:
        status = os.stat(path)
    except OSError:
        return []
    return read_symbols(path, (status.st_mtime_ns, status.st_size), state_bits).symbols


def _ordered(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Symbols by address; of those at one address, the one that is printed is the last."""
    return sorted(set(symbols), key=lambda s: (s.address, s.standing))


@lru_cache(maxsize=64)
def read_symbols(path: str, stamp: tuple[int, int], state_bits: int) -> SymbolFile:
    """Read the symbols of a file. ``stamp`` (mtime in ns, size) distinguishes its versions;
    ``state_bits`` are the guest's (``Layout.state_bits``)."""
    from elftools.elf.elffile import ELFFile

    del stamp
    found = SymbolFile(path)
    try:
        # What was mapped may have been replaced: opening a FIFO would wait for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            elf = ELFFile(stream)
            for segment in elf.iter_segments("PT_LOAD"):
                header = segment.header
                found.segments.append((header.p_offset, header.p_filesz, header.p_vaddr))
            for kind in ("SHT_DYNSYM", "SHT_SYMTAB"):
                section = next(elf.iter_sections(kind), None)  # there may be one of each
                if section is not None:
                    found.has_table = kind == "SHT_SYMTAB"
                    strings = _contents(stream, elf.get_section(section["sh_link"]))
                    table = _contents(stream, section)
                    found.symbols.extend(_placed(table, strings, state_bits))
            found.identity = debug_files.identity(elf)
    except Exception:  # pyelftools raises anything for damaged files; symbols are a convenience
        return SymbolFile(path)
    found.symbols = _ordered(found.symbols)
    return found


def _contents(stream: BinaryIO, section: Mapping[str, int]) -> bytes:
    """The bytes of a section that the file has."""
    stream.seek(section["sh_offset"])
    size = os.fstat(stream.fileno()).st_size
    return stream.read(min(section["sh_size"], size))


def _placed(table: bytes, strings: bytes, state_bits: int) -> list[Symbol]:
    out = []
    table = table[: len(table) // _SYM.size * _SYM.size]
    for name_at, value, size, info, _, section in _SYM.iter_unpack(table):
        kind = info & 15
        if not section or section >= 0xFF00 or kind not in _PLACED:
            continue
        name = _name(strings, name_at)
        if name and not name.startswith("$"):
            function = kind in (_FUNC, _IFUNC)
            address = value & ~state_bits if function else value
            out.append(Symbol(address, size, name, function, value, info >> 4))
    return out


def _name(strings: bytes, start: int) -> str:
    end = strings.find(b"\0", start, start + LINE)
    if end >= 0:
        return strings[start:end].decode(errors="surrogateescape")
    return strings[start : start + LINE - 1].decode(errors="surrogateescape") + "…"

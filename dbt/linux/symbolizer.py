"""Names of guest addresses, from the symbol tables of the files that are mapped."""

import os

from dbt import choices
from dbt.classes import attrs
from dbt.environment import is_named, split_library
from dbt.interfaces import EXEC, PAGE
from dbt.linux.options import LinuxOptions
from dbt.linux.state.address_space import AddressSpace, Area
from dbt.stops import UsageError
from dbt.syscalls import SyscallAbi
from dbt.text import LINE, NAME, printable
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.loader.lines import Line
    from dbt.loader.stripped import Stripped
    from dbt.loader.symbols import Symbol, SymbolFile


_HEAD = 12
"""Bytes of code that tell a function from a stub."""


@attrs.frozen
class Image:
    """A mapped ELF file: the host's path, its lowest and past its highest address."""

    path: str
    low: int
    high: int


@attrs.frozen
class Mapped:
    """A part of a file in memory, or of no file (its path is empty)."""

    path: str
    low: int
    high: int
    offset: int

    @classmethod
    def of(cls, area: Area) -> "Mapped":
        """What an area of the guest's memory has."""
        return cls(area.path, area.start, area.end, area.offset)


@attrs.frozen
class Files:
    """Finds symbols and lines of files: ``root`` is the guest's ``/``, and separate debug files are
    below ``debug_directories``."""

    root: str
    debug_directories: tuple[str, ...]
    state_bits: int

    def symbols(self, path: str) -> "SymbolFile":
        """The symbols of a file by its path on the host; none when it is not there."""
        from dbt.loader.symbols import SymbolFile, symbols_of

        try:
            status = os.stat(path)
        except OSError:
            return SymbolFile(path)
        stamp = (status.st_mtime_ns, status.st_size)
        inside = path.removeprefix(self.root)
        return symbols_of(path, stamp, self.state_bits, inside, self.debug_directories)

    def line(self, mapped: Mapped, pc: int) -> "Line | None":
        """The source line of an address in what is mapped; None where none is known."""
        if not mapped.path:
            return None
        file = self.symbols(mapped.path)
        linked = file.linked(pc - mapped.low + mapped.offset)
        return None if linked is None else file.lines.find(linked)


@attrs.frozen
class MappedLines:
    """Gives the lines of addresses as files were mapped once."""

    _files: Files
    _mapped: list[Mapped]

    def __call__(self, pc: int) -> "Line | None":
        """The source line of a guest address; None where none is known."""
        for mapped in self._mapped:
            if mapped.low <= pc < mapped.high:
                return self._files.line(mapped, pc)
        return None


class Symbolizer:
    """Symbols of an address space as it is now; libraries loaded later are found too.

    ``state_bits`` are those of locations (``Layout.state_bits``).
    """

    def __init__(
        self, space: AddressSpace, abi: SyscallAbi, state_bits: int, options: LinuxOptions
    ) -> None:
        self._space = space
        self.root = os.path.realpath(options.root) if options.root else ""
        """Host path of the guest's ``/``; empty where that is the host's."""
        system = os.path.join(self.root or "/", "usr/lib/debug")
        self._files_of = Files(self.root, (*options.debug_dirs, system), state_bits)
        self._helpers, _ = abi.commpage()
        self._find_functions = abi.find_functions
        self._state_bits = state_bits
        self.program = ""
        """Host path of the program, whose symbols win."""
        self._asked: dict[tuple[str, int], str] = {}
        """The name by which a symbol was asked for first, by file and linked address."""
        self._called: dict[str, Stripped] = {}
        """The functions of a file that no symbol names, with those that calls have led to."""

    def images(self) -> list[Image]:
        """The ELF files in memory, by address."""
        found: dict[str, Image] = {}
        for area in self._space.areas:
            if area.path and area.path in found:
                found[area.path] = attrs.evolve(found[area.path], high=area.end)
            elif area.path and area.offset == 0 and self._symbols(area.path).segments:
                found[area.path] = Image(area.path, area.start, area.end)
        return list(found.values())

    def loaded(self) -> list[Image]:
        """The ELF files of which all segments are in memory, to be executed, by address."""
        return [image for image in self.images() if self._is_whole(image.path)]

    def _is_whole(self, path: str) -> bool:
        bias, executable = self._bias(path), False
        if bias is None:
            return False
        for offset, size, address in self._symbols(path).segments:
            start = (address + bias) & 0xFFFFFFFF & -PAGE
            area = self._space.at(start) if size else None
            if size and (
                area is None
                or area.path != path
                or area.offset + start - area.start != offset & -PAGE
            ):
                return False
            executable |= area is not None and bool(area.perms & EXEC)
        return executable

    def symbol(self, name: str) -> int | None:
        """The location of a symbol: its address with the bits of its code's state; or None."""
        for file in self._files():
            found = file.find(name)
            if found is not None:
                return self._location(file, found)
        return None

    def extent(self, name: str) -> range:
        """The addresses of what a symbol names: as many as it says, or none. Raises UsageError for
        an unknown symbol."""
        found = self._find(name)
        bias = None if found is None else self._bias(found[0].path)
        if found is None or bias is None:
            raise self._unknown(name)
        start = (found[1].address + bias) & 0xFFFFFFFF
        return range(start, start + found[1].size)

    def resolve(self, where: int | str) -> int:
        """The location of a symbol, or of ``0x…``: an address in a function gets the bits of its
        state. A symbol of C++ or Rust may be given as it was written, and without parameters; a
        function that was found in a file without a symbol table as ``sub_10440``.

        Raises AmbiguousName, a UsageError, for a name that several functions have; UsageError for
        an unknown symbol, and for what is no address of the guest."""
        number = where
        if isinstance(where, str):
            location = self._named(where)
            if location is not None:
                return location
            try:
                number = int(where, 0)
            except ValueError:
                raise self._unknown(where) from None
        address = choices.whole("an address", number, most=choices.WORD)
        return address | self._state(address)

    def _named(self, name: str) -> int | None:
        """The location of what has a name, which it is called by from now on."""
        found = self._find(name)
        return None if found is None else self._asked_for(split_library(name)[1], *found)

    def _find(self, name: str) -> "tuple[SymbolFile, Symbol] | None":
        """The file and the symbol that has a name, as it is or as it was written, in the library
        that it says; or None."""
        library, name = split_library(name)
        files = self._files(library)
        for file in files:
            symbol = file.find(name)
            if symbol is not None:
                return file, symbol
        if name[:1].isdigit():
            return None
        from dbt.linux.lookup import by_spelling

        found = by_spelling(name, files)
        if found is not None:
            return found
        for file in files if name.startswith("sub_") else ():
            symbol = self._found(file).find(name)
            if symbol is not None:
                return file, symbol
        return None

    def _asked_for(self, name: str, file: "SymbolFile", symbol: "Symbol") -> int | None:
        self._asked.setdefault((file.path, symbol.address), name)
        return self._location(file, symbol)

    def locations(self, name: str) -> set[int]:
        """The locations of all functions that symbol tables call ``name``, in whatever file."""
        found: set[int] = set()
        for file in self._files():
            for symbol in file.symbols:
                if symbol.function and symbol.name == name:
                    location = self._asked_for(name, file, symbol)
                    found.update(() if location is None else (location,))
        return found

    def similar(self, name: str) -> list[str]:
        """The names of symbols, among them those that are similar to ``name``."""
        from dbt.linux.lookup import similar

        return similar(name, self._files())

    def _unknown(self, where: str) -> UsageError:
        """The refusal of a name that is no symbol in memory."""
        from dbt.linux.lookup import similar

        library, name = split_library(where)
        files = self._files(library)
        if library and not files:
            there = [os.path.basename(file.path) for file in self._files()]
            return choices.unknown("library in memory", library, there)
        what = f"symbol of {library}" if library else "symbol"
        return choices.unknown(what, name, similar(name, files))

    def functions(self) -> dict[int, str]:
        """The functions that the symbol tables of what is mapped name, by location; and if the
        program has none, those that were found in it (``sub_10440``)."""
        found: dict[int, str] = {}
        for file in self._files():
            stripped = file.path == self.program and not file.has_table
            for symbol in [*self._found(file).symbols, *file.symbols] if stripped else file.symbols:
                location = self._location(file, symbol) if symbol.function else None
                if location is not None:
                    found[location] = symbol.name  # the last one is that which is printed
        return found

    def describe(self, pc: int) -> str:
        """``name+0x14 in file``, ``0x1234 in file`` or the bare address, for people: names are
        ``printable`` and cut."""
        area = self._space.at(pc)
        if area is None or not area.path:
            return self.name(pc)
        base = printable(os.path.basename(area.path), NAME)
        return f"{self.name(pc, NAME).removeprefix(f'{base}:')} in {base}"

    def line(self, pc: int) -> "Line | None":
        """The source line of a guest address; None where none is known."""
        area = self._space.at(pc)
        return None if area is None else self._files_of.line(Mapped.of(area), pc)

    def lines_of_now(self) -> "MappedLines":
        """What gives the lines of addresses as files are mapped now, also when they no longer
        are, or the process is gone."""
        return MappedLines(self._files_of, [Mapped.of(area) for area in self._space.areas])

    def place(self, pc: int) -> str:
        """As ``describe``, with the source line where it is known: ``name+0x14 in file,
        main.c:12``."""
        line = self.line(pc)
        return self.describe(pc) + (f", {line}" if line else "")

    def name(self, pc: int, limit: int = LINE) -> str:
        """``name+0x14``, the linked address, or the address; ``printable``, the name of at most
        ``limit`` characters. Where no symbol has the name, a library's file comes before it
        (``libfoo.so:sub_10440``): else it would be taken for one of the program. Of several names
        of a function it is the one that was asked for, else the public one."""
        from dbt.demangling import readable

        area = self._space.at(pc)
        if area is None or not area.path:
            return "kernel helper page" if pc & -PAGE == self._helpers else f"{pc:#x}"
        linked, symbol = self._containing(area, pc)
        if linked is None:
            return f"{pc:#x}"
        library = "" if area.path == self.program else f"{os.path.basename(area.path)}:"
        if symbol is None:
            return printable(f"{library}{linked:#x}", limit)
        offset = linked - symbol.address
        name = self._asked.get((area.path, symbol.address)) or readable(symbol.name)
        if self._symbols(area.path).find(symbol.name) is None:
            name = library + name
        return printable(name, limit) + (f"+{offset:#x}" if offset else "")

    def _files(self, library: str = "") -> "list[SymbolFile]":
        """The symbols of what is mapped, or of what has a library's name; those of the program
        first."""
        paths = [i.path for i in self.images() if not library or is_named(i.path, library)]
        paths.sort(key=lambda path: path != self.program)
        return [self._symbols(path) for path in paths]

    def _location(self, file: "SymbolFile", symbol: "Symbol") -> int | None:
        """Where a symbol of a file is now, with the bits of its code's state."""
        bias = self._bias(file.path)
        return None if bias is None else (symbol.location + bias) & 0xFFFFFFFF

    def _state(self, pc: int) -> int:
        """The bits of state in the location of the function at an address; 0 where none is."""
        area = self._space.at(pc)
        symbol = self._containing(area, pc)[1] if area is not None and area.path else None
        known = symbol is not None and symbol.function
        return symbol.location & self._state_bits if symbol is not None and known else 0

    def _bias(self, path: str) -> int | None:
        """Where the file was loaded, minus where it was linked."""
        for area in self._space.areas:
            if area.path == path:
                bias = _area_bias(area, self._symbols(path))
                if bias is not None:
                    return bias
        return None

    def _containing(self, area: Area, pc: int) -> "tuple[int | None, Symbol | None]":
        """The linked address of a place in a mapped file, and the symbol that it belongs to."""
        file = self._symbols(area.path)
        linked = file.linked(pc - area.start + area.offset)
        if linked is None:
            return None, None
        named = file.containing(linked)
        if file.has_table or (named is not None and named.size):
            return linked, named
        found = self._found(file).containing(linked)
        return linked, max(filter(None, (named, found)), key=lambda s: s.address, default=None)

    def _found(self, file: "SymbolFile") -> "Stripped":
        """The functions that no symbol names, of a file without a symbol table."""
        if file.path in self._called:
            return self._called[file.path]
        if file.found is None:
            from dbt.loader.stripped import Stripped, found_in

            functions = Stripped([])
            if not file.has_table:
                functions = found_in(file, self._state_bits, self._find_functions)
            file.found = functions
        return file.found

    @property
    def stripped(self) -> bool:
        """Whether the program has no symbol table."""
        return bool(self.program) and not self._symbols(self.program).has_table

    def is_unknown(self, location: int) -> bool:
        """Whether a location is in a program without a symbol table, and a function could begin
        there that is not known."""
        pc = location & ~self._state_bits
        area = self._space.at(pc)
        if area is None or area.path != self.program or not self.stripped:
            return False
        linked, symbol = self._containing(area, pc)
        if linked is None or (symbol is not None and symbol.address == linked):
            return False
        state = location & self._state_bits
        code = self._space.memory.peek(pc, min(_HEAD, area.end - pc))
        from dbt.interfaces.code import LinkedCode

        found = self._find_functions(LinkedCode(((linked, code),), (), {}, (linked | state,)))
        return bool(found)  # else it is a stub of the linker's

    def add_function(self, location: int) -> None:
        """A call has led to a location in the program: a function begins there."""
        pc = location & ~self._state_bits
        area = self._space.at(pc)
        if area is not None and area.path and self.is_unknown(location):
            file = self._symbols(area.path)
            linked = file.linked(pc - area.start + area.offset)
            assert linked is not None
            found = self._found(file).divided(linked, location & self._state_bits)
            self._called[file.path] = found

    def _symbols(self, path: str) -> "SymbolFile":
        return self._files_of.symbols(path)


def _area_bias(area: Area, file: "SymbolFile") -> int | None:
    for offset, size, address in file.segments:
        page = offset & -4096
        if page <= area.offset < offset + size:
            return area.start - area.offset - (address - offset)
    return None

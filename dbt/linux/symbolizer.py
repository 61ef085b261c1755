"""Names of guest addresses, from the symbol tables of the files that are mapped."""

import os

from dbt import choices
from dbt.classes import attrs
from dbt.interfaces import PAGE
from dbt.linux.state.address_space import AddressSpace, Area
from dbt.syscalls import SyscallAbi
from dbt.text import LINE, NAME, printable
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.loader.symbols import Symbol, SymbolFile


@attrs.frozen
class Image:
    """A mapped ELF file: the host's path, its lowest and past its highest address."""

    path: str
    low: int
    high: int


class Symbolizer:
    """Symbols of an address space as it is now; libraries loaded later are found too.

    ``state_bits`` are those of locations (``Layout.state_bits``).
    """

    def __init__(self, space: AddressSpace, abi: SyscallAbi, state_bits: int) -> None:
        self._space = space
        self._helpers, _ = abi.commpage()
        self._state_bits = state_bits
        self.program = ""
        """Host path of the program, whose symbols win."""

    def images(self) -> list[Image]:
        """The ELF files in memory, by address."""
        found: dict[str, Image] = {}
        for area in self._space.areas:
            if area.path and area.path in found:
                found[area.path] = attrs.evolve(found[area.path], high=area.end)
            elif area.path and area.offset == 0 and self._symbols(area.path).segments:
                found[area.path] = Image(area.path, area.start, area.end)
        return list(found.values())

    def symbol(self, name: str) -> int | None:
        """The location of a symbol: its address with the bits of its code's state; or None."""
        found = self._find(name)
        return None if found is None else (found[0].location + found[1]) & 0xFFFFFFFF

    def extent(self, name: str) -> range:
        """The addresses of what a symbol names: as many as it says, or none. Raises UsageError for
        an unknown symbol."""
        found = self._find(name)
        if found is None:
            raise choices.unknown("symbol", name, self._names())
        start = (found[0].address + found[1]) & 0xFFFFFFFF
        return range(start, start + found[0].size)

    def _find(self, name: str) -> "tuple[Symbol, int] | None":
        """A symbol, and where its file was loaded, minus where it was linked; or None."""
        paths = [image.path for image in self.images()]
        paths.sort(key=lambda path: path != self.program)
        for path in paths:
            found = self._symbols(path).find(name)
            if found is not None:
                bias = self._bias(path)
                return None if bias is None else (found, bias)
        return None

    def resolve(self, where: int | str) -> int:
        """The location of a symbol, or of ``0x…``: an address in a function gets the bits of its
        state. Raises UsageError for an unknown symbol, and for what is no address of the guest."""
        address: int | None = None
        if not isinstance(where, str):
            address = where
        elif (address := self.symbol(where)) is None:
            try:
                address = int(where, 0)
            except ValueError:
                raise choices.unknown("symbol", where, self._names()) from None
        address = choices.whole("an address", address, most=choices.WORD)
        return address | self._state(address)

    def _names(self) -> list[str]:
        return [
            symbol.name for image in self.images() for symbol in self._symbols(image.path).symbols
        ]

    def functions(self) -> dict[int, str]:
        """The functions that the symbol tables of what is mapped name, by location."""
        found: dict[int, str] = {}
        for image in self.images():
            bias = self._bias(image.path)
            for symbol in self._symbols(image.path).symbols:
                if symbol.function and bias is not None:
                    found.setdefault((symbol.location + bias) & 0xFFFFFFFF, symbol.name)
        return found

    def describe(self, pc: int) -> str:
        """``name+0x14 in file``, ``0x1234 in file`` or the bare address, for people: names are
        ``printable`` and cut."""
        area = self._space.at(pc)
        if area is None or not area.path:
            return self.name(pc)
        base = os.path.basename(area.path)
        return f"{self.name(pc, NAME)} in {printable(base, NAME)}"

    def name(self, pc: int, limit: int = LINE) -> str:
        """``name+0x14``, the linked address, or the address; ``printable``, the name of at most
        ``limit`` characters."""
        area = self._space.at(pc)
        if area is None or not area.path:
            return "kernel helper page" if pc & -PAGE == self._helpers else f"{pc:#x}"
        linked, symbol = self._containing(area, pc)
        if linked is None or symbol is None:
            return f"{pc if linked is None else linked:#x}"
        offset = linked - symbol.address
        return printable(symbol.name, limit) + (f"+{offset:#x}" if offset else "")

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
        return linked, None if linked is None else file.containing(linked)

    def _symbols(self, path: str) -> "SymbolFile":
        from dbt.loader.symbols import SymbolFile, read_symbols

        try:
            status = os.stat(path)
        except OSError:
            return SymbolFile(path)
        return read_symbols(path, (status.st_mtime_ns, status.st_size), self._state_bits)


def _area_bias(area: Area, file: "SymbolFile") -> int | None:
    for offset, size, address in file.segments:
        page = offset & -4096
        if page <= area.offset < offset + size:
            return area.start - area.offset - (address - offset)
    return None

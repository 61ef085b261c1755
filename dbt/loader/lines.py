"""Source lines of addresses, from the DWARF of a file.

Nothing is read before the first line is asked for. Then the sections are read, and of the
compilation units, which ``.debug_aranges`` finds, those that are asked about. A file that is
malformed has no lines from there on; one line says so.
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from dbt.lazy import lazy_property
from dbt.loader.line_program import LineTable, decode
from dbt.streams import say
from dbt.text import NAME, printable

if TYPE_CHECKING:
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.dwarfinfo import DWARFInfo

LARGEST = 1 << 29
"""Most bytes of debug information that are unpacked."""
_ARANGES = struct.Struct("<IHIBB")
_LINE_STRP = 0x1F
_ERRORS = 60
"""Characters of what is wrong with a file."""


@attrs.frozen
class Line:
    """A line of a source file, by the path that the compiler knew, which is made absolute by the
    directory of the compilation if that is known."""

    path: str
    number: int

    def __str__(self) -> str:
        return f"{printable(os.path.basename(self.path), NAME)}:{self.number}"


class Lines:
    """The lines of an ELF file, by linked address."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._tables: dict[int, tuple[LineTable, str] | None] = {}
        """The line table and the directory of each compilation unit that was asked about."""
        self._broken = False

    def find(self, address: int) -> Line | None:
        """The line that the instruction at a linked address is for; None where that is not
        known."""
        if self._broken:
            return None
        try:
            return self._find(address)
        except Exception as error:  # pyelftools raises anything for damaged files
            self._broken = True
            what = printable(str(error) or type(error).__name__, _ERRORS)
            where = printable(self._path, NAME)
            say(f"armdbt: {where}: its debug information cannot be read ({what}): no lines")
            return None

    def _find(self, address: int) -> Line | None:
        unit = self._unit(address)
        table = None if unit is None else self._table(unit)
        found = None if table is None else table[0].find(address)
        if table is None or found is None or found[0] not in table[0].names:
            return None
        directory, name = (os.fsdecode(part) for part in table[0].names[found[0]])
        return Line(os.path.normpath(os.path.join(table[1], directory, name)), found[1])

    def _unit(self, address: int) -> int | None:
        """The offset of the compilation unit that an address belongs to."""
        starts, ranges = self._ranges
        index = bisect_right(starts, address) - 1
        if index >= 0 and address < ranges[index][1]:
            return ranges[index][2]
        return None

    def _table(self, unit: int) -> tuple[LineTable, str] | None:
        if unit not in self._tables:
            self._tables[unit] = self._read_table(unit)
        return self._tables[unit]

    def _read_table(self, offset: int) -> tuple[LineTable, str] | None:
        dwarf = self._dwarf
        assert dwarf is not None
        top = dwarf.get_CU_at(offset).get_top_DIE().attributes
        if dwarf.debug_line_sec is None or "DW_AT_stmt_list" not in top:
            return None
        directory = top["DW_AT_comp_dir"].value if "DW_AT_comp_dir" in top else b""
        section = _bytes(dwarf.debug_line_sec)
        table = decode(section, top["DW_AT_stmt_list"].value, self._text)
        return table, os.fsdecode(directory if isinstance(directory, bytes) else b"")

    def _text(self, form: int, at: int) -> bytes:
        dwarf = self._dwarf
        assert dwarf is not None
        data = _bytes(dwarf.debug_line_str_sec if form == _LINE_STRP else dwarf.debug_str_sec)
        return data[at : data.index(0, at)]

    @lazy_property
    def _dwarf(self) -> "DWARFInfo | None":
        """The sections, unpacked; None without any."""
        from elftools.elf.elffile import ELFFile

        # What was mapped may have been replaced: opening a FIFO would wait for its writer.
        with open(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            elf = ELFFile(stream)
            sizes, size = {}, os.fstat(stream.fileno()).st_size
            for section in elf.iter_sections():
                if section.name.startswith(".debug_") and section["sh_type"] != "SHT_NOBITS":
                    most = section.data_size if section.compressed else size
                    sizes[section.name] = min(section.data_size, most)
            if ".debug_info" not in sizes or ".debug_line" not in sizes:
                return None
            if sum(sizes.values()) > LARGEST:
                raise ValueError("it is too large")
            return elf.get_dwarf_info(relocate_dwarf_sections=False, follow_links=False)

    @lazy_property
    def _ranges(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """First and last address and compilation unit of each range, and the first ones alone."""
        dwarf = self._dwarf
        if dwarf is None:
            return [], []
        found = list(_listed(dwarf))
        listed = {unit for _, _, unit in found}
        for unit in dwarf.iter_CUs():
            if unit.cu_offset not in listed:
                found += [(low, high, unit.cu_offset) for low, high in _covered(dwarf, unit)]
        found = sorted(item for item in found if item[0] < item[1])
        return [item[0] for item in found], found


def _bytes(section: Any) -> bytes:
    """The bytes of a section; none of one that is not there."""
    data: bytes = b"" if section is None else section.stream.getvalue()
    return data


def _listed(dwarf: "DWARFInfo") -> Iterator[tuple[int, int, int]]:
    """What ``.debug_aranges`` has (DWARF 5, section 6.1.2), of addresses of 32 bits."""
    data, at = _bytes(dwarf.debug_aranges_sec), 0
    while at + _ARANGES.size <= len(data):
        size, _, unit, address_size, segment_size = _ARANGES.unpack_from(data, at)
        end = at + 4 + size
        if size > len(data) or (address_size, segment_size) != (4, 0):
            return  # what is left out is looked up in the units
        first = at + -(-_ARANGES.size // 8) * 8
        whole = max(min(end, len(data)) - first, 0) // 8 * 8
        for low, length in struct.iter_unpack("<II", data[first : first + whole]):
            yield low, low + length, unit
        at = end


def _covered(dwarf: "DWARFInfo", unit: "CompileUnit") -> Iterator[tuple[int, int]]:
    """The ranges of a compilation unit that ``.debug_aranges`` does not have, as clang leaves it
    out."""
    top = unit.get_top_DIE().attributes
    low = top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
    if "DW_AT_ranges" in top:
        lists: Any = dwarf.range_lists()
        for entry in lists.get_range_list_at_offset(top["DW_AT_ranges"].value, unit):
            if hasattr(entry, "base_address"):
                low = entry.base_address
            else:
                base = 0 if getattr(entry, "is_absolute", False) else low
                yield base + entry.begin_offset, base + entry.end_offset
    elif "DW_AT_high_pc" in top:
        high = top["DW_AT_high_pc"]
        yield low, high.value if high.form == "DW_FORM_addr" else low + high.value

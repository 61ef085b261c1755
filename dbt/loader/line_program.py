"""Decodes line number programs of DWARF, versions 2 to 5 (DWARF 5, section 6.2).

A program is decoded in one pass over its bytes, and everything that it says of sizes and counts is
bounded by them: the file may be malformed. Raises ValueError for what makes no sense.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable

import attrs

from dbt.lazy import lazy_property

_STRP, _LINE_STRP, _STRING, _UDATA = 0x0E, 0x1F, 0x08, 0x0F
_FIXED = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}
"""Sizes of DW_FORM_data1, data2, data4, data8, data16."""
_PATH, _DIRECTORY_INDEX = 1, 2
"""DW_LNCT_path, DW_LNCT_directory_index."""
Text = Callable[[int, int], bytes]
"""The string of a form (DW_FORM_strp, DW_FORM_line_strp) at an offset."""


class Cursor:
    """Reads numbers and texts from bytes, in order. Raises ValueError behind their end."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        if not 0 <= at <= end <= len(data):
            raise ValueError("a place outside of its section")
        self.data, self.at, self.end = data, at, end

    def skip(self, size: int) -> int:
        """Pass over bytes; where they begin."""
        before, self.at = self.at, self.at + size
        if size < 0 or self.at > self.end:
            raise ValueError("an end that is missing")
        return before

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes."""
        at = self.skip(size)
        return int.from_bytes(self.data[at : self.at], "little")

    def uleb(self) -> int:
        """An unsigned number, 7 bits a byte."""
        value = shift = 0
        while True:
            byte = self.data[self.skip(1)]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 70:
                raise ValueError("a number without an end")

    def sleb(self) -> int:
        """A signed one."""
        before = self.at
        value = self.uleb()
        bits = 7 * (self.at - before)
        return value - (1 << bits) if value >> (bits - 1) else value

    def text(self) -> bytes:
        """A text that a NUL ends."""
        end = self.data.find(b"\0", self.at, self.end)
        if end < 0:
            raise ValueError("a text without an end")
        return self.data[self.skip(end + 1 - self.at) : end]


@attrs.frozen
class Sequence:
    """Rows for a run of code without gaps, by address; the last one is the end. Of several rows for
    an address the last counts."""

    addresses: "array[int]"
    files: "array[int]"
    lines: "array[int]"


@attrs.define(slots=False)
class LineTable:
    """The rows of a program, by address, and the names of its files: (directory, name) by
    number."""

    names: dict[int, tuple[bytes, bytes]]
    sequences: list[Sequence]

    def find(self, address: int) -> tuple[int, int] | None:
        """The numbers of file and line of an address; None if there are none."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        sequence = self.sequences[index]
        row = bisect_right(sequence.addresses, address) - 1
        known = row + 1 < len(sequence.addresses) and sequence.lines[row]
        return (sequence.files[row], sequence.lines[row]) if known else None

    @lazy_property
    def _starts(self) -> list[int]:
        return [sequence.addresses[0] for sequence in self.sequences]


@attrs.define
class _Header:
    """What a program's header says (section 6.2.4)."""

    start: int
    end: int
    step: int
    line_base: int
    line_range: int
    operands: tuple[int, ...]
    """How many operands standard opcodes have, from 1 on."""
    names: dict[int, tuple[bytes, bytes]]


def decode(section: bytes, offset: int, text: Text) -> LineTable:
    """The table of the program at an offset of ``.debug_line``."""
    header = _header(section, offset, text)
    sequences = _Machine(section, header).run()
    sequences.sort(key=lambda sequence: sequence.addresses[0])
    return LineTable(header.names, sequences)


def _header(section: bytes, offset: int, text: Text) -> _Header:
    whole = Cursor(section, offset, len(section))
    size, wide = whole.number(4), 4
    if size == 0xFFFFFFFF:
        size, wide = whole.number(8), 8
    c = Cursor(section, whole.at, whole.at + size)
    version = c.number(2)
    if not 2 <= version <= 5:
        raise ValueError(f"line numbers of version {version}")
    if version == 5:
        c.skip(2)  # address_size, segment_selector_size
    length = c.number(wide)
    start = c.at + length
    step = c.number(1)
    c.skip(2 if version >= 4 else 1)  # maximum_operations_per_instruction, default_is_stmt
    line_base = (c.number(1) ^ 0x80) - 0x80
    line_range = c.number(1)
    if not line_range or start > c.end:
        raise ValueError("a header of line numbers that makes no sense")
    operands = tuple(c.number(1) for _ in range(c.number(1) - 1))
    front = Cursor(section, c.at, start)
    names = _tables_of_5(front, wide, text) if version == 5 else _tables(front)
    return _Header(start, c.end, step, line_base, line_range, operands, names)


def _tables(c: Cursor) -> dict[int, tuple[bytes, bytes]]:
    """The files of versions 2 to 4, from 1 on. Directory 0 is that of the compilation."""
    directories = [b""]
    while directory := c.text():
        directories.append(directory)
    names: dict[int, tuple[bytes, bytes]] = {}
    while name := c.text():
        names[len(names) + 1] = (_at(directories, c.uleb()), name)
        c.uleb()  # time
        c.uleb()  # size
    return names


def _tables_of_5(c: Cursor, wide: int, text: Text) -> dict[int, tuple[bytes, bytes]]:
    """The files of version 5, from 0 on."""
    directories = [name for _, name in _entries(c, wide, text)]
    files = _entries(c, wide, text)
    return {number: (_at(directories, index), name) for number, (index, name) in enumerate(files)}


def _at(directories: list[bytes], index: int) -> bytes:
    return directories[index] if index < len(directories) else b""


def _entries(c: Cursor, wide: int, text: Text) -> list[tuple[int, bytes]]:
    """The directory's index and the path of each entry."""
    formats = [(c.uleb(), c.uleb()) for _ in range(c.number(1))]
    count = c.uleb()
    if count and not formats:
        raise ValueError("entries that have nothing in them")
    found = []
    for _ in range(min(count, c.end)):
        index, path = 0, b""
        for kind, form in formats:
            value = _value(c, form, wide, text)
            if kind == _PATH and isinstance(value, bytes):
                path = value
            elif kind == _DIRECTORY_INDEX and isinstance(value, int):
                index = value
        found.append((index, path))
    return found


def _value(c: Cursor, form: int, wide: int, text: Text) -> int | bytes:
    if form in (_STRP, _LINE_STRP):
        return text(form, c.number(wide))
    if form == _STRING:
        return c.text()
    if form == _UDATA:
        return c.uleb()
    if form in _FIXED:
        return c.number(_FIXED[form])
    raise ValueError(f"an entry of form {form:#x}")


class _Machine:
    """The state machine (section 6.2.5). Rows are what they are for: address, file, line."""

    def __init__(self, section: bytes, header: _Header) -> None:
        self._c = Cursor(section, header.start, header.end)
        self._header = header
        self._found: list[Sequence] = []
        self._reset()

    def _reset(self) -> None:
        self._address, self._file, self._line = 0, 1, 1
        self._begin()

    def _begin(self) -> None:
        self._rows = Sequence(array("I"), array("I"), array("I"))

    def _keep(self) -> None:
        """The rows so far are a sequence, if they are for any code; others follow."""
        if self._rows.addresses[0] < self._rows.addresses[-1]:
            self._found.append(self._rows)
        self._begin()

    def _row(self) -> None:
        rows = self._rows
        if rows.addresses and self._address < rows.addresses[-1]:  # no compiler makes this
            self._keep()
            rows = self._rows
        rows.addresses.append(self._address & 0xFFFFFFFF)
        rows.files.append(self._file & 0xFFFFFFFF)
        rows.lines.append(self._line & 0xFFFFFFFF)

    def _end(self) -> None:
        self._row()
        self._keep()
        self._reset()

    def run(self) -> list[Sequence]:
        """Execute the program."""
        c, header = self._c, self._header
        data, base = c.data, len(header.operands) + 1
        step, line_base, line_range = header.step, header.line_base, header.line_range
        while c.at < c.end:
            opcode = data[c.at]
            c.at += 1
            if opcode >= base:
                steps, lines = divmod(opcode - base, line_range)
                self._address += steps * step
                self._line += line_base + lines
                self._row()
            elif opcode:
                self._standard(opcode)
            else:
                self._extended()
        return self._found

    def _standard(self, opcode: int) -> None:
        c, header = self._c, self._header
        match opcode:
            case 1:  # copy
                self._row()
            case 2:  # advance_pc
                self._address += c.uleb() * header.step
            case 3:  # advance_line
                self._line += c.sleb()
            case 4:  # set_file
                self._file = c.uleb()
            case 8:  # const_add_pc
                rest = 255 - len(header.operands) - 1
                self._address += rest // header.line_range * header.step
            case 9:  # fixed_advance_pc
                self._address += c.number(2)
            case _:
                for _ in range(header.operands[opcode - 1]):
                    c.uleb()

    def _extended(self) -> None:
        c = self._c
        size = c.uleb()
        end = c.at + size
        opcode = c.number(1) if size else 0
        if opcode == 1:  # end_sequence
            self._end()
        elif opcode == 2:  # set_address
            self._address = c.number(size - 1)
        c.at = end
        c.skip(0)

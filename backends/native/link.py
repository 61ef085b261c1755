"""Object files made by LLVM, put into an arena: code and constants side by side.

LLVM's own linker maps each section for itself: where the address space is crowded, more than 2 GiB
apart, which the small code model cannot reach and LLVM ends the process for. It also keeps some
9 KB of each library for ever. What our objects need is little: read-only sections, relocations
between them, and calls of functions of this process, which are C's library's or CPython's
(``word_calls``), through stubs (System V ABI, AMD64 supplement, 4.4).
"""

import ctypes
import struct
from collections.abc import Callable

from backends.native.arena import Arena
from dbt.classes import attrs
from dbt.typing import TypeAlias

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_MAGIC = b"\x7fELF\x02\x01\x01"
_RELOCATABLE, _AMD64 = 1, 62
_SYMTAB, _RELA, _NOBITS = 2, 4, 8
_ABSOLUTE64, _RELATIVE32, _CALL32, _RELATIVE64 = 1, 2, 4, 24  # R_X86_64_64, PC32, PLT32, PC64
_WRITABLE, _ALLOCATED, _EXECUTABLE = 1, 2, 4
_UNWIND = b".eh_frame"
_UNDEFINED = 0
_FUNCTION = 2  # STT_FUNC
_JUMP_TO_NEXT_WORD = bytes.fromhex("ff2500000000")  # jmp *0(%rip)
_STUB = 16

_process = ctypes.CDLL(None)


Outside: TypeAlias = Callable[[str], int | None]


def _nothing(_: str) -> None:
    """No function at all."""


class LinkError(Exception):
    """An object file that cannot be linked: it is damaged, or needs more than this linker does."""


@attrs.frozen
class _Section:
    """One row of the section table."""

    name: bytes
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int


@attrs.define(eq=False)
class Library:
    """Linked code. It stays until ``close``, or until its arena goes."""

    addresses: dict[str, int]
    """Host addresses of the global symbols."""
    sizes: dict[str, int]
    """Their sizes in bytes."""
    sections: dict[str, tuple[int, int]]
    """Host addresses and sizes of the sections, by name."""
    _arena: Arena
    _address: int
    _size: int

    def address(self, symbol: str) -> int:
        """The address of a global symbol."""
        return self.addresses[symbol]

    @property
    def span(self) -> tuple[int, int]:
        """The address and size of all of it."""
        return self._address, self._size

    def close(self) -> None:
        """Free the code. None of it may be running or be reachable."""
        if self._size:
            self._arena.free(self._address, self._size)
            self._size = 0


class ObjectFile:
    """An ELF object file for AMD64, parsed as far as linking needs it."""

    def __init__(self, image: bytes) -> None:
        if image[:7] != _MAGIC or struct.unpack_from("<HH", image, 16) != (_RELOCATABLE, _AMD64):
            raise LinkError("not an object file for x86-64")
        self.image = image
        (table,) = struct.unpack_from("<Q", image, 40)
        count, names = struct.unpack_from("<HH", image, 60)
        rows = [_SECTION.unpack_from(image, table + index * 64) for index in range(count)]
        name_table = rows[names][4]
        self.sections = [
            _Section(self._text(name_table + name), type_, flags, offset, size, link, info, align)
            for name, type_, flags, _, offset, size, link, info, align, _ in rows
        ]
        self.loaded = [index for index, section in enumerate(self.sections) if _is_kept(section)]
        self.symbols = [
            (self._text(self.sections[section.link].offset + name), bind >> 4, index, value, size)
            for section in self.sections
            if section.type == _SYMTAB
            for name, bind, _, index, value, size in _SYMBOL.iter_unpack(self.bytes_of(section))
        ]

    @property
    def code(self) -> list[int]:
        """The numbers of the sections with code."""
        return [index for index in self.loaded if self.sections[index].flags & _EXECUTABLE]

    def functions(self, section: int) -> list[tuple[str, int, int]]:
        """Name, offset and size of the functions in a section, in the order of their offsets."""
        found = [
            (self._text(self.sections[table.link].offset + name).decode(), value, size)
            for table in self.sections
            if table.type == _SYMTAB
            for name, kind, _, index, value, size in _SYMBOL.iter_unpack(self.bytes_of(table))
            if kind & 15 == _FUNCTION and index == section
        ]
        return sorted(found, key=lambda row: row[1])

    def relocations(self, section: int) -> list[tuple[int, int, str, int]]:
        """Offset, type, symbol and addend of what has to be relocated in a section."""
        return [
            (offset, info & 0xFFFFFFFF, self.symbols[info >> 32][0].decode(), addend)
            for table in self.sections
            if table.type == _RELA and table.info == section
            for offset, info, addend in _RELOCATION.iter_unpack(self.bytes_of(table))
        ]

    def refers_inside(self, section: int) -> list[int]:
        """The offsets at which a section refers to what the object file has itself."""
        return [
            offset
            for table in self.sections
            if table.type == _RELA and table.info == section
            for offset, info, _ in _RELOCATION.iter_unpack(self.bytes_of(table))
            if self.symbols[info >> 32][2] != _UNDEFINED
        ]

    def _text(self, at: int) -> bytes:
        return self.image[at : self.image.index(0, at)]

    def bytes_of(self, section: _Section) -> bytes:
        """The content of a section."""
        if section.type == _NOBITS:
            return bytes(section.size)
        return self.image[section.offset : section.offset + section.size]


def code_size(image: bytes) -> int:
    """Bytes of machine code in an object file. Raises LinkError."""
    return sum(s.size for s in ObjectFile(image).sections if s.flags & _EXECUTABLE)


def _is_kept(section: _Section) -> bool:
    if not section.flags & _ALLOCATED or not section.size or section.name == _UNWIND:
        return False
    if section.flags & _WRITABLE:
        raise LinkError(f"section {section.name.decode()} is writable")
    return True


class _Image:
    """The sections of an object, then a stub for each function that it calls elsewhere."""

    def __init__(self, object_: ObjectFile, outside: Outside) -> None:
        self.object = object_
        self._outside = outside
        self.offsets: dict[int, int] = {}
        size = 0
        for index in object_.loaded:
            section = object_.sections[index]
            alignment = max(1, section.alignment)
            size = -(-size // alignment) * alignment
            self.offsets[index] = size
            size += section.size
        size = -(-size // _STUB) * _STUB
        self.stubs: dict[bytes, int] = {}
        for name, bind, index, _, _ in object_.symbols:
            if bind and index == _UNDEFINED:
                self.stubs[name] = size
                size += _STUB
        self.size = size

    def at(self, address: int) -> bytearray:
        """The bytes of the image when it begins at ``address``."""
        code = bytearray(self.size)
        for index, offset in self.offsets.items():
            content = self.object.bytes_of(self.object.sections[index])
            code[offset : offset + len(content)] = content
        for name, offset in self.stubs.items():
            stub = _JUMP_TO_NEXT_WORD + struct.pack("<Q", self._elsewhere(name))
            code[offset : offset + len(stub)] = stub
        for section in self.object.sections:
            if section.type == _RELA and section.info in self.offsets:
                self._relocate(section, code, address)
        return code

    def _elsewhere(self, name: bytes) -> int:
        """The address of a function that the object does not define."""
        return self._outside(name.decode()) or _host_function(name)

    def _relocate(self, table: _Section, code: bytearray, address: int) -> None:
        """Apply one relocation table."""
        for offset, info, addend in _RELOCATION.iter_unpack(self.object.bytes_of(table)):
            name, _, index, value, _ = self.object.symbols[info >> 32]
            kind = info & 0xFFFFFFFF
            if index in self.offsets:
                target = self.offsets[index] + value
            elif kind == _CALL32 and name in self.stubs:
                target = self.stubs[name]
            else:
                raise LinkError(f"symbol {name.decode(errors='replace')} is not defined")
            at = self.offsets[table.info] + offset
            if kind in (_RELATIVE32, _CALL32):
                struct.pack_into("<i", code, at, target + addend - at)
            elif kind == _RELATIVE64:
                struct.pack_into("<q", code, at, target + addend - at)
            elif kind == _ABSOLUTE64:
                struct.pack_into("<Q", code, at, address + target + addend)
            else:
                raise LinkError(f"relocation type {kind}")

    def addresses(self, address: int) -> dict[str, int]:
        """The addresses of the global symbols when the image begins at ``address``."""
        return {
            name.decode(): address + self.offsets[index] + value
            for name, bind, index, value, _ in self.object.symbols
            if bind and index in self.offsets
        }

    def sections(self, address: int) -> dict[str, tuple[int, int]]:
        """Address and size of each section when the image begins at ``address``."""
        sections = self.object.sections
        return {
            sections[index].name.decode(): (address + offset, sections[index].size)
            for index, offset in self.offsets.items()
        }

    def sizes(self) -> dict[str, int]:
        """The sizes of the global symbols."""
        return {
            name.decode(): size
            for name, bind, index, _, size in self.object.symbols
            if bind and index in self.offsets
        }


def link(image: bytes, arena: Arena, outside: Outside = _nothing) -> Library:
    """Link an object file and write it to memory. ``outside`` gives addresses of functions that it
    calls; what it does not know is looked for in the host's libraries.

    Raises LinkError for what cannot be linked, such as a function that neither the object nor the
    host's libraries define, and MemoryError when the host has no room.
    """
    try:
        made = _Image(ObjectFile(image), outside)
        address = arena.allocate(made.size)
        try:
            arena.write(address, made.at(address))
            return Library(
                made.addresses(address), made.sizes(), made.sections(address),
                arena, address, made.size,
            )  # fmt: skip
        except BaseException:
            arena.free(address, made.size)
            raise
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise LinkError(f"damaged object file: {error}") from None


def _host_function(name: bytes) -> int:
    """The address of a function of the libraries of this process."""
    try:
        function = _process[name.decode()]
    except AttributeError:
        raise LinkError(f"symbol {name.decode(errors='replace')} is not defined") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0

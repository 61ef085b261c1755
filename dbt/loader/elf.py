"""Reads the parts of an ELF file that a kernel reads: header, segments, interpreter.

Accepts 32-bit little-endian executables and shared objects. Raises ElfError with one clear sentence
for a malformed file, and allocates nothing by sizes in a header. Field names are those of elf(5).
"""

import os
import stat
import struct
from collections.abc import Callable

from dbt.classes import attrs
from dbt.interfaces import EXEC, PAGE, READ, WRITE

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_INTERP, PT_GNU_STACK = 1, 3, 0x6474E551
_PF_X, _PF_W, _PF_R = 1, 2, 4
_EHDR, _PHDR = struct.Struct("<16sHHIIIIIHHHHHH"), struct.Struct("<IIIIIIII")
_ET_NAMES = {0: "no file type", 1: "an object file (not linked)", 4: "a core file"}
_PATH_MAX = 4096
_MAX_PROGRAM_HEADERS = 65536 // _PHDR.size

_MACHINES = {
    2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390", 40: "ARM",
    42: "SuperH", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip


class ElfError(Exception):
    """The file cannot be loaded. The text says why, without the path. ``late``: a kernel notices it
    after it has removed the old program, and ends the process."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.late = late


@attrs.frozen
class Segment:
    """One PT_LOAD. ``perms`` are READ, WRITE, EXEC bits of ``dbt.interfaces``."""

    vaddr: int
    memsz: int
    offset: int
    filesz: int
    perms: int

    @property
    def start(self) -> int:
        """First byte of its first page."""
        return self.vaddr & -PAGE

    @property
    def end(self) -> int:
        """One past its last byte."""
        return self.vaddr + self.memsz


@attrs.frozen
class Elf:
    """What is needed to map a file. ``exec_stack`` is None without PT_GNU_STACK."""

    kind: int
    entry: int
    segments: tuple[Segment, ...]
    """In the file's order. A later segment replaces the part of an earlier one that it overlaps."""
    phnum: int
    phdr_vaddr: int
    """Where the program headers are in memory, unrelocated; 0 when no segment holds them."""
    interpreter: bytes | None
    exec_stack: bool | None
    alignment: int = PAGE
    """The largest p_align of a segment that is a power of two."""
    flags: int = 0
    """e_flags."""

    @property
    def relocatable(self) -> bool:
        """True when the file may be loaded at any address."""
        return self.kind == ET_DYN

    @property
    def low(self) -> int:
        """First byte of the lowest page."""
        return min(segment.start for segment in self.segments)

    @property
    def high(self) -> int:
        """One past the last byte."""
        return max(segment.end for segment in self.segments)


def _accept(entry: int, flags: int) -> str:
    """The ``objection`` that accepts every e_entry and e_flags."""
    del entry, flags
    return ""


def read_elf(
    fd: int, machine: int, limit: int, objection: Callable[[int, int], str] = _accept
) -> Elf:
    """Check and read an open file as fs/binfmt_elf.c does, which reads only the magic number of
    e_ident. ``machine`` is the e_machine to accept, ``limit`` the end of the user's address space.
    ``objection`` returns why the architecture refuses e_entry and e_flags. Raises ElfError."""
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise ElfError("is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise ElfError("is not a regular file")
    header = os.pread(fd, _EHDR.size, 0)
    if header[:4] != b"\x7fELF":
        raise ElfError("is empty" if not header else "is not an ELF file")
    kind, entry, phoff, phnum, e_flags = _check_header(header, machine)
    if reason := objection(entry, e_flags):
        raise ElfError(reason)
    table = os.pread(fd, phnum * _PHDR.size, phoff)
    if len(table) < phnum * _PHDR.size:
        raise ElfError("is truncated: the program headers are past the end of the file")
    headers = list(_PHDR.iter_unpack(table))
    interpreter = _interpreter(fd, headers)
    exec_stack = None
    for p_type, *_, p_flags, _align in headers:
        if p_type == PT_GNU_STACK:
            exec_stack = bool(p_flags & _PF_X)
    segments = _segments(headers, limit)
    return Elf(
        kind,
        entry,
        segments,
        phnum,
        _phdr_vaddr(segments, phoff),
        interpreter,
        exec_stack,
        _alignment(headers),
        e_flags,
    )


def _check_header(header: bytes, machine: int) -> tuple[int, int, int, int, int]:
    """e_type, e_entry, e_phoff, e_phnum and e_flags of a header. Raises ElfError."""
    if len(header) < _EHDR.size:
        raise ElfError("is truncated: no complete ELF header")
    _, kind, e_machine, _, entry, phoff, _, flags, _, phentsize, phnum, *_ = _EHDR.unpack(header)
    if e_machine != machine:
        raise ElfError(_other_machine(header, e_machine, machine))
    if kind not in (ET_EXEC, ET_DYN):
        raise ElfError(f"is {_ET_NAMES.get(kind, f'an ELF file of type {kind}')}, not a program")
    if phentsize != _PHDR.size:
        raise ElfError(f"has program headers of {phentsize} bytes instead of {_PHDR.size}")
    if phnum == 0:
        raise ElfError("has no program headers")
    if phnum > _MAX_PROGRAM_HEADERS:
        raise ElfError(f"has too many program headers ({phnum})")
    return kind, entry, phoff, phnum, flags


def _other_machine(header: bytes, found: int, machine: int) -> str:
    if header[4] == 2:
        known = f" for {_MACHINES[found]}" if found in _MACHINES else ""
        return f"is a 64-bit ELF file{known}; only 32-bit programs can be run"
    if header[5] == 2:
        return "is a big-endian ELF file; only little-endian programs can be run"
    wanted = _MACHINES.get(machine, machine)
    return f"is an ELF file for {_MACHINES.get(found, f'machine {found}')}, not {wanted}"


def _segments(headers: list[tuple[int, ...]], limit: int) -> tuple[Segment, ...]:
    """The loadable segments. Raises a ``late`` ElfError: a kernel checks when it maps."""
    segments: list[Segment] = []
    for p_type, offset, vaddr, _, filesz, memsz, flags, _align in headers:
        if p_type != PT_LOAD:
            continue
        wrong = ""
        if filesz > memsz:
            wrong = "with more bytes in the file than in memory"
        elif vaddr + memsz > limit:
            wrong = "outside the address space"
        elif filesz and (vaddr % PAGE != offset % PAGE):
            wrong = "that is not aligned to its pages"
        if wrong:
            raise ElfError(f"has a segment at {vaddr:#x} {wrong}", late=True)
        if memsz:
            segments.append(Segment(vaddr, memsz, offset, filesz, _perms(flags)))
    if not segments:
        raise ElfError("has no loadable segment", late=True)
    return tuple(segments)


def _alignment(headers: list[tuple[int, ...]]) -> int:
    """The largest p_align that is a power of two (maximum_alignment of fs/binfmt_elf.c)."""
    wanted = (header[7] for header in headers if header[0] == PT_LOAD)
    return max(PAGE, *(align for align in wanted if align & (align - 1) == 0), PAGE)


def _perms(flags: int) -> int:
    # Before LPAE an ARM page that can be written or executed can be read.
    perms = READ if flags & (_PF_R | _PF_W | _PF_X) else 0
    return perms | (WRITE if flags & _PF_W else 0) | (EXEC if flags & _PF_X else 0)


def _phdr_vaddr(segments: tuple[Segment, ...], phoff: int) -> int:
    """The address of the program headers, in the last segment that holds them; 0 if none does."""
    found = 0
    for segment in segments:
        if segment.offset <= phoff < segment.offset + segment.filesz:
            found = segment.vaddr + phoff - segment.offset
    return found


def _interpreter(fd: int, headers: list[tuple[int, ...]]) -> bytes | None:
    for p_type, offset, _, _, filesz, *_ in headers:
        if p_type != PT_INTERP:
            continue
        if not 2 <= filesz <= _PATH_MAX:
            raise ElfError("has an interpreter path of an impossible length")
        path = os.pread(fd, filesz, offset)
        if len(path) < filesz:
            raise ElfError("is truncated: the interpreter path is past the end of the file")
        if path[-1:] != b"\0":
            raise ElfError("has an interpreter path that does not end")
        return path.split(b"\0", 1)[0]
    return None

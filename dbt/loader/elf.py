"""Reading the parts of an ELF file that a kernel reads: header, segments, interpreter.

Only 32-bit little-endian executables and shared objects. Every malformed file ends in an ElfError
with one clear sentence; nothing is allocated because a header says so. Field names as in elf(5).
"""

import os
import stat
import struct

import attrs

from dbt.interfaces import EXEC, PAGE, READ, WRITE

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_INTERP, PT_PHDR, PT_GNU_STACK = 1, 3, 6, 0x6474E551
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
    """The file cannot be loaded; the text says why and does not repeat the path."""


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
    phnum: int
    phdr_vaddr: int
    """Where the program headers are in memory, unrelocated; 0 when no segment holds them."""
    interpreter: bytes | None
    exec_stack: bool | None

    @property
    def relocatable(self) -> bool:
        """May be loaded anywhere."""
        return self.kind == ET_DYN

    @property
    def low(self) -> int:
        """First byte of the first page."""
        return self.segments[0].start

    @property
    def high(self) -> int:
        """One past the last byte."""
        return self.segments[-1].end


def read_elf(fd: int, machine: int, limit: int) -> Elf:
    """Check and read an open file. ``machine`` is the e_machine wanted, ``limit`` the end of the
    user's address space. Raises ElfError."""
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise ElfError("is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise ElfError("is not a regular file")
    header = os.pread(fd, _EHDR.size, 0)
    if header[:4] != b"\x7fELF":
        raise ElfError("is empty" if not header else "is not an ELF file")
    kind, entry, phoff, phnum = _check_header(header, machine)
    table = os.pread(fd, phnum * _PHDR.size, phoff)
    if len(table) < phnum * _PHDR.size:
        raise ElfError("is truncated: the program headers are past the end of the file")
    headers = list(_PHDR.iter_unpack(table))
    segments = _segments(headers, status.st_size, limit)
    exec_stack = None
    for p_type, *_, p_flags, _align in headers:
        if p_type == PT_GNU_STACK:
            exec_stack = bool(p_flags & _PF_X)
    return Elf(
        kind,
        entry,
        segments,
        phnum,
        _phdr_vaddr(headers, segments, phoff),
        _interpreter(fd, headers),
        exec_stack,
    )


def _check_header(header: bytes, machine: int) -> tuple[int, int, int, int]:
    """e_type, e_entry, e_phoff, e_phnum of a header that makes sense."""
    if len(header) > 5 and header[4] == 2:
        raise ElfError("is a 64-bit ELF file; only 32-bit programs can be run")
    if len(header) < _EHDR.size:
        raise ElfError("is truncated: no complete ELF header")
    if header[4] != 1:
        raise ElfError(f"has an unknown ELF class {header[4]}")
    if header[5] == 2:
        raise ElfError("is a big-endian ELF file; only little-endian programs can be run")
    if header[5] != 1:
        raise ElfError(f"has an unknown ELF data encoding {header[5]}")
    _, kind, e_machine, _, entry, phoff, _, _, _, phentsize, phnum, *_ = _EHDR.unpack(header)
    if e_machine != machine:
        found = _MACHINES.get(e_machine, f"machine {e_machine}")
        raise ElfError(f"is an ELF file for {found}, not {_MACHINES.get(machine, machine)}")
    if kind not in (ET_EXEC, ET_DYN):
        raise ElfError(f"is {_ET_NAMES.get(kind, f'an ELF file of type {kind}')}, not a program")
    if phnum == 0:
        raise ElfError("has no program headers")
    if phentsize != _PHDR.size:
        raise ElfError(f"has program headers of {phentsize} bytes instead of {_PHDR.size}")
    if phnum > _MAX_PROGRAM_HEADERS:
        raise ElfError(f"has too many program headers ({phnum})")
    return kind, entry, phoff, phnum


def _segments(headers: list[tuple[int, ...]], file_size: int, limit: int) -> tuple[Segment, ...]:
    """The loadable segments, ascending."""
    segments: list[Segment] = []
    for p_type, offset, vaddr, _, filesz, memsz, flags, _align in headers:
        if p_type != PT_LOAD or memsz == 0:
            continue
        if filesz > memsz:
            raise ElfError(
                f"has a segment at {vaddr:#x} with more bytes in the file than in memory"
            )
        if offset + filesz > file_size:
            raise ElfError(f"is truncated: the segment at {vaddr:#x} is past the end of the file")
        if vaddr + memsz > limit:
            raise ElfError(f"has a segment at {vaddr:#x} outside the address space")
        if filesz and vaddr % PAGE != offset % PAGE:
            raise ElfError(f"has a segment at {vaddr:#x} that is not aligned to its pages")
        if segments and vaddr < segments[-1].end:
            raise ElfError(f"has overlapping or unsorted segments at {vaddr:#x}")
        segments.append(Segment(vaddr, memsz, offset, filesz, _perms(flags)))
    if not segments:
        raise ElfError("has no loadable segment")
    return tuple(segments)


def _perms(flags: int) -> int:
    # Before LPAE an ARM page that can be written or executed can be read.
    perms = READ if flags & (_PF_R | _PF_W | _PF_X) else 0
    return perms | (WRITE if flags & _PF_W else 0) | (EXEC if flags & _PF_X else 0)


def _phdr_vaddr(headers: list[tuple[int, ...]], segments: tuple[Segment, ...], phoff: int) -> int:
    for p_type, _, vaddr, *_ in headers:
        if p_type == PT_PHDR:
            return vaddr
    for segment in segments:
        if segment.offset <= phoff < segment.offset + segment.filesz:
            return segment.vaddr + phoff - segment.offset
    return 0


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

"""ELF files as a kernel reads them, and what is wrong with those it refuses."""

import os
import struct
from pathlib import Path

import pytest

from dbt.interfaces import EXEC, READ, WRITE
from dbt.loader.elf import Elf, ElfError, Segment, read_elf

LIMIT = 0xBF000000
ARM = 40
PT_LOAD, PT_INTERP, PT_GNU_STACK = 1, 3, 0x6474E551


def header(**changes: int) -> bytes:
    fields = {
        "cls": 1, "data": 1, "kind": 2, "machine": ARM, "entry": 0x10054, "phoff": 52,
        "phentsize": 32, "phnum": 1,
    } | changes  # fmt: skip
    ident = b"\x7fELF" + bytes([fields["cls"], fields["data"], 1]).ljust(12, b"\0")
    return ident + struct.pack(
        "<HHIIIIIHHHHHH",
        fields["kind"], fields["machine"], 1, fields["entry"], fields["phoff"], 0, 0, 52,
        fields["phentsize"], fields["phnum"], 0, 0, 0,
    )  # fmt: skip


def segment(kind: int = PT_LOAD, offset: int = 0, vaddr: int = 0x10000, filesz: int = 0x80,
            memsz: int = 0x80, flags: int = 5) -> bytes:  # fmt: skip
    return struct.pack("<8I", kind, offset, vaddr, vaddr, filesz, memsz, flags, 0x1000)


def read(tmp_path: Path, content: bytes) -> Elf:
    path = tmp_path / "program"
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_elf(fd, ARM, LIMIT)
    finally:
        os.close(fd)


def test_a_program(tmp_path: Path) -> None:
    headers = [
        segment(),
        segment(offset=0x1000, vaddr=0x21000, filesz=4, memsz=0x5000, flags=6),
        segment(PT_INTERP, offset=0x1004, filesz=5),
        segment(PT_GNU_STACK, flags=6, filesz=0),
    ]
    content = (header(phnum=4) + b"".join(headers)).ljust(0x1004, b"\0") + b"/ld\0\0"
    elf = read(tmp_path, content)
    assert elf.segments == (
        Segment(0x10000, 0x80, 0, 0x80, READ | EXEC),
        Segment(0x21000, 0x5000, 0x1000, 4, READ | WRITE),
    )
    assert (elf.low, elf.high, elf.entry) == (0x10000, 0x26000, 0x10054)
    assert (elf.interpreter, elf.exec_stack, elf.phdr_vaddr) == (b"/ld", False, 0x10034)


REFUSED = {
    "is empty": b"",
    "is not an ELF file": b"#include <stdio.h>",
    "is truncated: no complete ELF header": header()[:40],
    "is a 64-bit ELF file": header(cls=2),
    "is a big-endian ELF file": header(data=2),
    "is an ELF file for x86-64, not ARM": header(machine=62),
    "is an object file": header(kind=1),
    "has no program headers": header(phnum=0),
    "has program headers of 56 bytes": header(phentsize=56),
    "has too many program headers": header(phnum=65535),
    "the program headers are past the end": header(phoff=0xFFFFFFF0),
    "has no loadable segment": header() + segment(7),
    "is truncated: the segment at 0x10000": header() + segment(filesz=0x90, memsz=0x90),
    "with more bytes in the file than in memory": header() + segment(memsz=1) + bytes(99),
    "outside the address space": header() + segment(memsz=0xFFFFFFFF) + bytes(99),
    "not aligned to its pages": header() + segment(vaddr=0x10004) + bytes(99),
    "overlapping or unsorted": header(phnum=2) + segment() + segment() + bytes(99),
    "interpreter path of an impossible": header(phnum=2)
    + segment()
    + segment(PT_INTERP, filesz=1 << 30)
    + bytes(99),
    "interpreter path that does not end": header(phnum=2)
    + segment()
    + segment(PT_INTERP, offset=1, filesz=3)
    + bytes(99),
}


@pytest.mark.parametrize("reason", REFUSED, ids=lambda reason: reason.replace(" ", "-"))
def test_refused(tmp_path: Path, reason: str) -> None:
    with pytest.raises(ElfError) as raised:
        read(tmp_path, REFUSED[reason])
    assert reason in str(raised.value)


def test_a_directory_and_a_pipe_are_refused(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(ElfError, match="is a directory"):
        read_elf(fd, ARM, LIMIT)
    os.close(fd)
    reader, writer = os.pipe()
    with pytest.raises(ElfError, match="is not a regular file"):
        read_elf(reader, ARM, LIMIT)
    os.close(reader)
    os.close(writer)

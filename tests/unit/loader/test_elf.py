"""ELF files as a kernel reads them, and what is wrong with those it refuses."""

import os
import struct
from pathlib import Path

import pytest

from dbt.interfaces import EXEC, READ, WRITE
from dbt.loader.elf import Elf, ElfError, Segment, read_elf
from frontends.arm.linux_abi import ArmLinuxAbi

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
            memsz: int = 0x80, flags: int = 5, align: int = 0x1000) -> bytes:  # fmt: skip
    return struct.pack("<8I", kind, offset, vaddr, vaddr, filesz, memsz, flags, align)


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
    "is a 64-bit ELF file for AArch64; only": header(cls=2, machine=183),
    "is a 64-bit ELF file; only": header(cls=2, machine=9999),
    "is a big-endian ELF file": header(data=2, machine=ARM << 8),
    "is an ELF file for x86-64, not ARM": header(machine=62),
    "is an object file": header(kind=1),
    "has no program headers": header(phnum=0),
    "has program headers of 56 bytes": header(phentsize=56),
    "has too many program headers": header(phnum=65535),
    "the program headers are past the end": header(phoff=0xFFFFFFF0),
    "has no loadable segment": header() + segment(7),
    "with more bytes in the file than in memory": header() + segment(memsz=1) + bytes(99),
    "outside the address space": header() + segment(memsz=0xFFFFFFFF) + bytes(99),
    "not aligned to its pages": header() + segment(vaddr=0x10004) + bytes(99),
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


@pytest.mark.parametrize(
    "headers",
    [
        header(cls=2),  # of e_ident only the magic number counts
        header(cls=0, data=2),
        header(cls=7, data=7),
    ],
)
def test_junk_in_the_identification_is_not_looked_at(tmp_path: Path, headers: bytes) -> None:
    elf = read(tmp_path, headers + segment() + bytes(99))
    assert elf.segments == (Segment(0x10000, 0x80, 0, 0x80, READ | EXEC),)


def test_segments_keep_the_files_order(tmp_path: Path) -> None:
    """They may overlap, lie below each other, be past the end of the file, and have no bytes."""
    headers = [
        segment(vaddr=0x30000),
        segment(vaddr=0x10000, memsz=0x3000),
        segment(vaddr=0x12000, filesz=0, memsz=0x900, offset=0x123),
        segment(vaddr=0x20000, offset=0x8000),
        segment(vaddr=0x50000, filesz=0, memsz=0),
    ]
    elf = read(tmp_path, header(phnum=5) + b"".join(headers))
    assert [s.vaddr for s in elf.segments] == [0x30000, 0x10000, 0x12000, 0x20000]
    assert (elf.low, elf.high) == (0x10000, 0x30080)


@pytest.mark.parametrize(
    ("aligns", "expected"),
    [((0, 1), 4096), ((4096, 1 << 21), 1 << 21), ((1 << 16, 3 << 20), 1 << 16), ((64,), 4096)],
)
def test_the_largest_alignment_counts(
    tmp_path: Path, aligns: tuple[int, ...], expected: int
) -> None:
    table = b"".join(segment(align=align) for align in aligns)
    assert read(tmp_path, header(phnum=len(aligns)) + table + bytes(99)).alignment == expected


def test_the_last_segment_with_the_program_headers_says_where_they_are(tmp_path: Path) -> None:
    table = segment() + segment(vaddr=0x40000) + segment(6, offset=52, vaddr=0x777)
    assert read(tmp_path, header(phnum=3) + table + bytes(99)).phdr_vaddr == 0x40034


@pytest.mark.parametrize("reason", ["in memory", "address space", "to its pages", "no loadable"])
def test_what_a_kernel_finds_too_late_says_so(tmp_path: Path, reason: str) -> None:
    (content,) = (content for text, content in REFUSED.items() if reason in text)
    with pytest.raises(ElfError) as raised:
        read(tmp_path, content)
    assert raised.value.late


def test_the_architecture_may_object(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(header(entry=0x10056) + segment() + bytes(99))
    with path.open("rb") as file, pytest.raises(ElfError, match="not aligned"):
        read_elf(file.fileno(), ARM, LIMIT, ArmLinuxAbi().elf_objection)


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

"""Symbol tables of files that nobody vouches for."""

import struct
from pathlib import Path

import pytest
from support.guests import guest
from support.symbol_names import renamed

from dbt.loader.symbols import Symbol, SymbolFile, read_symbols
from dbt.text import LINE

FIB = guest("fib").read_bytes()


def read(path: Path, data: bytes) -> SymbolFile:
    path.write_bytes(data)
    return read_symbols(str(path), (path.stat().st_mtime_ns, len(data)), 1)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("größe".encode(), "größe"),
        (b"\xff\x1b[2J\n", "\udcff\x1b[2J\n"),
        (b"x" * (LINE - 1), "x" * (LINE - 1)),
        (b"x" * (20 << 20), "x" * (LINE - 1) + "…"),
    ],
    ids=["utf-8", "no text", "long", "endless"],
)
def test_a_name_is_what_the_file_says(tmp_path: Path, name: bytes, found: str) -> None:
    before = read(tmp_path / "before", FIB).find("fib")
    assert before is not None
    symbol = read(tmp_path / "after", renamed(FIB, {"fib": name})).find(found)
    assert symbol is not None
    assert symbol.address == before.address


def test_a_table_is_read_once_however_often_the_file_names_it(tmp_path: Path) -> None:
    """60,000 section headers that all lead to one table would take minutes."""
    sections_at, count = struct.unpack_from("<I", FIB, 32)[0], struct.unpack_from("<H", FIB, 48)[0]
    headers = [FIB[sections_at + 40 * i : sections_at + 40 * i + 40] for i in range(count)]
    table = next(header for header in headers if header[4:8] == b"\2\0\0\0")
    data = bytearray(FIB)
    struct.pack_into("<I", data, 32, len(data))
    struct.pack_into("<H", data, 48, count + 60_000)
    file = read(tmp_path / "many", bytes(data) + b"".join(headers) + table * 60_000)
    assert file.symbols == read(tmp_path / "one", FIB).symbols


def test_a_compressed_table_is_not_unpacked(tmp_path: Path) -> None:
    """A string table of gigabytes fits into a small file; linkers do not make such tables."""
    data = bytearray(FIB)
    sections_at, count = struct.unpack_from("<I", FIB, 32)[0], struct.unpack_from("<H", FIB, 48)[0]
    for at in range(sections_at, sections_at + 40 * count, 40):
        (flags,) = struct.unpack_from("<I", data, at + 8)
        struct.pack_into("<I", data, at + 8, flags | 0x800)  # SHF_COMPRESSED
    file = read(tmp_path / "packed", bytes(data))
    assert file.symbols == read(tmp_path / "plain", FIB).symbols


def test_a_table_longer_than_the_file_ends_with_it(tmp_path: Path) -> None:
    data = bytearray(FIB)
    sections_at, count = struct.unpack_from("<I", FIB, 32)[0], struct.unpack_from("<H", FIB, 48)[0]
    for at in range(sections_at, sections_at + 40 * count, 40):
        if struct.unpack_from("<I", data, at + 4)[0] == 3:
            struct.pack_into("<I", data, at + 20, 0xFFFFFFFF)
    file = read(tmp_path / "long", bytes(data))
    assert file.find("fib") == read(tmp_path / "plain", FIB).find("fib")


def test_of_several_names_the_public_one_is_last(tmp_path: Path) -> None:
    file = read(tmp_path / "named", guest("named").read_bytes())
    at = file.find("grant")
    assert at is not None
    assert file.names_at(at.address) == ["__libc_grant", "__grant", "grant"]
    assert file.containing(at.address) == at


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (Symbol(0, 0, "grant", False, 0), Symbol(0, 0, "__grant", True, 0)),
        (Symbol(0, 0, "__grant", True, 0), Symbol(0, 0, "grant", True, 0, 2)),
        (Symbol(0, 0, "__grant", True, 0), Symbol(0, 0, "_ZN3Foo5grantEv", True, 0)),
        (Symbol(0, 0, "strtoq", True, 0, 2), Symbol(0, 0, "strtoll", True, 0, 1)),
        (Symbol(0, 0, "a_local", True, 0, 0), Symbol(0, 0, "a_weak_one", True, 0, 2)),
        (Symbol(0, 0, "fopen64", True, 0), Symbol(0, 0, "fopen", True, 0)),
    ],
)
def test_standing(worse: Symbol, better: Symbol) -> None:
    assert worse.standing < better.standing

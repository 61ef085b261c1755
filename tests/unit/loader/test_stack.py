"""The initial stack, byte by byte, and symbol tables."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from dbt.loader.stack import (
    AT_EXECFN,
    AT_PAGESZ,
    AT_PLATFORM,
    AT_RANDOM,
    StackOverflow,
    build_stack,
)
from dbt.loader.symbols import read_symbols

TOP = 0xBF000000
HELLO = Path(__file__).resolve().parents[2] / "guests" / "hello.elf"


def build(argv: list[bytes], envp: list[bytes], limit: int = 1 << 20) -> tuple[int, bytes]:
    return build_stack(
        TOP, argv, envp, {AT_PAGESZ: 4096}, execfn=b"./prog", platform=b"v7l",
        random=bytes(range(16)), limit=limit,
    )  # fmt: skip


@pytest.mark.parametrize("words", [0, 1, 2, 3, 4, 5])
def test_layout(words: int) -> None:
    argv = [b"word%d" % n * (n + 1) for n in range(words)]
    sp, content = build(argv, [b"A=1", b""])
    assert sp % 16 == 0
    assert sp + len(content) == TOP
    assert content[-4:] == bytes(4)

    def string(address: int) -> bytes:
        return content[address - sp :].split(b"\0", 1)[0]

    def word(index: int) -> int:
        return int(struct.unpack_from("<I", content, 4 * index)[0])

    assert word(0) == words
    assert [string(word(1 + n)) for n in range(words)] == argv
    assert word(1 + words) == 0
    assert [string(word(2 + words)), string(word(3 + words)), word(4 + words)] == [b"A=1", b"", 0]
    at, auxv = 5 + words, {}
    while word(at):
        auxv[word(at)] = word(at + 1)
        at += 2
    assert auxv[AT_PAGESZ] == 4096
    assert string(auxv[AT_EXECFN]) == b"./prog"
    assert string(auxv[AT_PLATFORM]) == b"v7l"
    random_at = auxv[AT_RANDOM] - sp
    assert content[random_at : random_at + 16] == bytes(range(16))


def test_too_many_arguments() -> None:
    with pytest.raises(StackOverflow):
        build([b"x" * 1000] * 50, [], limit=20_000)


def test_symbols() -> None:
    file = read_symbols(str(HELLO), (0, 0), 1)
    start = file.find("_start")
    assert start is not None
    assert start.function
    assert file.containing(start.address + 4) == start
    assert file.find("no such symbol") is None
    assert file.containing(0) is None


def test_files_that_are_no_elf_have_no_symbols(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\x7fELF\1\1\1" + bytes(range(200)))
    assert read_symbols(str(path), (0, 0), 1).symbols == []
    assert read_symbols(str(tmp_path / "missing"), (0, 0), 1).symbols == []


def test_a_fifo_in_a_file_s_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    code = (
        "from dbt.loader.symbols import read_symbols\n"
        "print(read_symbols('fifo', (0, 0), 1).symbols)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert done.stdout == b"[]\n"

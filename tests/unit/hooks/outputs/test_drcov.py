"""drcov logs, read as Lighthouse reads them: a header, a table of modules, packed blocks."""

import io
import re
import struct

import attrs
from hypothesis import given
from hypothesis import strategies as st

from dbt.hooks.outputs import Program, write


@attrs.frozen
class Image:
    path: str
    low: int
    high: int


def make(images: list[Image], blocks: list[tuple[int, int]]) -> bytes:
    out = io.BytesIO()
    program = Program(images=lambda: images, blocks=lambda: blocks)
    write("drcov", [], out, program, end=0)
    return out.getvalue()


def parse(log: bytes) -> tuple[list[Image], list[tuple[int, int, int]]]:
    """A strict reader: every byte must be accounted for. Modules; (offset, size, module)."""
    text, separator, table = log.partition(b" bbs\n")
    assert separator
    version, flavour, modules, columns, *rows, last = text.decode().split("\n")
    assert version == "DRCOV VERSION: 2"
    assert re.fullmatch(r"DRCOV FLAVOR: \S+", flavour)
    assert modules == f"Module Table: version 2, count {len(rows)}"
    assert columns == "Columns: id, base, end, entry, path"
    images = []
    for number, row in enumerate(rows):
        identity, base, end, entry, path = row.strip().split(", ", 4)
        assert int(identity) == number
        assert int(entry, 16) == 0
        images.append(Image(path, int(base, 16), int(end, 16)))
    blocks = list(struct.iter_unpack("<IHH", table))
    assert last == f"BB Table: {len(blocks)}"
    return images, blocks


IMAGES = [Image("/bin/guest", 0x10000, 0x20000), Image("/lib/libc.so.6", 0x40000000, 0x40100000)]


def test_a_log_to_the_byte() -> None:
    blocks = [(0x4000_1000, 4), (0x10054, 8)]
    assert make(IMAGES, blocks) == (
        b"DRCOV VERSION: 2\n"
        b"DRCOV FLAVOR: armdbt\n"
        b"Module Table: version 2, count 2\n"
        b"Columns: id, base, end, entry, path\n"
        b"  0, 0x10000, 0x20000, 0x0, /bin/guest\n"
        b"  1, 0x40000000, 0x40100000, 0x0, /lib/libc.so.6\n"
        b"BB Table: 2 bbs\n"
        b"\x54\x00\x00\x00\x08\x00\x00\x00"
        b"\x00\x10\x00\x00\x04\x00\x01\x00"
    )


@given(st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(1, 4096)), max_size=20))
def test_blocks_in_files_are_found_again_and_no_others(blocks: list[tuple[int, int]]) -> None:
    images, found = parse(make(IMAGES, blocks))
    assert images == IMAGES
    absolute = {(images[number].low + offset, size) for offset, size, number in found}
    mapped = {(pc, n) for pc, n in blocks if any(i.low <= pc < i.high for i in IMAGES)}
    assert absolute == mapped
    assert len(found) == len(mapped)


def test_a_path_cannot_break_the_table() -> None:
    images, _ = parse(make([Image("/guest/a\nb, c,d, e", 0, 0x1000)], []))
    assert images[0].path == "/guest/a?b? c,d? e"


def test_a_path_that_is_no_text_is_written_as_it_is() -> None:
    assert b"/tmp/\xff" in make([Image("/tmp/\udcff", 0, 0x1000)], [])

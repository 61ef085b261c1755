"""Source lines of addresses: those that pyelftools finds, and none of files that are damaged."""

import itertools
import random
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from support.guests import GUESTS, guest, symbols

from dbt.loader import lines
from dbt.loader.line_program import Cursor, decode
from dbt.loader.lines import Lines

PROGRAMS = pytest.mark.parametrize("name", ["named", "thumb_named"])
SOURCE = GUESTS / "src" / "named.c"
DAMAGED = 80


def marked(mark: str) -> int:
    """The number of the line with a mark."""
    rows = SOURCE.read_text().splitlines()
    return next(number for number, row in enumerate(rows, 1) if f"mark: {mark} " in row)


def expected(path: Path) -> dict[int, tuple[str, int]]:
    """The file's name and the line of each address at which pyelftools has a row."""
    found: dict[int, tuple[str, int]] = {}
    with path.open("rb") as stream:
        dwarf = ELFFile(stream).get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            files = program["file_entry"]
            first = 0 if program["version"] >= 5 else 1
            states = [entry.state for entry in program.get_entries() if entry.state]
            for state, after in itertools.pairwise(states):
                if not state.end_sequence and state.address < after.address:
                    name = files[state.file - first].name.decode()
                    found[state.address] = name, state.line
    return found


@PROGRAMS
def test_lines_are_those_that_pyelftools_finds(name: str) -> None:
    want = expected(guest(name))
    assert len(want) > 200
    mine = Lines(str(guest(name)))
    for address, (file, number) in want.items():
        line = mine.find(address)
        assert line is not None
        assert (Path(line.path).name, line.number) == (file, number)


@PROGRAMS
def test_a_line_counts_until_the_next_begins(name: str) -> None:
    path = guest(name)
    fall = symbols(path)["fall"] & ~1
    line = Lines(str(path)).find(fall)
    assert line is not None
    assert line.number == marked("falls")
    assert str(line) == f"named.c:{line.number}"
    assert Lines(str(path)).find(fall + 1) == line
    assert Lines(str(path)).find(0) is None
    assert Lines(str(path)).find(0xFFFFFFFF) is None


def test_a_program_without_debug_information_has_no_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert Lines(str(guest("fib"))).find(symbols(guest("fib"))["fib"]) is None
    assert capsys.readouterr().err == ""


def test_units_that_are_not_listed_are_found(tmp_path: Path) -> None:
    """clang leaves .debug_aranges out."""
    data = guest("named").read_bytes()
    assert data.count(b".debug_aranges\0") == 1
    path = tmp_path / "named"
    path.write_bytes(data.replace(b".debug_aranges\0", b".debug_nothing\0"))
    mine, whole = Lines(str(path)), Lines(str(guest("named")))
    for address in expected(guest("named")):
        assert mine.find(address) == whole.find(address)


def test_a_damaged_file_has_no_lines_and_one_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = guest("named").read_bytes()
    with guest("named").open("rb") as stream:
        debug = [s for s in ELFFile(stream).iter_sections() if s.name.startswith(".debug_")]
        places = [(s["sh_offset"], s["sh_size"]) for s in debug]
    addresses = [symbols(guest("named"))[name] for name in ("main", "fall", "flush", "_start")]
    draw = random.Random(50)
    broken = 0
    for _ in range(DAMAGED):
        changed = bytearray(data)
        offset, size = draw.choice(places)
        for _ in range(draw.choice((1, 1, 4))):
            changed[offset + draw.randrange(size)] = draw.choice((0, 0xFF, draw.randrange(256)))
        path = tmp_path / "damaged"
        path.write_bytes(changed)
        mine = Lines(str(path))
        found = [mine.find(address) for address in addresses]
        said = capsys.readouterr().err.splitlines()
        broken += len(said)
        assert len(said) <= 1
        if said:
            assert said[0].startswith(f"armdbt: {path}: its debug information cannot be read (")
            assert found[-1] is None
    assert broken > 3


def test_a_file_that_unpacks_to_too_much_has_no_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lines, "LARGEST", 1000)
    assert Lines(str(guest("named"))).find(symbols(guest("named"))["main"]) is None
    assert "cannot be read (it is too large): no lines" in capsys.readouterr().err


def program(body: bytes, *, version: int = 3, tables: bytes = b"\0a.c\0\0\0\0\0") -> bytes:
    """A line program of these opcodes. Opcode 13 is one step further and one line."""
    lengths = bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))
    front = b"\x02" + (b"\x01" if version >= 4 else b"") + b"\x01\xff\x03\x0d" + lengths + tables
    head = version.to_bytes(2, "little") + (b"\x04\0" if version == 5 else b"")
    whole = head + len(front).to_bytes(4, "little") + front + body
    return len(whole).to_bytes(4, "little") + whole


def set_address(address: int) -> bytes:
    return b"\0\x05\x02" + address.to_bytes(4, "little")


END = b"\0\x01\x01"


def nothing(form: int, at: int) -> bytes:
    raise AssertionError("there is no such string")


def test_opcodes() -> None:
    """Of two rows for an address the last counts. const_add_pc adds what opcode 255 does, 80
    steps; a step is 2 bytes."""
    body = set_address(0x8000) + b"\x03\x09\x01" + b"\x03\x7e\x01" + b"\x08\x01" + b"\x02\x02\x12"
    table = decode(program(body + END), 0, nothing)
    assert table.names == {1: (b"", b"a.c")}
    assert table.find(0x7FFF) is None
    assert table.find(0x8000) == (1, 8)
    assert table.find(0x80A1) == (1, 8)
    assert table.find(0x80A2) == (1, 8)
    assert table.find(0x80A6) is None  # opcode 18 made the last row, at which the sequence ends


def test_a_sequence_may_begin_below_the_one_before() -> None:
    body = set_address(0x9000) + b"\x01\x02\x04" + END + set_address(0x8000) + b"\x12\x02\x04" + END
    table = decode(program(body), 0, nothing)
    assert [table.find(at) for at in (0x8002, 0x8009, 0x800A, 0x9000, 0x9007, 0x9008)] == [
        (1, 2), (1, 2), None, (1, 1), (1, 1), None,
    ]  # fmt: skip


def test_entries_of_version_5() -> None:
    tables = b"\x01\x01\x08\x02/d\0e\0" + b"\x02\x01\x08\x02\x0b\x01a.c\0\x01"
    table = decode(
        program(set_address(0) + b"\x04\0\x01\x02\x01" + END, version=5, tables=tables), 0, nothing
    )
    assert table.names == {0: (b"e", b"a.c")}
    assert table.find(1) == (0, 1)


@pytest.mark.parametrize(
    "section",
    [
        program(b"", version=5, tables=b"\0\xff\xff\xff\xff\x7f"),  # entries with nothing in them
        program(b"", version=5, tables=b"\x01\x01\x08\xff\xff\xff\xff\x7f\0"),
        program(b"", version=6),
        program(b"", tables=b"\0a.c"),
        program(b"\0\xff\xff\xff\x7f\x02"),
        program(b"\x02" + b"\xff" * 20),
        program(b"")[:-3],
        b"\xff\xff\xff\xff" * 3,
        b"",
    ],
)
def test_what_makes_no_sense_is_refused(section: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode(section, 0, nothing)


def test_numbers() -> None:
    assert Cursor(b"\xe5\x8e\x26", 0, 3).uleb() == 624485
    assert Cursor(b"\xc0\xbb\x78", 0, 3).sleb() == -123456
    assert Cursor(b"\x3f", 0, 1).sleb() == 63
    assert Cursor(b"\x40", 0, 1).sleb() == -64

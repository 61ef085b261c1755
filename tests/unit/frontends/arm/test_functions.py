"""Where functions begin in code without symbols."""

import random
import re
from pathlib import Path

import pytest
from support.guests import guest

from dbt.interfaces.code import LinkedCode
from dbt.loader.stripped import found_in
from dbt.loader.symbols import SymbolFile, read_symbols
from frontends.arm import functions
from frontends.arm.disasm import disassemble
from frontends.arm.functions import PT_ARM_EXIDX, find_functions

AT = 0x10000
RETURN, NOP = 0xE12FFF1E, 0xE1A00000
THUMB_RETURN, THUMB_NOP = 0x4770, 0xBF00


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def halves(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little") for value in values)


def found(code: bytes, *known: int, data: bytes = b"", exidx: bytes = b"") -> list[int]:
    """Offsets of what is found, with the state in bit 0."""
    tables = {PT_ARM_EXIDX: (0x20000, exidx)} if exidx else {}
    locations = [AT + offset for offset in known]
    result = find_functions(LinkedCode(((AT, code),), (data,), tables, locations))
    return sorted(location - AT for location in result)


def entries(*offsets: int) -> bytes:
    """A table for unwinding of functions at these offsets."""
    table = b""
    for offset in offsets:
        table += words((AT + offset - 0x20000 - len(table)) & 0x7FFFFFFF, 1)
    return table


def test_calls_of_arm_code() -> None:
    """bl +8, blx to a halfword, a conditional bl back; b is no call."""
    code = words(0xEB000002, 0xFB000002, 0x1BFFFFFC, RETURN, 0xEA000001, RETURN)
    assert found(code + halves(*[THUMB_RETURN] * 6), 0) == [0, 16, 23]


def test_calls_of_thumb_code() -> None:
    """bl forward, blx from an address that is no multiple of 4, and bl back."""
    code = halves(0xF000, 0xF803, 0xF000, 0xE804, THUMB_RETURN)
    code += halves(0xF7FF, 0xFFF9, THUMB_RETURN) + words(RETURN)
    assert found(code, 1) == [1, 11, 16]


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
def test_targets_are_those_that_capstone_prints(thumb: bool) -> None:
    draw = random.Random(50)
    calls = 0
    for _ in range(1000):
        if thumb:
            code = halves(0xF000 | draw.getrandbits(11), 0xC000 | draw.getrandbits(14))
            mine = [target for target, _ in functions._thumb_calls(code, AT + 2)]
        else:
            code = words((draw.choice((0xE, 0x1, 0xF)) << 28) | 0xA000000 | draw.getrandbits(25))
            mine = [target for target, _ in functions._arm_calls(code, AT)]
        text = disassemble(code, AT + 2 * thumb, thumb)
        calls += len(mine)
        called = re.fullmatch(r"blx?(?:ne)? #(0x\w+)", text)
        assert mine == ([int(called[1], 16) & 0xFFFFFFFF] if called else [])
    assert calls > 300


def test_data_behind_a_gap_is_not_read() -> None:
    code = words(RETURN, 0, 0, 0xEB000000, NOP, RETURN)
    assert found(code, 0) == [0]


def test_stubs_are_no_functions() -> None:
    stub = words(0xE28FC600, 0xE28CCA14, 0xE5BCF32C)
    first = words(0xE52DE004, 0xE59FE004, 0xE08FE00E, 0xE5BEF008)
    code = words(0xEB000001, 0xEB000003, RETURN) + stub + first
    assert found(code, 0) == [0]
    assert found(words(RETURN) + first, 0, data=words(AT + 4)) == [0]


def test_the_table_for_unwinding() -> None:
    """The second function is Thumb code, for the first calls it so; those that follow are, too."""
    code = words(0xFAFFFFFF, RETURN) + halves(*[THUMB_RETURN, THUMB_NOP] * 4)
    assert found(code, 0, exidx=entries(0, 8, 12, 18)) == [0, 5, 9, 13, 19]


def test_the_table_alone() -> None:
    assert found(words(*[RETURN] * 4), exidx=entries(0, 8)) == [0, 8]
    assert found(words(*[RETURN] * 4), exidx=entries(4, 0x7000)) == [4]
    assert found(halves(*[THUMB_RETURN] * 8), exidx=entries(1, 6)) == [1, 7]
    assert found(words(*[RETURN] * 4), exidx=entries(4)[:7]) == []


def test_addresses_in_data() -> None:
    """Of what data points at, functions save lr; labels do not. Words that would be code in another
    state than the code in front of them are numbers."""
    code = words(RETURN, 0xE92D4010, RETURN, 0xE52DE004, NOP)
    code += halves(THUMB_RETURN, THUMB_NOP, 0xB510, 0xBD10, 0xBF00, 0xBD10)
    pointers = words(*(AT + offset for offset in (4, 5, 8, 12, 16, 24, 25, 29, 6, 0x4000)))
    assert found(code, 0, 21, data=pointers) == [0, 4, 12, 21, 25]
    assert found(code, 0, data=pointers) == [0, 4, 12]


def test_nothing_to_read() -> None:
    assert found(b"") == []
    assert found(b"", 0, data=words(AT), exidx=entries(0)) == []


@pytest.mark.parametrize("name", ["named", "thumb_named", "fib", "thumb_fib", "quicksort"])
def test_programs_without_symbols(name: str) -> None:
    """What is found in a program are its functions, in their states, and more than half of them."""
    path = guest(name)
    whole = read_symbols(str(path), (0, 0), 1)
    real = {symbol.location for symbol in whole.symbols if symbol.function}
    mine = found_in(SymbolFile(str(path)), 1, find_functions)
    assert {symbol.location for symbol in mine.symbols} <= real | {whole_entry(path)}
    assert len(mine.symbols) > len(real) / 2


def whole_entry(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[24:28], "little")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for content in (b"", b"\x7fELF", b"\x7fELF" + b"\xff" * 48, b"x" * 100):
        (tmp_path / "file").write_bytes(content)
        assert found_in(SymbolFile(str(tmp_path / "file")), 1, find_functions).symbols == []
    assert found_in(SymbolFile(str(tmp_path)), 1, find_functions).symbols == []
    assert found_in(SymbolFile("/nowhere"), 1, find_functions).symbols == []

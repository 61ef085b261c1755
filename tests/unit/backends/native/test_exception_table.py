"""The exception table: what was entered is found, whatever else comes and goes."""

import ctypes
import errno
import itertools
import mmap
import random
import struct
from collections.abc import Iterable

import pytest

from backends.native.exception_table import MIX, ROW, ROWS_AT, ExceptionTable

_ROOM = ctypes.create_string_buffer(1 << 17)
NEAR = ctypes.addressof(_ROOM)
"""An address that all sections can refer to."""
_free = itertools.count(0, 1024)


class Section:
    """A section in memory, as the linker leaves it, with pairs of addresses."""

    def __init__(self, pairs: dict[int, int]) -> None:
        self.pairs = pairs
        start = next(_free)
        self.place = NEAR + start, 8 * len(pairs)
        for index, (instruction, fixup) in enumerate(pairs.items()):
            at = start + 8 * index
            struct.pack_into("<ii", _ROOM, at, instruction - NEAR - at, fixup - NEAR - at - 4)


def found(table: ExceptionTable, instruction: int) -> int:
    """The fixup as the handler of signals finds it."""

    def word(at: int) -> int:
        return ctypes.c_uint64.from_address(table.address + at).value

    place = (instruction * MIX & (1 << 64) - 1) >> 32
    while True:
        row = ROWS_AT + ROW * (place & word(0))
        if word(row) == instruction:
            return word(row + 8)
        if not word(row):
            return 0
        place += 1


def test_a_fixup_is_found() -> None:
    table, section = ExceptionTable(), Section({NEAR - 100: NEAR - 8, NEAR - 90: NEAR - 20})
    instructions = table.add(*section.place)
    assert {at: found(table, at) for at in section.pairs} == section.pairs
    assert found(table, NEAR) == 0
    table.remove(instructions)
    assert [found(table, at) for at in section.pairs] == [0, 0]
    assert len(table) == 0


def test_no_section_is_no_entry() -> None:
    table = ExceptionTable()
    table.add(0, 0)
    assert len(table) == 0


def test_sections_come_and_go() -> None:
    """Also at the same addresses, and many times the room that the table begins with."""
    chance, table = random.Random(1), ExceptionTable()
    model: dict[int, int] = {}
    sections = [
        Section({NEAR + 1000 * index + at: NEAR - at for at in chance.sample(range(1000), 40)})
        for index in range(60)
    ]
    live: list[Section] = []
    added: dict[Section, Iterable[int]] = {}
    for _ in range(600):
        if live and chance.random() < 0.45:
            gone = live.pop(chance.randrange(len(live)))
            table.remove(added.pop(gone))
        else:
            free = [section for section in sections if section not in live]
            if not free:
                continue
            live.append(chance.choice(free))
            added[live[-1]] = table.add(*live[-1].place)
        model = {at: to for section in live for at, to in section.pairs.items()}
        assert len(table) == sum(len(section.pairs) for section in live)
    every = [at for section in sections for at in section.pairs]
    assert {at: found(table, at) for at in every} == {at: model.get(at, 0) for at in every}


def test_a_host_without_room_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table, section = ExceptionTable(), Section({NEAR - 100: NEAR - 8})
    table.add(*section.place)
    many = Section({NEAR + at: NEAR - at for at in range(1000)})

    def refuse(*_: object, **__: object) -> mmap.mmap:
        raise OSError(errno.ENOMEM, "no room")

    with monkeypatch.context() as patched:
        patched.setattr(mmap, "mmap", refuse)
        with pytest.raises(MemoryError):
            table.add(*many.place)
    assert len(table) == 1
    assert [found(table, at) for at in (NEAR - 100, NEAR)] == [NEAR - 8, 0]
    table.add(*many.place)
    assert {at: found(table, at) for at in many.pairs} == many.pairs


def test_memory_is_bounded_by_what_is_live() -> None:
    table, section = ExceptionTable(), Section({NEAR + at: NEAR - at for at in range(100)})
    for _ in range(1000):
        table.remove(table.add(*section.place))
    assert ctypes.c_uint64.from_address(table.address).value < 2048  # rows for twice what is live

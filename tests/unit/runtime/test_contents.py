"""Contents of guest memory that are put back: whoever has written, whichever pages are hot."""

import gc
import os
from collections.abc import Iterator

import pytest

from backends.native.guard import Watched
from dbt.interfaces import CODE, EXEC, PAGE, READ, WRITE
from dbt.runtime.contents import Contents
from dbt.runtime.hot_pages import MOST
from dbt.runtime.memory import GuestMemory

START, PAGES = 0x10000, 64
END = START + PAGES * PAGE


@pytest.fixture(params=["open", "protected"])
def memory(request: pytest.FixtureRequest) -> Iterator[GuestMemory]:
    memory = GuestMemory()
    memory.map(START, PAGES * PAGE, READ | WRITE)
    for page in range(PAGES):
        memory.store(START + page * PAGE, 4, page + 1)
    watched = Watched(memory)  # what Python accesses is opened
    if request.param == "protected":
        watched.follow()
        memory.protection.begin()
    yield memory
    memory.protection.end()
    watched.close()
    memory.close()


def numbers(memory: GuestMemory) -> list[int]:
    return [memory.load(START + page * PAGE, 4) for page in range(PAGES)]


WHOLE = [(START, END)]


def test_rewinding_undoes_writes_to_any_pages(memory: GuestMemory) -> None:
    before = numbers(memory)
    contents = Contents(memory, WHOLE, WHOLE)
    for count in range(100):  # some pages become hot, and are others later
        base = 3 if count < 50 else 20
        for page in (base, base + 1, base + 7, count % PAGES):
            memory.write(START + page * PAGE + 4 * (count % 9), b"\xff" * 900)
        contents.rewind()
        assert numbers(memory) == before
        assert memory.read(START + base * PAGE + 4, 1000) == bytes(1000)


def test_pages_that_are_written_each_time_are_hot(memory: GuestMemory) -> None:
    contents = Contents(memory, WHOLE, WHOLE)
    for _ in range(8):
        memory.store(START + 5 * PAGE, 4, 99)
        contents.rewind()
    assert contents.hot.cold == [(START, START + 5 * PAGE), (START + 6 * PAGE, END)]
    for _ in range(64):
        for page in range(MOST + 1):
            memory.store(START + page * PAGE, 4, 99)
        contents.rewind()
    assert contents.hot.cold == WHOLE
    assert numbers(memory)[5] == 6


def test_code_in_hot_pages_is_dropped(memory: GuestMemory) -> None:
    contents = Contents(memory, WHOLE, WHOLE)
    for _ in range(8):
        memory.store(START + 5 * PAGE, 4, 99)
        contents.rewind()
    memory.store(START + 5 * PAGE, 4, 99)
    memory.mark_code(START // PAGE + 5)
    dropped: list[int] = []
    clear = memory.on_code_write
    memory.on_code_write = lambda page: (dropped.append(page), clear(page))[1]
    memory.mark_code(START // PAGE + 9)  # the same bytes as then: it stays
    contents.rewind()
    assert dropped == [START // PAGE + 5]
    assert memory.perms[START // PAGE + 9] & CODE
    assert numbers(memory)[5] == 6


def test_other_mappings_make_it_the_base_no_more(memory: GuestMemory) -> None:
    contents = Contents(memory, WHOLE, WHOLE)
    assert contents.is_base
    memory.protect(START, PAGE, READ)
    assert not contents.is_base
    contents.put_back([], [])
    memory.protect(START, PAGE, READ | WRITE)
    contents.settle()
    assert contents.is_base
    other = Contents(memory, WHOLE, WHOLE)
    assert other.is_base
    assert not contents.is_base


def test_what_may_only_be_read_is_compared(memory: GuestMemory) -> None:
    memory.protect(START, PAGE, READ | EXEC)
    tracked = [(START + PAGE, END)]
    contents = Contents(memory, WHOLE, tracked)
    assert contents.is_base
    memory.poke(START, b"poked")
    assert not contents.is_base
    contents.put_back([], [(START, START + PAGE)])
    contents.settle()
    assert numbers(memory) == [page + 1 for page in range(PAGES)]


def test_the_file_goes_with_the_last_user(memory: GuestMemory) -> None:
    before = len(os.listdir("/proc/self/fd"))
    contents = Contents(memory, WHOLE, WHOLE)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    memory.base_contents = None
    del contents
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
    assert numbers(memory)[:3] == [1, 2, 3]

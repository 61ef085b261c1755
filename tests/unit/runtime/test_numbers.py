"""Numbers in guest memory: accesses in one step, and what is asked of whoever makes them atomic."""

import ctypes
import os
from collections.abc import Iterator

import pytest

from dbt.interfaces import CODE, PAGE, READ, SHARED_AT, WRITE
from dbt.runtime.memory import GuestMemory
from dbt.stops import Access, GuestFault, UsageError

AT = 0x10000
SIZES = (1, 2, 4, 8)


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    made = GuestMemory()
    made.map(AT, PAGE, READ | WRITE)
    yield made
    made.close()


def _is_shared(memory: GuestMemory) -> int:
    return ctypes.c_ubyte.from_address(memory.perms_base + SHARED_AT).value


def _file() -> int:
    fd = os.memfd_create("pages")
    os.ftruncate(fd, PAGE)
    return fd


@pytest.mark.parametrize("size", SIZES)
def test_numbers_are_little_endian_wherever_they_are(memory: GuestMemory, size: int) -> None:
    value = int.from_bytes(bytes(range(0x81, 0x81 + size)), "little")
    for address in range(AT, AT + 9):
        memory.write(AT, bytes(24))
        memory.store(address, size, value)
        assert memory.read(address, size) == bytes(range(0x81, 0x81 + size))
        assert memory.load(address, size) == value
        assert memory.read(AT, 24).count(0) == 24 - size


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_that_does_not_fit_is_refused(memory: GuestMemory, value: int) -> None:
    for address in (AT, AT + 1):
        with pytest.raises(UsageError, match="no unsigned number of 4 bytes"):
            memory.store(address, 4, value)


@pytest.mark.parametrize("size", SIZES)
def test_exchanges(memory: GuestMemory, size: int) -> None:
    memory.store(AT + 8, size, 0x81)
    assert memory.exchange(AT + 8, size, 0x92) == 0x81
    assert memory.compare_exchange(AT + 8, size, 0x91, 0xFF) == 0x92
    assert memory.load(AT + 8, size) == 0x92
    assert memory.compare_exchange(AT + 8, size, 0x92, 0xFF) == 0x92
    assert memory.load(AT + 8, size) == 0xFF


def test_they_need_what_a_store_needs(memory: GuestMemory) -> None:
    memory.map(AT + PAGE, PAGE, READ)
    memory.store(AT, 4, 7)
    for address in (AT + PAGE, AT + 2 * PAGE):
        for call in ((memory.exchange, 1), (memory.compare_exchange, 5, 1)):
            with pytest.raises(GuestFault) as caught:
                call[0](address, 4, *call[1:])
            assert (caught.value.address, caught.value.access) == (address, Access.WRITE)
    with pytest.raises(UsageError, match="in one step"):
        memory.exchange(AT + 2, 4, 1)
    with pytest.raises(UsageError, match="in one step"):
        memory.compare_exchange(AT, 16, 1, 1)


def test_they_invalidate_code(memory: GuestMemory) -> None:
    for access in (
        lambda: memory.exchange(AT, 4, 1),
        lambda: memory.compare_exchange(AT, 4, 5, 1),
    ):
        memory.mark_code(AT // PAGE)
        access()
        assert not memory.perms[AT // PAGE] & CODE


def test_only_memory_that_others_may_have_needs_more_than_a_comparison(
    memory: GuestMemory,
) -> None:
    calls: list[tuple[int, ...]] = []

    def at_once(address: int, size: int, expected: int, value: int) -> int:
        calls.append((address, size, expected, value))
        return expected

    memory.use_atomics(at_once)
    memory.fence()
    memory.exchange(AT, 4, 1)
    memory.map_private(AT + PAGE, PAGE, READ | WRITE, _file(), 0)
    memory.map_shared(AT + 2 * PAGE, PAGE, READ, _file(), 0)
    memory.compare_exchange(AT, 4, 1, 2)
    assert not calls
    assert not _is_shared(memory)
    memory.map_shared(AT + 3 * PAGE, PAGE, READ, -1, 0)
    assert _is_shared(memory) == 1
    assert memory.compare_exchange(AT + 8, 2, 5, 6) == 5
    assert calls == [(memory.base + AT + 8, 2, 5, 6)]
    memory.fence()
    assert len(calls) == 2


def test_an_exchange_is_made_again_until_nobody_came_between(memory: GuestMemory) -> None:
    there = [7, 8, 9, 9]

    def at_once(address: int, size: int, expected: int, value: int) -> int:
        del address, size, value
        seen.append(expected)
        return there.pop(0)

    seen: list[int] = []
    memory.map_shared(AT, PAGE, READ | WRITE, -1, 0)
    memory.store(AT, 4, 6)
    memory.use_atomics(at_once)
    assert memory.exchange(AT, 4, 1) == 9
    assert seen == [6, 7, 8, 9]

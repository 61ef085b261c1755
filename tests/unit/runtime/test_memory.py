"""Guest memory: permissions to the byte, and what happens to pages that hold code."""

import copy
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from dbt.interfaces import CODE, EXEC, MAPPED, PAGE, PERMS_DISTANCE, READ, WRITE
from dbt.runtime.memory import GuestMemory
from dbt.stops import Access, GuestFault, UsageError

AT = 0x10000
TOP = (1 << 32) - PAGE


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    made = GuestMemory()
    yield made
    made.close()


def fault(call: object, *args: object) -> tuple[int, Access]:
    with pytest.raises(GuestFault) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.address, caught.value.access


def test_permission_bytes_are_where_compiled_code_looks(memory: GuestMemory) -> None:
    assert memory.perms_base == memory.base - PERMS_DISTANCE


@pytest.mark.parametrize("perms", [0, READ, READ | WRITE, READ | EXEC, WRITE, READ | WRITE | EXEC])
def test_each_access_needs_its_permission(memory: GuestMemory, perms: int) -> None:
    memory.map(AT, PAGE, perms)
    memory.poke(AT, b"abcd")
    for need, access, call in (
        (READ, Access.READ, lambda: memory.load(AT, 4)),
        (WRITE, Access.WRITE, lambda: memory.store(AT, 4, 0)),
        (EXEC, Access.EXECUTE, lambda: memory.fetch(AT, 4)),
    ):
        if perms & need:
            call()
        else:
            assert fault(call) == (AT, access)
    assert memory.peek(AT + 4, 1) == b"\0"


def test_an_access_across_pages_faults_at_the_first_forbidden_byte(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    memory.map(AT + PAGE, PAGE, READ)
    memory.write(AT + PAGE - 4, b"abcd")
    assert memory.read(AT + PAGE - 4, 8) == b"abcd\0\0\0\0"
    assert fault(memory.store, AT + PAGE - 2, 4, 0) == (AT + PAGE, Access.WRITE)
    assert memory.read(AT + PAGE - 4, 4) == b"abcd", "what faults changes nothing"
    assert fault(memory.load, AT + 2 * PAGE - 1, 2) == (AT + 2 * PAGE, Access.READ)
    assert fault(memory.load, AT - 1, 2) == (AT - 1, Access.READ)


def test_the_end_of_the_address_space(memory: GuestMemory) -> None:
    memory.map(TOP, PAGE, READ | WRITE)
    memory.store(0xFFFFFFFC, 4, 0x11223344)
    assert memory.load(0xFFFFFFFC, 4) == 0x11223344
    assert fault(memory.load, 0xFFFFFFFE, 4) == (0, Access.READ)
    assert fault(memory.store, 0xFFFFFFFE, 4, 0) == (0, Access.WRITE)


def test_sizes_that_mean_nothing_are_refused(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    for call in (memory.read, memory.peek, memory.view):
        with pytest.raises(UsageError, match="a size is at least 0, not -1"):
            call(AT, -1)
    for size in (0, 3, -4, "4"):
        with pytest.raises(UsageError, match=f"1, 2, 4, 8 or 16 bytes, not {size!r}"):
            memory.load(AT, size)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=f"1, 2, 4, 8 or 16 bytes, not {size!r}"):
            memory.store(AT, size, 0)  # type: ignore[arg-type]
    for value in (-1, 0x10000):
        with pytest.raises(UsageError, match="is no unsigned number of 2 bytes"):
            memory.store(AT, 2, value)
    assert memory.read(AT, 8) == bytes(8)


@pytest.mark.parametrize("value", [1.5, "one", None, b"two"])
def test_what_is_no_number_is_not_stored(memory: GuestMemory, value: object) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    with pytest.raises(UsageError, match="a value is a whole number, not"):
        memory.store(AT, 4, value)  # type: ignore[arg-type]


def test_refusals_can_be_sent_and_copied(memory: GuestMemory) -> None:
    with pytest.raises(GuestFault) as none:
        memory.read(-4, 4)
    with pytest.raises(GuestFault) as forbidden:
        memory.read(0, 4)
    for error in (none.value, forbidden.value):
        error.pc, error.mode = 8, 1
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(other), str(other)) == (type(error), str(error))
            assert (other.address, other.access, other.pc, other.mode) == (
                error.address, error.access, 8, 1,
            )  # fmt: skip


@pytest.mark.parametrize("address", ["main", 1.5, None, b"code", "%s"])
def test_what_is_no_address_is_refused(memory: GuestMemory, address: Any) -> None:
    calls = [partial(access, address, 4) for access in (memory.read, memory.load, memory.peek)]
    calls += [partial(memory.write, address, b"1234"), partial(memory.store, address, 4, 0)]
    calls += [partial(memory.read, address, 0), partial(memory.cstring, address)]
    for call in calls:
        with pytest.raises(UsageError, match="an address is a whole number, not") as refusal:
            call()
        assert ("process.resolve" in str(refusal.value)) == isinstance(address, str)


def test_a_size_is_a_whole_number(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    for size in ("4", 4.0, None):
        with pytest.raises(UsageError, match="a size is a whole number, not"):
            memory.read(AT, size)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", [1 << 32, (1 << 32) + AT, -4, -PAGE])
def test_addresses_are_of_32_bits(memory: GuestMemory, address: int) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    memory.map(TOP, PAGE, READ | WRITE)
    for call in (
        partial(memory.read, address, 4),
        partial(memory.load, address, 4),
        partial(memory.peek, address, 4),
        partial(memory.write, address, b"1234"),
        partial(memory.store, address, 4, 0),
    ):
        with pytest.raises(UsageError, match=f"between 0x0 and 0xffffffff, not {address:#x}"):
            call()
        with pytest.raises(GuestFault) as raised:  # as the kernel gives EFAULT
            call()
        assert raised.value.address == address & 0xFFFFFFFF
    assert memory.read(address, 0) == b""


def test_bytes_are_written_and_nothing_else(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, READ | WRITE)
    for data in ("text", 5, [1, 2], None, memoryview(b"12345678").cast("I")):
        with pytest.raises(UsageError, match="what is written is bytes, not"):
            memory.write(AT, data)  # type: ignore[arg-type]
    assert memory.read(AT, 8) == bytes(8)
    for data in (b"12", bytearray(b"12"), memoryview(b"12")):
        memory.write(AT, data)  # type: ignore[arg-type]
        assert memory.load(AT, 2) == 0x3231


def test_mapping_again_gives_zeros(memory: GuestMemory) -> None:
    memory.map(AT, 2 * PAGE, READ | WRITE)
    memory.write(AT + PAGE - 2, b"abcd")
    memory.map(AT, PAGE, READ | WRITE)
    assert memory.read(AT + PAGE - 2, 4) == b"\0\0cd"
    memory.unmap(AT, 2 * PAGE)
    assert memory.free(AT, 2 * PAGE)
    assert fault(memory.peek, AT, 1) == (AT, Access.READ)


def test_mapped_and_free(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, 0)
    assert memory.mapped(AT, PAGE)
    assert not memory.mapped(AT, PAGE + 1)
    assert not memory.free(AT - PAGE, 2 * PAGE)
    assert memory.free(AT + PAGE, PAGE)
    assert not memory.mapped(TOP, 2 * PAGE)


def test_shared_pages(memory: GuestMemory) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * PAGE)
        file.flush()
        memory.map_shared(AT, PAGE, READ | WRITE, file.fileno(), 0)
        memory.write(AT + 1, b"yz")
        assert os.pread(file.fileno(), 4, 0) == b"xyzx"
        memory.unmap(AT, PAGE)
        memory.map(AT, PAGE, READ | WRITE)
        memory.write(AT, b"private")
        assert os.pread(file.fileno(), 4, 0) == b"xyzx"


def test_cstring(memory: GuestMemory) -> None:
    memory.map(AT, 2 * PAGE, READ | WRITE)
    memory.write(AT + PAGE - 3, b"across\0")
    assert memory.cstring(AT + PAGE - 3) == b"across"
    assert memory.cstring(AT) == b""
    assert memory.cstring(AT + PAGE - 3, 7) == b"across"
    with pytest.raises(ValueError, match="too long"):
        memory.cstring(AT + PAGE - 3, 6)
    with pytest.raises(ValueError, match="too long"):
        memory.cstring(AT + PAGE - 3, 3)
    memory.write(AT + PAGE, b"x" * PAGE)
    assert fault(memory.cstring, AT + PAGE) == (AT + 2 * PAGE, Access.READ)
    with pytest.raises(ValueError, match="too long"):
        memory.cstring(AT + PAGE, 16)


CHANGES: dict[str, Callable[[GuestMemory], object]] = {
    "store": lambda m: m.store(AT + 8, 4, 1),
    "write": lambda m: m.write(AT + 8, b"x"),
    "write across": lambda m: m.write(AT - 4, b"12345678"),
    "poke": lambda m: m.poke(AT + 8, b"x"),
    "poke across": lambda m: m.poke(AT - 4, b"12345678"),
    "forget_code": lambda m: m.forget_code(AT + PAGE - 1, 1),
    "view": lambda m: m.view(AT + 8, 1, writable=True),
    "map": lambda m: m.map(AT, PAGE, READ),
    "unmap": lambda m: m.unmap(AT, PAGE),
    "protect": lambda m: m.protect(AT, PAGE, READ | EXEC),
    "protect-around": lambda m: m.protect(AT - PAGE, 3 * PAGE, READ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_code_page_says_so_once(memory: GuestMemory, change: str) -> None:
    told: list[int] = []

    def tell(page: int) -> None:
        told.append(page)
        memory.clear_code(page)

    memory.on_code_write = tell
    memory.map(AT - PAGE, 3 * PAGE, READ | WRITE)
    memory.mark_code(AT // PAGE)
    assert memory.perms[AT // PAGE] == CODE | READ | WRITE | MAPPED
    CHANGES[change](memory)
    assert told == [AT // PAGE]
    assert not memory.perms[AT // PAGE] & CODE


def test_reading_or_failing_to_write_a_code_page_says_nothing(memory: GuestMemory) -> None:
    told: list[int] = []
    memory.on_code_write = told.append
    memory.map(AT, PAGE, READ | EXEC)
    memory.mark_code(AT // PAGE)
    memory.load(AT, 4)
    memory.fetch(AT, 4)
    memory.view(AT, 4)
    memory.write(AT, b"")
    assert fault(memory.store, AT, 4, 0) == (AT, Access.WRITE)
    assert told == []

"""The host's protection of guest pages follows the permission bytes, whatever changes them."""

import os
import tempfile
from collections.abc import Iterator
from random import Random

import pytest

from backends.native.guard import Watched
from dbt.interfaces import ABSENT, CODE, EXEC, OPENED, PAGE, READ, WRITE
from dbt.runtime import protection
from dbt.runtime.memory import GuestMemory
from dbt.stops import GuestFault

AT = 0x100000
PAGES = 48


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    """A memory that is protected. What Python accesses is opened, as where code is translated."""
    made = GuestMemory()
    watched = Watched(made)
    watched.follow()
    made.protection.begin()
    yield made
    made.protection.end()
    watched.close()
    made.close()


@pytest.fixture
def file() -> Iterator[int]:
    """A file of so many pages."""
    with tempfile.TemporaryFile() as made:
        made.truncate(PAGES * PAGE)
        yield made.fileno()


def host_protection(memory: GuestMemory, first: int = AT, count: int = PAGES) -> list[str]:
    """What the host permits for each page, such as ``r-``."""
    found = ["?"] * count
    with open("/proc/self/maps") as maps:
        for line in maps:
            where, perms, *_ = line.split()
            start, end = ((int(n, 16) - memory.base - first) // PAGE for n in where.split("-"))
            for page in range(max(start, 0), min(end, count)):
                found[page] = perms[:2]
    return found


def expected(memory: GuestMemory, first: int = AT, count: int = PAGES) -> list[str]:
    names = {0: "--", READ: "r-", READ | WRITE: "rw", READ | CODE: "r-", READ | WRITE | CODE: "r-"}
    given = memory.perms[first // PAGE : first // PAGE + count]
    return [names.get(perms & (READ | WRITE | CODE), "--") for perms in given]


@pytest.mark.parametrize(
    ("perms", "wanted"),
    [
        (0, "--"),
        (READ, "r-"),
        (READ | EXEC, "r-"),
        (READ | WRITE, "rw"),
        (READ | WRITE | EXEC, "rw"),
        (WRITE, "--"),
        (EXEC, "--"),
    ],
)
def test_what_permissions_permit(memory: GuestMemory, perms: int, wanted: str) -> None:
    memory.map(AT + PAGE, PAGE, perms)
    assert host_protection(memory, count=3) == ["--", wanted, "--"]
    memory.mark_code(AT // PAGE + 1)
    assert host_protection(memory, count=3) == ["--", wanted.replace("w", "-"), "--"]
    memory.clear_code(AT // PAGE + 1)
    assert host_protection(memory, count=3) == ["--", wanted, "--"]
    memory.unmap(AT + PAGE, PAGE)
    assert host_protection(memory, count=3) == ["--"] * 3


def test_what_is_mapped_before_it_begins() -> None:
    memory = GuestMemory()
    memory.map(AT, PAGE, READ | WRITE)
    memory.map(AT + 2 * PAGE, PAGE, READ)
    assert host_protection(memory, count=4) == ["rw"] * 4
    memory.protection.begin()
    assert host_protection(memory, count=4) == ["rw", "--", "r-", "--"]
    memory.protection.end()
    assert host_protection(memory, count=4) == ["rw"] * 4
    memory.close()


@pytest.mark.parametrize("seed", range(4))
def test_any_changes(memory: GuestMemory, file: int, seed: int) -> None:
    random = Random(seed)
    kinds = (0, READ, READ | WRITE, READ | EXEC)

    def place() -> tuple[int, int]:
        first, last = sorted(random.sample(range(PAGES // 2), 2))
        return AT + first * PAGE, (last - first) * PAGE

    def move() -> None:
        start, size = place()
        memory.map(start, size, READ | WRITE)
        memory.poke(start, b"moved")
        memory.protect(start, PAGE, random.choice(kinds))
        target = AT + PAGES // 2 * PAGE
        memory.move(start, size, target, size + random.choice((0, PAGE)), shared=False)
        assert bytes(memory.raw(target, 5)) == b"moved"

    changes = {
        "map": lambda: memory.map(*place(), random.choice(kinds)),
        "shared": lambda: memory.map_shared(*place(), random.choice(kinds), file, 0),
        "private": lambda: memory.map_private(*place(), random.choice(kinds), file, 0),
        "unmap": lambda: memory.unmap(*place()),
        "protect": lambda: memory.protect(*place(), random.choice(kinds[:2])),
        "absent": lambda: memory.set_absent(*place()),
        "present": lambda: memory.set_present(*place(), random.choice(kinds[:2])),
        "mark": lambda: memory.mark_code(place()[0] // PAGE),
        "clear": lambda: memory.clear_code(place()[0] // PAGE),
        "move": move,
    }
    for _ in range(60):
        name = random.choice([*changes])
        changes[name]()
        memory.protection.renew()
        assert host_protection(memory) == expected(memory), name
    assert memory.protection.follows


def test_python_opens_a_page_until_it_is_renewed(memory: GuestMemory) -> None:
    memory.map(AT, PAGE, READ)
    memory.map(AT + PAGE, PAGE, 0)
    memory.poke(AT, b"abc")
    assert memory.peek(AT + PAGE, 1) == b"\0"
    assert host_protection(memory, count=2) == ["rw", "rw"]
    memory.protection.renew()
    assert host_protection(memory, count=2) == ["r-", "--"]
    assert memory.read(AT, 3) == b"abc"


def test_more_pages_than_the_list_has_room_for(memory: GuestMemory) -> None:
    count = OPENED + 9
    memory.map(AT, count * PAGE, READ)
    for page in range(count):
        memory.poke(AT + page * PAGE, b"x")
    assert host_protection(memory, count=count) == ["rw"] * count
    memory.protection.renew()
    assert host_protection(memory, count=count) == ["r-"] * count


def test_a_mapping_that_may_not_be_written_is_opened_to_be_read(
    memory: GuestMemory, file: int
) -> None:
    with open(f"/proc/self/fd/{file}", "rb") as reader:
        memory.map_shared(AT, PAGE, 0, reader.fileno(), 0)
    assert host_protection(memory, count=1) == ["--"]
    assert memory.peek(AT, 1) == b"\0"
    assert host_protection(memory, count=1) == ["r-"]
    memory.protection.end()
    assert host_protection(memory, count=2) == ["r-", "rw"]


def test_the_kernel_writes_where_the_guest_may_only_write(memory: GuestMemory, file: int) -> None:
    memory.map(AT, 2 * PAGE, WRITE)
    os.pwrite(file, b"from the file", PAGE - 4)
    view = memory.view(AT, 2 * PAGE, writable=True)
    assert os.preadv(file, [view], 0) == 2 * PAGE
    assert bytes(view[PAGE - 4 : PAGE + 9]) == b"from the file"
    memory.protection.renew()
    assert host_protection(memory, count=2) == ["--", "--"]


def test_the_kernel_writes_where_code_was(memory: GuestMemory, file: int) -> None:
    memory.map(AT, PAGE, READ | WRITE | EXEC)
    memory.mark_code(AT // PAGE)
    gone: list[int] = []

    def drop(page: int) -> None:
        gone.append(page)
        memory.clear_code(page)

    memory.on_code_write = drop
    assert os.preadv(file, [memory.view(AT, PAGE, writable=True)], 0) == PAGE
    assert gone == [AT // PAGE]


def test_a_page_is_there_though_nobody_may_read_it(memory: GuestMemory, file: int) -> None:
    memory.map_shared(AT, 2 * PAGE, 0, file, (PAGES - 1) * PAGE)
    memory.set_absent(AT + PAGE, PAGE)
    assert memory.has_page(AT)
    assert not memory.has_page(AT + PAGE)
    assert memory.perms[AT // PAGE + 1] == ABSENT
    memory.protection.renew()
    assert host_protection(memory, count=2) == ["--", "--"]


def test_it_lapses_when_it_takes_too_many_mappings(
    memory: GuestMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    lapsed: list[bool] = []
    memory.protection.on_lapse = lambda: lapsed.append(memory.protection.follows)
    monkeypatch.setattr(protection, "MOST_BORDERS", 20)
    for page in range(0, 2 * 10, 2):
        memory.map(AT + page * PAGE, PAGE, READ)
        assert memory.protection.follows
    assert not lapsed
    memory.unmap(AT, PAGE)
    memory.map(AT, PAGE, READ)
    assert not lapsed
    memory.map(AT + 20 * PAGE, PAGE, READ)
    assert lapsed == [False]
    assert host_protection(memory) == ["rw"] * PAGES
    memory.map(AT, PAGE, READ)
    assert host_protection(memory) == ["rw"] * PAGES


def test_it_lapses_when_the_host_refuses(
    memory: GuestMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.map(AT, PAGE, READ)

    class Refusing:
        def mprotect(self, address: int, size: int, prot: int) -> int:
            return 0 if prot == READ | WRITE and real.mprotect(address, size, prot) == 0 else -1

    real = protection.libc
    monkeypatch.setattr(protection, "libc", Refusing())
    memory.map(AT + PAGE, PAGE, READ)
    assert not memory.protection.follows
    assert host_protection(memory) == ["rw"] * PAGES


def test_it_is_intact_until_something_is_open(memory: GuestMemory, file: int) -> None:
    protected = memory.protection
    memory.map(AT, PAGE, READ)
    memory.map_shared(AT + PAGE, PAGE, READ | WRITE, file, 0)
    assert protected.is_intact()
    bytes(memory.raw(AT + PAGE, 1))
    assert protected.is_intact()  # it was open
    for disturb in (
        lambda: bytes(memory.raw(AT + 2 * PAGE, 1)),  # by the handler
        lambda: protected.expose(AT // PAGE, 1, writable=True),
    ):
        disturb()
        assert not protected.is_intact()
        protected.renew()
        assert protected.is_intact()
    os.ftruncate(file, 0)
    bytes(memory.raw(AT + PAGE, 1))
    assert not protected.is_intact()
    memory.take_lost()
    protected.end()
    assert not protected.is_intact()


def test_a_host_without_room_protects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError

    made = GuestMemory()
    made.map(AT, PAGE, READ)
    monkeypatch.setattr(protection, "mmap", full)
    made.protection.begin()
    assert not made.protection.follows
    assert host_protection(made, count=1) == ["rw"]
    monkeypatch.undo()
    made.protection.begin()
    assert host_protection(made, count=2) == ["r-", "--"]
    made.protection.end()
    made.close()


KINDS = {"read": READ, "write": READ | WRITE, "code": READ | WRITE | CODE, "none": 0}


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize("size", [1, PAGE, PAGE + 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("watched", [0, READ, WRITE])
def test_the_kernel_may_use_a_view(
    memory: GuestMemory, kind: str, size: int, watched: int, writable: bool
) -> None:
    """A view of one page that is open to the guest is made sooner, and is as good as others."""
    memory.map(AT, 2 * PAGE, KINDS[kind])
    written: list[int] = []
    clear = memory.on_code_write
    memory.on_code_write = lambda page: [written.append(page), clear(page)]  # type: ignore[assignment, func-returns-value]
    memory.watch(AT // PAGE, watched)
    if not KINDS[kind] & (WRITE if writable else READ):
        with pytest.raises(GuestFault):
            memory.view(AT, size, writable=writable)
        return
    view = memory.view(AT, size, writable=writable)
    read, write = os.pipe()
    try:
        if writable:
            os.write(write, b"x")
            assert os.readv(read, [view]) == 1
        else:
            assert os.writev(write, [view[:1]]) == 1
    finally:
        os.close(read)
        os.close(write)
    code = range(AT // PAGE, (AT + size - 1) // PAGE + 1) if kind == "code" and writable else ()
    assert written == [*code]

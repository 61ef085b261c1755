"""The address space: what mmap and its kin promise, against a model too."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import PAGE, READ, WRITE
from dbt.linux.kernel import Kernel
from dbt.linux.state.address_space import AddressSpace, Area
from dbt.runtime.memory import GuestMemory
from dbt.stops import GuestFault
from frontends.arm.linux_abi import ArmLinuxAbi

PRIVATE, SHARED, FIXED, ANONYMOUS, NOREPLACE = 2, 1, 0x10, 0x20, 0x100000
RW = 3


def mmap(kernel: Kernel, size: int, *, at: int = 0, prot: int = RW, flags: int = 0x22) -> int:
    return call(kernel, "mmap2", at, size, prot, flags, -1, 0) & 0xFFFFFFFF


def test_anonymous_memory_is_zero_and_goes_down(kernel: Kernel) -> None:
    first, second = mmap(kernel, 5000), mmap(kernel, PAGE)
    assert first == 0xB7000000 - 2 * PAGE
    assert second == first - PAGE
    assert kernel.memory.read(first, 2 * PAGE) == bytes(2 * PAGE)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 0, RW, PRIVATE | ANONYMOUS, -1, 0), "EINVAL"),
        ((0, PAGE, RW, ANONYMOUS, -1, 0), "EINVAL"),
        ((0, PAGE, RW, PRIVATE, 99, 0), "EBADF"),
        ((0x12345, PAGE, RW, PRIVATE | ANONYMOUS | FIXED, -1, 0), "EINVAL"),
        ((0, PAGE, RW, PRIVATE | ANONYMOUS | FIXED, -1, 0), "EPERM"),
        ((0xBFFFF000, PAGE, RW, PRIVATE | ANONYMOUS | FIXED, -1, 0), "ENOMEM"),
        ((0, 0xF0000000, RW, PRIVATE | ANONYMOUS, -1, 0), "ENOMEM"),
        ((BUFFER, PAGE, RW, PRIVATE | ANONYMOUS | NOREPLACE, -1, 0), "EEXIST"),
        ((0, 0, RW, 0, 99, 0), "EBADF"),
        ((0, PAGE, RW, PRIVATE | ANONYMOUS | 0x40000, -1, 0), "ENOMEM"),  # MAP_HUGETLB
        ((0, PAGE, RW, 3 | ANONYMOUS, -1, 0), "EINVAL"),  # MAP_SHARED_VALIDATE
        ((0, PAGE, RW, SHARED | ANONYMOUS | 0x100, -1, 0), "EINVAL"),  # MAP_GROWSDOWN
        ((0, 2 * PAGE, RW, PRIVATE | ANONYMOUS, -1, 0xFFFFFFFF), "EOVERFLOW"),
    ],
)
def test_mmap_refuses(kernel: Kernel, arguments: tuple[int, ...], expected: str) -> None:
    assert error(call(kernel, "mmap2", *arguments)) == expected


def test_a_hint_is_taken_when_free(kernel: Kernel) -> None:
    assert mmap(kernel, PAGE, at=0x20000123) == 0x20000000
    assert mmap(kernel, PAGE, at=0x20000000) != 0x20000000


def test_unmapped_and_protected_pages_fault(kernel: Kernel) -> None:
    at = mmap(kernel, 3 * PAGE)
    assert call(kernel, "munmap", at + PAGE, PAGE) == 0
    with pytest.raises(GuestFault) as fault:
        kernel.memory.read(at + PAGE - 4, 8)
    assert fault.value.address == at + PAGE
    assert call(kernel, "mprotect", at, PAGE, 1) == 0
    with pytest.raises(GuestFault):
        kernel.memory.store(at, 4, 1)
    assert error(call(kernel, "mprotect", at, 3 * PAGE, 3)) == "ENOMEM"
    kernel.memory.store(at, 4, 1)  # what came before the hole was changed
    assert error(call(kernel, "munmap", at + 1, PAGE)) == "EINVAL"


@pytest.mark.parametrize("name", ["mprotect", "mlock", "munlock", "madvise", "msync"])
def test_no_bytes_are_no_area(kernel: Kernel, name: str) -> None:
    at = mmap(kernel, 3 * PAGE)
    areas = list(kernel.space.areas)
    assert call(kernel, name, at + PAGE, 0, 1) == 0
    assert kernel.space.areas == areas
    assert list(kernel.space.within(at + PAGE, at + PAGE)) == []


def test_brk_grows_shrinks_and_stops_at_what_is_mapped(kernel: Kernel) -> None:
    start = call(kernel, "brk", 0)
    assert call(kernel, "brk", start + 5000) == start + 5000
    kernel.memory.store(start + 4996, 4, 7)
    assert call(kernel, "brk", start + 10) == start + 10
    with pytest.raises(GuestFault):
        kernel.memory.load(start + 4996, 4)
    assert call(kernel, "brk", start + 5000) == start + 5000
    assert kernel.memory.load(start + 4996, 4) == 0
    mmap(kernel, PAGE, at=start + 8 * PAGE)
    assert call(kernel, "brk", start + 9 * PAGE) == start + 5000


def test_mremap_moves_content(kernel: Kernel) -> None:
    mmap(kernel, PAGE)
    at = mmap(kernel, 2 * PAGE)
    kernel.memory.write(at + PAGE, b"moved")
    assert error(call(kernel, "mremap", at, 2 * PAGE, 4 * PAGE, 0, 0)) == "ENOMEM"
    new = call(kernel, "mremap", at, 2 * PAGE, 4 * PAGE, 1, 0) & 0xFFFFFFFF
    assert kernel.memory.read(new + PAGE, 6) == b"moved\0"
    assert not kernel.memory.mapped(at)
    assert call(kernel, "mremap", new, 4 * PAGE, PAGE, 0, 0) & 0xFFFFFFFF == new
    assert not kernel.memory.mapped(new + PAGE)


def open_file(kernel: Kernel, path: Path, flags: int) -> int:
    kernel.memory.write(BUFFER, os.fsencode(path) + b"\0")
    fd = call(kernel, "open", BUFFER, flags, 0)
    assert fd >= 0
    return fd


def test_file_mappings(kernel: Kernel, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    fd = open_file(kernel, path, os.O_RDWR)
    private = call(kernel, "mmap2", 0, 2 * PAGE, RW, PRIVATE, fd, 0) & 0xFFFFFFFF
    shared = call(kernel, "mmap2", 0, 2 * PAGE, RW, SHARED, fd, 0) & 0xFFFFFFFF
    assert kernel.memory.read(private, 12) == b"0123456789\0\0"
    kernel.memory.write(private, b"private")
    assert path.read_bytes() == b"0123456789"
    kernel.memory.write(shared, b"shared")
    assert path.read_bytes() == b"shared6789"
    for at in (private, shared):
        with pytest.raises(GuestFault):  # the page past the end of the file
            kernel.memory.load(at + PAGE, 4)


def test_shared_mappings_of_read_only_files_stay_so(kernel: Kernel, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    fd = open_file(kernel, path, os.O_RDONLY)
    assert error(call(kernel, "mmap2", 0, PAGE, RW, SHARED, fd, 0)) == "EACCES"
    at = call(kernel, "mmap2", 0, PAGE, 1, SHARED, fd, 0) & 0xFFFFFFFF
    assert error(call(kernel, "mprotect", at, PAGE, RW)) == "EACCES"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (3 | 0x8000, None),  # MAP_SHARED_VALIDATE, MAP_POPULATE
        (3 | 0x80000, "ENOTSUP"),  # MAP_SYNC
        (3 | NOREPLACE, "ENOTSUP"),
        (SHARED | 0x80000, None),
        (PRIVATE | 0x40000, "EINVAL"),  # MAP_HUGETLB
        (PRIVATE | 0x100, "EINVAL"),  # MAP_GROWSDOWN
        (4, "EINVAL"),
        (PRIVATE | 0x2000 | 0x20000 | 0x4000, None),  # MAP_LOCKED, MAP_STACK, MAP_NORESERVE
    ],
)
def test_flags_of_file_mappings(
    kernel: Kernel, tmp_path: Path, flags: int, expected: str | None
) -> None:
    (tmp_path / "data").write_bytes(b"x")
    fd = open_file(kernel, tmp_path / "data", os.O_RDWR)
    result = call(kernel, "mmap2", 0x20000000, PAGE, 1, flags, fd, 0)
    assert (None if result == 0x20000000 else error(result)) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mlock", (0xFFFFE000, 0x3000), "EINVAL"),
        ("munlock", (0xFFFFE000, 0x3000), "EINVAL"),
        ("mlock", (0xFFFFE000, 0x1000), "ENOMEM"),
        ("mlock", (0x20000001, 0xFFFFFFFF), None),
        ("msync", (0, 0xFFFFFFFF, 4), None),
        ("msync", (0xFFFFE000, 0x3000, 4), "ENOMEM"),
        ("mprotect", (0x20000000, 0, 0x40), None),
        ("mprotect", (0x20000000, 0, 0x03000000), "EINVAL"),
        ("mprotect", (0x20000000, 0xFFFFFFFF, 0x40), "ENOMEM"),
        ("mprotect", (0x20000000, 1, 0x40), "EINVAL"),
        ("mprotect", (0x20000000, 1, 0x02000000), "ENOMEM"),
        ("mprotect", (0xFFFFE000, 0x3000, 1), "ENOMEM"),
        ("munmap", (0x20000000, 0xFFFFFFFF), "EINVAL"),
    ],
)
def test_sizes_that_a_word_cannot_hold_are_none(
    kernel: Kernel, name: str, arguments: tuple[int, ...], expected: str | None
) -> None:
    """Nothing is mapped there. PAGE_ALIGN makes 0 of what is more than the last page."""
    result = call(kernel, name, *arguments)
    assert (error(result) if result else None) == expected


def test_the_end_of_the_address_space_is_a_hole(kernel: Kernel) -> None:
    at = mmap(kernel, PAGE, at=0xBEFFF000 - 64 * PAGE)
    assert error(call(kernel, "mprotect", at, 0xC0000000 - at, 1)) == "ENOMEM"
    with pytest.raises(GuestFault):
        kernel.memory.store(at, 4, 1)


def test_only_what_grows_down_is_changed_downwards(kernel: Kernel) -> None:
    down = mmap(kernel, 2 * PAGE, flags=PRIVATE | ANONYMOUS | 0x100)
    assert call(kernel, "mprotect", down + PAGE, PAGE, 1 | 0x01000000) == 0
    with pytest.raises(GuestFault):
        kernel.memory.store(down, 4, 1)
    other = mmap(kernel, 2 * PAGE, prot=1)
    for grows in (0x01000000, 0x02000000, 0x03000000):
        assert error(call(kernel, "mprotect", other + PAGE, PAGE, RW | grows)) == "EINVAL"


@pytest.mark.parametrize("limit", [9, 2], ids=["RLIMIT_AS", "RLIMIT_DATA"])
def test_the_guest_keeps_to_the_limits_that_it_sets(kernel: Kernel, limit: int) -> None:
    at = mmap(kernel, PAGE, at=0x20000000)
    heap = call(kernel, "brk", 0)
    size = sum(area.end - area.start for area in kernel.space.areas)
    kernel.process.limits[limit] = (size + 4 * PAGE, size + 4 * PAGE)
    assert error(mmap(kernel, 5 * PAGE) - (1 << 32)) == "ENOMEM"
    assert call(kernel, "brk", heap + 5 * PAGE) == heap
    assert error(call(kernel, "mremap", at, PAGE, 6 * PAGE, 1, 0)) == "ENOMEM"
    mmap(kernel, 3 * PAGE)
    assert call(kernel, "brk", heap + PAGE) == heap + PAGE
    assert error(mmap(kernel, PAGE) - (1 << 32)) == "ENOMEM"


@pytest.mark.parametrize(
    ("flags", "expected"), [(1, 0), (2, 0), (5, 0), (7, 0), (0, -22), (4, -22), (8, -22), (9, -22)]
)
def test_mlockall_wants_to_know_when(kernel: Kernel, flags: int, expected: int) -> None:
    assert call(kernel, "mlockall", flags) == expected


def test_mlock_wants_memory_that_is_there(kernel: Kernel) -> None:
    assert call(kernel, "mlock", BUFFER + 1, PAGE) == 0
    assert call(kernel, "mlock2", BUFFER, PAGE, 1) == 0
    assert call(kernel, "munlock", BUFFER, PAGE) == 0
    assert call(kernel, "munlockall") == 0
    assert error(call(kernel, "mlock", BUFFER - 1, 2)) == "ENOMEM"
    assert error(call(kernel, "mlock2", BUFFER - 1, 2, 1)) == "ENOMEM"
    assert error(call(kernel, "mlock2", BUFFER, PAGE, 2)) == "EINVAL"


def test_cacheflush_checks_its_range(kernel: Kernel) -> None:
    assert call(kernel, "ARM_cacheflush", BUFFER, BUFFER + 8, 0) == 0
    assert error(call(kernel, "ARM_cacheflush", BUFFER + 8, BUFFER, 0)) == "EINVAL"
    assert error(call(kernel, "ARM_cacheflush", BUFFER, BUFFER + 8, 1)) == "EINVAL"


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["map", "unmap", "protect", "find"]),
        st.integers(0, 30),
        st.integers(1, 8),
        st.sampled_from([0, READ, READ | WRITE]),
    ),
    max_size=25,
)
BASE = 0xB7000000 - 40 * PAGE


@settings(max_examples=60, deadline=None)
@given(OPERATIONS)
def test_areas_agree_with_a_page_by_page_model(operations: list[tuple[str, int, int, int]]) -> None:
    memory = GuestMemory()
    space = AddressSpace(memory, ArmLinuxAbi())
    model: dict[int, int] = {}
    for name, page, count, perms in operations:
        start, end = BASE + page * PAGE, BASE + (page + count) * PAGE
        pages = range(page, page + count)
        if name == "map":
            space.map(Area(start, end, perms, path=f"/{page}" if perms == READ else ""))
            model |= dict.fromkeys(pages, perms)
        elif name == "unmap":
            space.unmap(start, end)
            for gone in pages:
                model.pop(gone, None)
        elif name == "protect":
            space.protect(start, end, perms)
            model |= {p: perms for p in pages if p in model}
        else:
            place = space.find(count * PAGE)
            assert place is not None
            assert space.is_free(place, place + count * PAGE)
            first = (place - BASE) // PAGE
            higher = range(first + 1, 41 - count)
            assert not any(all(p not in model for p in range(h, h + count)) for h in higher)
    seen = {
        (at - BASE) // PAGE: area.perms
        for area in space.areas
        for at in range(area.start, area.end, PAGE)
    }
    assert seen == model
    for page in range(40):
        assert memory.mapped(BASE + page * PAGE) == (page in model)
    assert space.areas == sorted(space.areas, key=lambda area: area.start)
    memory.close()

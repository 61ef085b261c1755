"""mremap: what moves, what stays, what is refused."""

import os
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import PAGE
from dbt.linux.kernel import Kernel
from dbt.stops import GuestFault

SHARED, PRIVATE, FIXED, ANONYMOUS = 1, 2, 0x10, 0x20
MAYMOVE, TO, DONTUNMAP = 1, 3, 5
RW = 3
AT, THERE, BELOW = 0x20000000, 0x30000000, 0x10000000


def mmap(kernel: Kernel, pages: int, kind: int, fd: int = -1, at: int = AT) -> None:
    flags = kind | FIXED | (ANONYMOUS if fd < 0 else 0)
    assert call(kernel, "mmap2", at, pages * PAGE, RW, flags, fd, 0) == at


def mremap(kernel: Kernel, old: int, new: int, flags: int = 0, to: int = 0, at: int = AT) -> int:
    """Sizes in pages. The new address."""
    result = call(kernel, "mremap", at, old * PAGE, new * PAGE, flags, to)
    assert not -4096 < result < 0, error(result)
    return result & 0xFFFFFFFF


def refused(kernel: Kernel, *arguments: int) -> str:
    return error(call(kernel, "mremap", *arguments))


def text(kernel: Kernel, at: int, pages: int) -> str:
    """The first byte of each page, ``0`` for NUL, ``!`` where there is none."""
    letters = ""
    for page in range(pages):
        try:
            letters += chr(kernel.memory.load(at + page * PAGE, 1) or ord("0"))
        except GuestFault:
            letters += "!"
    return letters


def letter(kernel: Kernel, page: int, value: bytes, at: int = AT) -> None:
    kernel.memory.write(at + page * PAGE, value)


@pytest.fixture
def fd(kernel: Kernel, tmp_path: Path) -> int:
    """A file of four pages."""
    (tmp_path / "file").write_bytes(b"".join(letter * PAGE for letter in (b"a", b"b", b"c", b"d")))
    kernel.memory.write(BUFFER, b"file\0")
    return call(kernel, "open", BUFFER, os.O_RDWR, 0)


def test_anonymous_memory_moves_with_its_content(kernel: Kernel) -> None:
    mmap(kernel, 2, PRIVATE)
    letter(kernel, 1, b"x")
    assert mremap(kernel, 2, 3, TO, THERE) == THERE
    assert text(kernel, THERE, 4) == "0x0!"
    assert text(kernel, AT, 2) == "!!"
    mmap(kernel, 2, PRIVATE)
    assert text(kernel, AT, 2) == "00"


def test_what_stays_of_anonymous_memory_is_zero(kernel: Kernel) -> None:
    mmap(kernel, 2, PRIVATE)
    letter(kernel, 0, b"x")
    new = mremap(kernel, 2, 2, DONTUNMAP)
    assert (text(kernel, new, 2), text(kernel, AT, 3)) == ("x0", "00!")
    letter(kernel, 0, b"y")
    assert text(kernel, new, 1) == "x"


def test_neighbours_that_the_host_has_apart_move_as_one(kernel: Kernel) -> None:
    mmap(kernel, 1, PRIVATE)
    letter(kernel, 0, b"x")
    mmap(kernel, 1, PRIVATE, at=THERE)
    letter(kernel, 0, b"y", THERE)
    mremap(kernel, 1, 1, TO, AT + PAGE, THERE)
    new = mremap(kernel, 2, 3, MAYMOVE | 2, THERE)
    assert (text(kernel, new, 3), text(kernel, AT, 2)) == ("xy0", "!!")


def test_a_shared_mapping_grows_where_it_is(kernel: Kernel, fd: int) -> None:
    mmap(kernel, 2, SHARED, fd)
    assert mremap(kernel, 2, 5) == AT
    assert text(kernel, AT, 5) == "abcd!"
    letter(kernel, 3, b"x")
    assert os.pread(kernel.files.host_fd(fd), 1, 3 * PAGE) == b"x"
    assert len([a for a in kernel.space.areas if a.start == AT]) == 1


def test_a_shared_mapping_moves_when_it_must(kernel: Kernel, fd: int) -> None:
    mmap(kernel, 2, SHARED, fd)
    mmap(kernel, 1, PRIVATE, at=AT + 2 * PAGE)
    assert refused(kernel, AT, 2 * PAGE, 3 * PAGE, 0, 0) == "ENOMEM"
    new = mremap(kernel, 2, 3, MAYMOVE)
    assert (text(kernel, new, 3), text(kernel, AT, 3)) == ("abc", "!!0")
    letter(kernel, 0, b"x", new)
    assert os.pread(kernel.files.host_fd(fd), 1, 0) == b"x"


def test_size_zero_duplicates_a_shared_mapping(kernel: Kernel, fd: int) -> None:
    mmap(kernel, 2, SHARED, fd)
    new = mremap(kernel, 0, 2, MAYMOVE, at=AT + PAGE)
    letter(kernel, 1, b"x")
    assert (text(kernel, AT, 2), text(kernel, new, 2)) == ("ax", "xc")
    mmap(kernel, 1, PRIVATE)
    assert refused(kernel, AT, 0, PAGE, MAYMOVE, 0) == "EINVAL"


def test_shared_anonymous_memory_ends_where_it_was_made_to(kernel: Kernel) -> None:
    mmap(kernel, 2, SHARED)
    letter(kernel, 1, b"x")
    new = mremap(kernel, 2, 3, TO, THERE)
    twin = mremap(kernel, 0, 2, MAYMOVE, at=new)
    letter(kernel, 0, b"y", twin)
    assert (text(kernel, new, 3), text(kernel, twin, 2)) == ("yx!", "yx")


def test_a_private_mapping_keeps_its_copies(kernel: Kernel, fd: int) -> None:
    mmap(kernel, 2, PRIVATE, fd)
    letter(kernel, 0, b"x")
    assert mremap(kernel, 2, 3) == AT
    assert text(kernel, AT, 4) == "xbc!"
    new = mremap(kernel, 3, 5, TO, THERE)
    assert (text(kernel, new, 5), text(kernel, AT, 3)) == ("xbcd!", "!!!")
    old = mremap(kernel, 5, 5, DONTUNMAP, at=new)
    assert (text(kernel, old, 5), text(kernel, new, 5)) == ("xbcd!", "abcd!")


def test_moving_less_unmaps_the_rest(kernel: Kernel, fd: int) -> None:
    mmap(kernel, 3, SHARED, fd)
    mmap(kernel, 3, PRIVATE, at=THERE)
    assert mremap(kernel, 3, 2, TO, THERE) == THERE
    assert (text(kernel, THERE, 3), text(kernel, AT, 3)) == ("ab0", "!!!")


def test_shrinking_asks_only_for_the_beginning(kernel: Kernel) -> None:
    mmap(kernel, 1, PRIVATE)
    mmap(kernel, 1, PRIVATE, at=AT + 2 * PAGE)
    assert mremap(kernel, 3, 1) == AT
    assert text(kernel, AT, 3) == "0!!"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((AT + 1, PAGE, PAGE, 0, 0), "EINVAL"),
        ((AT, PAGE, 0, 0, 0), "EINVAL"),
        ((AT, PAGE, PAGE, 2, THERE), "EINVAL"),
        ((AT, PAGE, PAGE, 4, 0), "EINVAL"),
        ((AT, PAGE, PAGE, 8, 0), "EINVAL"),
        ((AT, PAGE, 2 * PAGE, DONTUNMAP, 0), "EINVAL"),
        ((AT, 2 * PAGE, 2 * PAGE, TO, AT + PAGE), "EINVAL"),
        ((AT, PAGE, PAGE, TO, THERE + 1), "EINVAL"),
        ((AT, PAGE, PAGE, TO, 0xBEFFF000 + PAGE), "EINVAL"),
        ((AT, PAGE, PAGE, TO, PAGE), "EPERM"),
        ((THERE, PAGE, 2 * PAGE, MAYMOVE, 0), "EFAULT"),
        ((AT, 4 * PAGE, 5 * PAGE, MAYMOVE, 0), "EFAULT"),
        ((AT, 0xFFFFFFFF, PAGE, 0, 0), "EINVAL"),
        ((AT, 0xFFFFF000, PAGE, 0, 0), "EINVAL"),
        ((AT, 0xFFFFF000, PAGE, TO, BELOW), "EINVAL"),
        ((AT, 0xBF000000 - AT + PAGE, PAGE, 0, 0), "EINVAL"),
        ((AT, PAGE, 0xFFFFFFFF, MAYMOVE, 0), "EINVAL"),
        ((AT, PAGE, 0xFFFFF000, MAYMOVE, 0), "ENOMEM"),
        ((AT, PAGE, PAGE - 1, DONTUNMAP, 0), "EINVAL"),
    ],
)
def test_what_is_refused(kernel: Kernel, arguments: tuple[int, ...], expected: str) -> None:
    mmap(kernel, 2, PRIVATE)
    areas = list(kernel.space.areas)
    assert refused(kernel, *arguments) == expected
    assert kernel.space.areas == areas
    assert text(kernel, AT, 3) == "00!"

"""Advice on memory does what it says, or is refused as the kernel refuses it."""

import os
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import PAGE
from dbt.linux.kernel import Kernel
from dbt.stops import GuestFault

SHARED, PRIVATE, FIXED, ANONYMOUS = 1, 2, 0x10, 0x20
RW = 3
AT = 0x20000000
WILLNEED, DONTNEED, FREE, REMOVE, DONTFORK, DOFORK = 3, 4, 8, 9, 10, 11
WIPEONFORK, KEEPONFORK, COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE = 18, 19, 20, 21, 22, 23
EINVAL, EACCES, ENOMEM, EFAULT, EPERM = "EINVAL", "EACCES", "ENOMEM", "EFAULT", "EPERM"
KINDS = {
    "anonymous": PRIVATE | ANONYMOUS,
    "shared anonymous": SHARED | ANONYMOUS,
    "private": PRIVATE,
    "shared": SHARED,
}


@pytest.fixture(autouse=True)
def fd(kernel: Kernel, tmp_path: Path) -> int:
    (tmp_path / "file").write_bytes(b"f" * 2 * PAGE)
    kernel.memory.write(BUFFER, b"file\0")
    return call(kernel, "open", BUFFER, os.O_RDWR, 0)


def mmap(kernel: Kernel, kind: str, fd: int, pages: int = 2, prot: int = RW) -> None:
    found = -1 if KINDS[kind] & ANONYMOUS else fd
    assert call(kernel, "mmap2", AT, pages * PAGE, prot, KINDS[kind] | FIXED, found, 0) == AT


def advise(kernel: Kernel, advice: int, size: int = 2 * PAGE, at: int = AT) -> str:
    result = call(kernel, "madvise", at, size, advice)
    return error(result) if result else ""


def in_child(kernel: Kernel, wait: bool = False) -> str:
    """The first byte of both pages as a child sees them, ``!`` where there are none."""
    reader, writer = os.pipe()
    pid = kernel.process.fork(wait=wait)
    if pid == 0:
        seen = b""
        for page in range(2):
            try:
                seen += kernel.memory.read(AT + page * PAGE, 1)
            except GuestFault:
                seen += b"!"
        os.write(writer, seen)
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with open(reader, "rb") as file:
        return file.read().replace(b"\0", b"0").decode()


def test_wipe_on_fork(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "anonymous", fd)
    kernel.memory.write(AT, b"x" * 2 * PAGE)
    assert advise(kernel, WIPEONFORK, PAGE) == ""
    assert in_child(kernel) == "0x"
    assert kernel.memory.read(AT, 1) == b"x"
    assert advise(kernel, KEEPONFORK) == ""
    assert in_child(kernel) == "xx"


@pytest.mark.parametrize("kind", KINDS)
def test_do_not_fork(kernel: Kernel, fd: int, kind: str) -> None:
    mmap(kernel, kind, fd)
    kernel.memory.write(AT, b"x" * 2 * PAGE)
    assert advise(kernel, DONTFORK, PAGE) == ""
    assert in_child(kernel) == "!x"
    assert advise(kernel, DOFORK) == ""
    assert in_child(kernel) == "xx"


AFTER_DROP = {"anonymous": b"\0", "shared anonymous": b"x", "private": b"f", "shared": b"x"}


@pytest.mark.parametrize("kind", KINDS)
def test_pages_that_are_not_needed(kernel: Kernel, fd: int, kind: str) -> None:
    mmap(kernel, kind, fd)
    kernel.memory.write(AT, b"x" * 2 * PAGE)
    dropped: list[int] = []
    kernel.memory.on_code_write = dropped.append
    kernel.memory.mark_code(AT // PAGE)
    assert advise(kernel, DONTNEED, PAGE) == ""
    assert kernel.memory.read(AT, 1) == AFTER_DROP[kind]
    assert kernel.memory.read(AT + PAGE, 1) == b"x"
    assert dropped == [AT // PAGE]


def test_removing_punches_a_hole(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "shared", fd)
    assert advise(kernel, REMOVE, PAGE) == ""
    assert kernel.memory.read(AT, 2) == bytes(2)
    assert os.pread(kernel.files.host_fd(fd), 2 * PAGE, 0) == bytes(PAGE) + b"f" * PAGE


@pytest.mark.parametrize(
    ("advice", "results"),
    [
        (FREE, ["", EINVAL, EINVAL, EINVAL]),
        (REMOVE, [EINVAL, "", EACCES, ""]),
        (WIPEONFORK, ["", EINVAL, EINVAL, EINVAL]),
        *[(advice, ["", "", "", ""]) for advice in (KEEPONFORK, WILLNEED, COLD, PAGEOUT)],
        *[(advice, ["", "", "", ""]) for advice in (0, 1, 2, 12, 13, 14, 15, 16, 17)],
        *[(advice, ["", "", "", ""]) for advice in (POPULATE_READ, POPULATE_WRITE)],
        *[(advice, [EINVAL] * 4) for advice in (5, 6, 7, 26, 99, 102, 103, 0xFFFFFFFF)],
        *[(advice, [EPERM] * 4) for advice in (100, 101)],
    ],
)
def test_which_memory_takes_which_advice(
    kernel: Kernel, fd: int, advice: int, results: list[str]
) -> None:
    for kind, expected in zip(KINDS, results, strict=True):
        mmap(kernel, kind, fd)
        assert advise(kernel, advice) == expected, kind


def test_a_hole_is_told_when_the_rest_is_done(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "anonymous", fd, 3)
    kernel.memory.write(AT, b"x" * 3 * PAGE)
    assert call(kernel, "munmap", AT + PAGE, PAGE) == 0
    assert advise(kernel, DONTNEED, 3 * PAGE) == ENOMEM
    assert kernel.memory.read(AT + 2 * PAGE, 1) == b"\0"
    assert advise(kernel, POPULATE_READ, 3 * PAGE) == ENOMEM
    assert advise(kernel, DONTNEED, 0) == ""
    assert advise(kernel, DONTNEED, PAGE, AT + 1) == EINVAL
    assert advise(kernel, DONTNEED, 0xFFFFF001) == EINVAL


def test_populating_says_what_cannot_be(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "shared", fd, 3, prot=1)
    assert advise(kernel, POPULATE_READ, 3 * PAGE) == EFAULT
    assert advise(kernel, POPULATE_WRITE) == EINVAL
    mmap(kernel, "anonymous", fd, 2, prot=0)
    assert advise(kernel, POPULATE_READ) == EINVAL


def test_residency_is_the_truth(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "anonymous", fd, 3)
    kernel.memory.write(AT + PAGE, b"x")
    assert call(kernel, "mincore", AT, 3 * PAGE, BUFFER) == 0
    assert kernel.memory.read(BUFFER, 3) == b"\0\1\0"
    assert error(call(kernel, "mincore", AT, 4 * PAGE, BUFFER)) == ENOMEM
    assert error(call(kernel, "mincore", AT + 1, PAGE, BUFFER)) == EINVAL
    assert error(call(kernel, "mincore", AT, PAGE, 0)) == EFAULT
    assert call(kernel, "mincore", AT, 0, 0) == 0


def test_locked_memory_is_not_dropped(kernel: Kernel, fd: int) -> None:
    mmap(kernel, "anonymous", fd)
    assert call(kernel, "mlock", AT, 1) == 0
    assert advise(kernel, DONTNEED) == EINVAL
    assert advise(kernel, 24) == ""  # DONTNEED_LOCKED
    assert error(call(kernel, "msync", AT, PAGE, 2)) == "EBUSY"
    assert call(kernel, "mincore", AT, 2 * PAGE, BUFFER) == 0
    assert call(kernel, "munlockall") == 0
    assert advise(kernel, DONTNEED) == ""


def test_locking_ends_at_the_first_page_that_cannot_be(kernel: Kernel, fd: int) -> None:
    """What is behind it is not made the guest's own."""
    mmap(kernel, "private", fd)
    assert call(kernel, "mprotect", AT, PAGE, 0) == 0
    assert error(call(kernel, "mlock", AT, 2 * PAGE)) == ENOMEM
    os.pwrite(kernel.files.host_fd(fd), b"new", PAGE)
    assert kernel.memory.read(AT + PAGE, 3) == b"new"


def test_locking_has_a_limit(kernel: Kernel, fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    mmap(kernel, "anonymous", fd)
    kernel.process.limits[8] = (PAGE, PAGE)
    assert error(call(kernel, "mlock", AT, 2 * PAGE)) == ENOMEM
    assert call(kernel, "mlock", AT, PAGE) == 0
    assert call(kernel, "mlock", AT, PAGE) == 0
    assert error(call(kernel, "mlock", AT + PAGE, PAGE)) == ENOMEM
    locked = PRIVATE | ANONYMOUS | 0x2000
    assert error(call(kernel, "mmap2", 0, PAGE, RW, locked, -1, 0)) == "EAGAIN"
    kernel.process.limits[8] = (0, 0)
    assert error(call(kernel, "mlock", AT, PAGE)) == EPERM
    assert call(kernel, "munlock", AT, PAGE) == 0
    assert error(call(kernel, "munlock", AT, 3 * PAGE)) == ENOMEM

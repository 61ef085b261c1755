"""Which translations a flush drops: those of its range, and of whatever shows the same memory."""

import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import PAGE
from dbt.linux.kernel import Kernel

SHARED, ANONYMOUS = 1, 0x20


@pytest.fixture
def dropped(kernel: Kernel) -> list[int]:
    """Addresses of the code pages that have become invalid."""
    seen: list[int] = []

    def note(page: int) -> None:
        seen.append(page * PAGE)
        kernel.memory.clear_code(page)

    kernel.memory.on_code_write = note
    return seen


def shared(kernel: Kernel, size: int, fd: int = -1, page: int = 0) -> int:
    """Executable pages of a file, or of shared anonymous memory, translated."""
    flags = SHARED | (ANONYMOUS if fd < 0 else 0)
    at = call(kernel, "mmap2", 0, size, 7, flags, fd, page) & 0xFFFFFFFF
    for offset in range(0, size, PAGE):
        kernel.memory.mark_code((at + offset) // PAGE)
    return at


def file(kernel: Kernel, path: Path) -> int:
    path.write_bytes(bytes(4 * PAGE))
    kernel.memory.write(BUFFER, os.fsencode(path) + b"\0")
    return call(kernel, "open", BUFFER, os.O_RDWR, 0)


def test_a_flush_drops_what_its_range_touches(kernel: Kernel, dropped: list[int]) -> None:
    for page in range(3):
        kernel.memory.mark_code(BUFFER // PAGE + page)
    assert call(kernel, "ARM_cacheflush", BUFFER + PAGE - 4, BUFFER + PAGE + 4, 0) == 0
    assert dropped == [BUFFER, BUFFER + PAGE]


def test_a_flush_holds_for_every_mapping_of_the_file(
    kernel: Kernel, dropped: list[int], tmp_path: Path
) -> None:
    fd, other = file(kernel, tmp_path / "one"), file(kernel, tmp_path / "other")
    first, second = shared(kernel, PAGE, fd), shared(kernel, 2 * PAGE, fd)
    shared(kernel, PAGE, other)
    shared(kernel, PAGE)
    assert call(kernel, "ARM_cacheflush", first, first + 8, 0) == 0
    assert sorted(dropped) == sorted([first, second, second + PAGE])


def test_a_flush_in_a_child_holds_for_its_parent(kernel: Kernel, dropped: list[int]) -> None:
    at = shared(kernel, PAGE)
    pid = kernel.process.fork(wait=False)
    if pid == 0:
        os._exit(call(kernel, "ARM_cacheflush", at, at + 8, 0))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    kernel.poll(0)
    assert dropped == [at]
    kernel.memory.mark_code(at // PAGE)
    kernel.poll(0)
    assert dropped == [at]  # it has been seen


def test_two_flushes_at_once_are_two(
    kernel: Kernel, dropped: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process had looked at what they share before the first changed it."""
    at = shared(kernel, PAGE)
    common = mmap.mmap(-1, PAGE)
    monkeypatch.setattr(mmap, "mmap", lambda *_: common)
    kernel.space.sharing.prepare_fork()
    before = common[:]
    for _ in range(2):
        common[:] = before
        kernel.memory.mark_code(at // PAGE)
        kernel.space.sharing.announce()
        kernel.poll(0)
    assert dropped == [at, at]


def test_a_flush_ends_where_nothing_can_be_read(kernel: Kernel, dropped: list[int]) -> None:
    end = BUFFER + 16 * PAGE
    kernel.memory.mark_code(end // PAGE - 1)
    assert error(call(kernel, "ARM_cacheflush", end - 4, end + 4, 0)) == "EFAULT"
    assert dropped == [end - PAGE]


CHANGES: dict[str, Callable[[Kernel, int, int], int]] = {
    "read": lambda kernel, fd, at: call(kernel, "read", fd, at - 4, 8),
    "pread64": lambda kernel, fd, at: call(kernel, "pread64", fd, at - 4, 8, 0, 0, 0),
    "munmap": lambda kernel, _, at: call(kernel, "munmap", at, PAGE),
    "mmap2": lambda kernel, _, at: call(kernel, "mmap2", at, PAGE, 7, 0x32, -1, 0) - at,
    "brk": lambda kernel, _, at: call(kernel, "brk", at) - at,
    "madvise": lambda kernel, _, at: call(kernel, "madvise", at, PAGE, 4),
    "mremap": lambda kernel, _, at: call(kernel, "mremap", at, PAGE, PAGE, 3, at + 64 * PAGE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_calls_that_change_code_drop_it(
    kernel: Kernel, dropped: list[int], tmp_path: Path, change: str
) -> None:
    fd = file(kernel, tmp_path / "code")
    at = (call(kernel, "brk", 0) & -PAGE) + PAGE
    assert call(kernel, "brk", at + 4 * PAGE) == at + 4 * PAGE
    kernel.memory.mark_code(at // PAGE)
    CHANGES[change](kernel, fd, at)
    assert dropped == [at]

"""The host's limit on mappings: the guest is refused in time, and nothing is half done."""

import errno
import os
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import PAGE
from dbt.linux.kernel import Kernel
from dbt.linux.state import mapping_budget
from dbt.linux.state.mapping_budget import MappingBudget
from dbt.stops import GuestFault

SHARED, PRIVATE, FIXED, ANONYMOUS = 1, 2, 0x10, 0x20
AT = 0x20000000


class Host:
    """A host with a limit on mappings, all of which the guest has made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
        self.count = self.looks = 0
        monkeypatch.setattr(mapping_budget, "limit", lambda: limit)
        monkeypatch.setattr(mapping_budget, "_count", self._look)

    def _look(self) -> int:
        self.looks += 1
        return self.count


def test_the_guest_is_refused_before_the_host_has_none_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, budget = Host(monkeypatch, 65530), MappingBudget()
    while host.count < 65530:
        try:
            budget.take()
        except OSError as refusal:
            assert refusal.errno == errno.ENOMEM  # noqa: PT017 - the loop ends here
            break
        host.count += 2
    assert 65530 - 8192 <= host.count < 65530 - 4096
    assert host.looks < 20
    host.count -= 1000
    budget.take()


def test_few_calls_need_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    host, budget = Host(monkeypatch, 65530), MappingBudget()
    for _ in range(1000):
        budget.take()
    assert not host.looks


def test_mappings_are_counted_as_the_host_shows_them() -> None:
    before = mapping_budget._count()
    assert abs(before - len(Path("/proc/self/maps").read_bytes().splitlines())) < 10
    assert before < mapping_budget.limit()


@pytest.fixture
def full(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A guest with three shared pages, which has no mapping left."""
    assert call(kernel, "mmap2", AT, 3 * PAGE, 3, SHARED | ANONYMOUS | FIXED, -1, 0) == AT
    kernel.memory.write(AT, b"here")
    Host(monkeypatch, 0)
    kernel.space._budget._calls = 0
    return kernel


REFUSED = {
    "shared": ("mmap2", 0, PAGE, 3, SHARED | ANONYMOUS, -1, 0),
    "over": ("mmap2", AT + PAGE, PAGE, 3, PRIVATE | ANONYMOUS | FIXED, -1, 0),
    "munmap": ("munmap", AT + PAGE, PAGE),
    "mremap": ("mremap", AT, 3 * PAGE, 4 * PAGE, 1, 0),
}


@pytest.mark.parametrize("way", REFUSED)
def test_without_a_mapping_left_nothing_changes(full: Kernel, way: str) -> None:
    areas = list(full.space.areas)
    name, *arguments = REFUSED[way]
    assert error(call(full, name, *arguments)) == "ENOMEM"
    assert full.space.areas == areas
    assert full.memory.read(AT, 3 * PAGE)[:4] == b"here"


def test_what_needs_no_mapping_goes_on(full: Kernel) -> None:
    assert call(full, "munmap", AT, 3 * PAGE) == 0
    assert call(full, "mmap2", AT, PAGE, 3, PRIVATE | ANONYMOUS | FIXED, -1, 0) == AT
    start = call(full, "brk", 0)
    assert call(full, "brk", start + PAGE) == start + PAGE


@pytest.mark.parametrize("flags", [SHARED, PRIVATE])
def test_a_file_that_the_host_cannot_map_leaves_what_was_there(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int
) -> None:
    (tmp_path / "file").write_bytes(b"f" * PAGE)
    kernel.memory.write(BUFFER, b"file\0")
    fd = call(kernel, "open", BUFFER, os.O_RDWR, 0)
    areas = list(kernel.space.areas)

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOMEM, "no")

    monkeypatch.setattr("dbt.runtime.host_map.mmap", refuse)
    assert error(call(kernel, "mmap2", BUFFER, PAGE, 3, flags | FIXED, fd, 0)) == "ENOMEM"
    assert error(call(kernel, "munmap", BUFFER, PAGE)) == "ENOMEM"
    assert kernel.space.areas == areas
    assert kernel.memory.read(BUFFER, 4) == b"file"
    monkeypatch.undo()
    assert call(kernel, "munmap", BUFFER, PAGE) == 0
    with pytest.raises(GuestFault):
        kernel.memory.read(BUFFER, 1)

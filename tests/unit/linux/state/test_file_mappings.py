"""Mappings of files: they are the file, however it grows, shrinks and loses its names."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call

from dbt.interfaces import PAGE, FaultHit
from dbt.linux.kernel import Kernel
from dbt.stops import Access, GuestFault, Killed

SHARED, PRIVATE, FIXED = 1, 2, 0x10
RW = 3
BACK = 0x8000  # where a faulting access is


def path_argument(kernel: Kernel, path: Path) -> int:
    kernel.memory.write(BUFFER, os.fsencode(path) + b"\0")
    return BUFFER


class File:
    """A file of three pages (``a``, ``b``, ``c``) that the guest has open and mapped, with a page
    to spare."""

    def __init__(self, kernel: Kernel, path: Path, kind: int) -> None:
        self.kernel, self.path = kernel, path
        path.write_bytes(b"".join(letter * PAGE for letter in (b"a", b"b", b"c")))
        self.fd = self.open(os.O_RDWR)
        at = call(kernel, "mmap2", 0, 4 * PAGE, RW, kind, self.fd, 0)
        self.at = at & 0xFFFFFFFF

    def open(self, flags: int) -> int:
        flags = self.kernel.abi.open_flags_from_host(flags)
        fd = call(self.kernel, "open", path_argument(self.kernel, self.path), flags, 0o600)
        assert fd >= 0
        return fd

    def text(self) -> str:
        """The first byte of each page; ``!`` where an access fails."""
        letters = ""
        for page in range(4):
            try:
                letters += chr(self.kernel.memory.load(self.at + page * PAGE, 1) or ord("0"))
            except GuestFault:
                letters += "!"
        return letters

    def fault(self, page: int, access: Access = Access.READ) -> object:
        """What follows a failed access: the place to go on at, or the signal that kills."""
        after = self.kernel.fault(FaultHit(BACK, 0, self.at + page * PAGE, access))
        return after.signal if isinstance(after, Killed) else after


@pytest.fixture(params=[SHARED, PRIVATE], ids=["shared", "private"])
def file(kernel: Kernel, tmp_path: Path, request: pytest.FixtureRequest) -> File:
    return File(kernel, tmp_path / "file", request.param)


@pytest.fixture
def shared(kernel: Kernel, tmp_path: Path) -> File:
    return File(kernel, tmp_path / "file", SHARED)


@pytest.fixture
def private(kernel: Kernel, tmp_path: Path) -> File:
    return File(kernel, tmp_path / "file", PRIVATE)


def test_a_mapping_sees_its_file_grow(file: File) -> None:
    assert file.text() == "abc!"
    file.path.unlink()
    assert call(file.kernel, "pwrite64", file.fd, file.at, 8, 0, 3 * PAGE, 0) == 8
    assert file.text() == "abca"


def test_a_failed_access_is_made_again_when_the_file_has_grown(file: File) -> None:
    assert file.fault(3) == 7  # SIGBUS
    os.truncate(file.path, 3 * PAGE + 1)
    assert file.fault(3) == BACK
    assert file.text() == "abc0"


def test_calls_reach_what_the_file_has_grown_by(file: File) -> None:
    os.truncate(file.path, 3 * PAGE + 1)
    assert call(file.kernel, "pwrite64", file.fd, file.at + 3 * PAGE, 9, 0, 0, 0) == 9
    assert file.path.read_bytes()[:10] == bytes(9) + b"a"


def test_forbidden_is_said_before_absent(file: File) -> None:
    assert call(file.kernel, "mprotect", file.at, 4 * PAGE, 1) == 0
    assert file.text() == "abc!"
    assert file.fault(3, Access.WRITE) == 11
    assert file.fault(3) == 7


SHRINKING: dict[str, Callable[[File], int]] = {
    "ftruncate": lambda f: call(f.kernel, "ftruncate", f.fd, PAGE + 1),
    "ftruncate64": lambda f: call(f.kernel, "ftruncate64", f.fd, 0, PAGE + 1, 0),
    "another": lambda f: call(f.kernel, "ftruncate", f.open(os.O_WRONLY), PAGE + 1),
    "truncate": lambda f: call(f.kernel, "truncate", path_argument(f.kernel, f.path), PAGE + 1),
    "truncate64": lambda f: call(
        f.kernel, "truncate64", path_argument(f.kernel, f.path), 0, PAGE + 1, 0
    ),
}


@pytest.mark.parametrize("way", SHRINKING)
def test_a_mapping_sees_its_file_shrink(file: File, way: str) -> None:
    assert SHRINKING[way](file) == 0
    assert file.text() == "ab!!"
    assert file.kernel.memory.load(file.at + PAGE + 1, 1) == 0
    assert call(file.kernel, "mprotect", file.at, 4 * PAGE, RW) == 0
    assert file.text() == "ab!!"
    assert call(file.kernel, "open", file.at + 2 * PAGE, 0, 0) == -14


@pytest.mark.parametrize("call_", ["open", "creat"])
def test_opening_may_empty_a_file(file: File, call_: str) -> None:
    if call_ == "open":
        file.open(os.O_WRONLY | os.O_TRUNC)
    else:
        call(file.kernel, "creat", path_argument(file.kernel, file.path), 0o600)
    assert file.text() == "!!!!"


def test_another_process_may_shrink_the_file(file: File) -> None:
    os.truncate(file.path, PAGE)
    assert file.fault(1) == 7
    assert file.text() == "a!!!"


@pytest.mark.parametrize("kind", ["shared", "private"])
def test_a_child_may_shrink_the_file(kind: str, request: pytest.FixtureRequest) -> None:
    """Pages of a private mapping that were written to are gone as well."""
    file: File = request.getfixturevalue(kind)
    file.kernel.memory.write(file.at + PAGE, b"mine")
    pid = file.kernel.process.fork(wait=False)
    if pid == 0:
        os._exit(call(file.kernel, "ftruncate", file.fd, PAGE))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    file.kernel.poll(0)
    assert file.text() == "a!!!"


def test_a_sealed_file_is_mapped_to_be_read(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, b"sealed\0")
    fd = call(kernel, "memfd_create", BUFFER, 2)
    assert call(kernel, "ftruncate", fd, PAGE) == 0
    fcntl.fcntl(kernel.files.host_fd(fd), fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    assert call(kernel, "mmap2", 0, PAGE, RW, SHARED, fd, 0) == -1
    assert call(kernel, "mmap2", 0x20000000, PAGE, 1, SHARED, fd, 0) == 0x20000000
    assert call(kernel, "mprotect", 0x20000000, PAGE, RW) == -13


def test_translations_of_what_was_cut_off_are_dropped(file: File) -> None:
    dropped: list[int] = []
    file.kernel.memory.on_code_write = dropped.append
    for page in range(3):
        file.kernel.memory.mark_code(file.at // PAGE + page)
    assert call(file.kernel, "ftruncate", file.fd, PAGE + 1) == 0
    assert [page - file.at // PAGE for page in dropped] == [1, 2]


def test_a_private_page_follows_its_file_until_it_is_written_to(private: File) -> None:
    private.kernel.memory.write(private.at, b"mine")
    with private.path.open("r+b") as host:
        host.write(b"x" * 2 * PAGE)
    assert private.text() == "mxc!"
    assert private.path.read_bytes().startswith(b"xx")
    assert call(private.kernel, "ftruncate", private.fd, 0) == 0
    assert call(private.kernel, "ftruncate", private.fd, PAGE) == 0
    assert private.text() == "0!!!"  # the copy is gone


def test_a_private_mapping_takes_no_memory(kernel: Kernel, tmp_path: Path) -> None:
    size = 256 << 20
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", size)
    fd = call(kernel, "open", path_argument(kernel, tmp_path / "large"), os.O_RDONLY, 0)

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    before = resident()
    at = call(kernel, "mmap2", 0, size, RW, PRIVATE, fd, 0) & 0xFFFFFFFF
    kernel.memory.write(at + size - 4, b"last")
    assert resident() - before < size // 4


def test_parts_of_a_mapping_are_one_again(shared: File) -> None:
    areas = len(shared.kernel.space.areas)
    assert call(shared.kernel, "mprotect", shared.at + PAGE, PAGE, 0) == 0
    assert len(shared.kernel.space.areas) == areas + 2
    assert call(shared.kernel, "mprotect", shared.at + PAGE, PAGE, RW) == 0
    assert len(shared.kernel.space.areas) == areas


def test_unmapping_keeps_record_locks(shared: File) -> None:
    with shared.path.open("r+b") as mine:
        pid = os.fork()
        if pid == 0:
            os._exit(_lock_survives(shared))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        fcntl.lockf(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_survives(file: File) -> int:
    """In a process of its own: 0 when another one finds the file locked after munmap."""
    fcntl.lockf(file.kernel.files.host_fd(file.fd), fcntl.LOCK_EX | fcntl.LOCK_NB)
    call(file.kernel, "munmap", file.at, 4 * PAGE)
    pid = os.fork()
    if pid == 0:
        try:
            fcntl.lockf(file.kernel.files.host_fd(file.fd), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

"""/dev/shm: each run has its own, shared by its processes, and gone with the last of them."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.state import run_directory

O_RDWR, O_CREAT, O_EXCL = 2, 0o100, 0o200
SHM = "/dev/shm"


@pytest.fixture(params=["root", "no-root"])
def guest(request: Any, make_guest: Callable[..., Any], home: Path) -> Any:
    if request.param == "no-root":
        return make_guest(cwd=str(home))
    (home / "root" / "dev").mkdir(parents=True)
    return make_guest(cwd=str(home), root=str(home / "root"))


def test_files_are_made_found_and_removed(guest: Any) -> None:
    fd = guest.call("open", f"{SHM}/sem.x", O_RDWR | O_CREAT | O_EXCL, 0o600)
    assert fd > 2
    assert guest.call("ftruncate", fd, 4096) == 0
    assert guest.call("readlink", f"/proc/self/fd/{fd}", room := guest.room(64), 64) == 14
    assert guest.memory.read(room, 14) == b"/dev/shm/sem.x"
    assert guest.call("mmap2", 0, 4096, 3, 1, fd, 0) > 0
    assert b"/dev/shm/sem.x" in _text(guest, "/proc/self/maps")
    assert guest.call("rename", f"{SHM}/sem.x", f"{SHM}/y") == 0
    assert guest.call("open", f"{SHM}/sem.x", O_RDWR, 0) == -errno.ENOENT
    assert guest.call("unlink", f"{SHM}/y") == 0
    assert guest.call("rmdir", SHM) < 0


def _text(guest: Any, path: str) -> bytes:
    fd = guest.call("open", path, 0, 0)
    room = guest.room(8192)
    return bytes(guest.memory.read(room, guest.call("read", fd, room, 8192)))


def test_it_is_a_directory_like_others(guest: Any, home: Path) -> None:
    assert guest.call("mkdir", f"{SHM}/d", 0o700) == 0
    directory = guest.call("open", f"{SHM}/d", 0, 0)
    assert guest.call("openat", directory, "f", O_RDWR | O_CREAT, 0o600) > 2
    assert guest.call("access", f"{SHM}/d/f", 0) == 0
    assert guest.call("access", f"{SHM}/d/../d/f", 0) == 0
    assert guest.call("fchdir", directory) == 0
    assert guest.call("getcwd", room := guest.room(64), 64) == 11
    assert guest.memory.read(room, 11) == b"/dev/shm/d\0"
    assert guest.call("access", "../../null", 0) == 0
    assert guest.call("access", "../../../dev/null", 0) == 0
    assert guest.call("access", f"../../..{home}", 0) == 0


def test_the_host_s_is_another(guest: Any) -> None:
    there = set(os.listdir(SHM)) if os.path.isdir(SHM) else set()
    for name in there:
        assert guest.call("access", f"{SHM}/{name}", 0) == -errno.ENOENT
    assert guest.call("open", f"{SHM}/mine", O_RDWR | O_CREAT, 0o600) > 2
    made = guest.kernel.paths.run_directory.made.top
    outer = Path(os.fsdecode(os.readlink(made.reach))).parent
    assert stat.S_IMODE(outer.stat().st_mode) == 0o700
    assert (outer / "shm" / "mine").exists()
    guest.kernel.close()
    assert not outer.exists()


def test_nothing_is_made_that_nobody_looks_at(make_guest: Any, home: Path) -> None:
    guest = make_guest(cwd=str(home))
    assert guest.call("access", "/dev/null", 0) == 0
    assert not guest.kernel.paths.run_directory.is_there()


def test_forked_processes_share_it(guest: Any) -> None:
    """The first look is a child's. It is there until the last process has ended."""
    kernel = guest.kernel
    reader, writer = os.pipe()
    if kernel.process.fork() == 0:
        status = 1
        try:
            status = int(guest.call("open", f"{SHM}/child", O_RDWR | O_CREAT, 0o600) < 0)
            os.read(reader, 1)
            kernel.leave_guest()
        finally:
            os._exit(status)
    os.write(writer, b"x")
    pid = next(iter(kernel.process.children)).pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert guest.call("unlink", f"{SHM}/child") == 0
    assert kernel.paths.run_directory.is_there()
    kernel.close()
    assert not kernel.paths.run_directory.is_there()
    os.close(reader)
    os.close(writer)


def test_the_last_process_removes_it(make_guest: Callable[..., Any], home: Path) -> None:
    """That is a child whose parent has left the run, but lives on: the Python program."""
    guest = make_guest(cwd=str(home))
    kernel = guest.kernel
    reader, writer = os.pipe()
    if kernel.process.fork() == 0:
        try:
            os.read(reader, 1)
            kernel.leave_guest()
        finally:
            os._exit(0)
    assert guest.call("open", f"{SHM}/x", O_RDWR | O_CREAT, 0o600) > 2
    directory = kernel.paths.run_directory
    child = next(iter(kernel.process.children)).pid
    kernel.close()
    assert directory.is_there()
    os.write(writer, b"x")
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert not directory.is_there()
    os.close(reader)
    os.close(writer)


def test_the_user_may_give_the_host_s(make_guest: Any, home: Path, tmp_path: Path) -> None:
    if not os.access(run_directory.SHARED_MEMORY, os.W_OK):
        pytest.skip("needs /dev/shm")
    guest = make_guest(cwd=str(home), allow_write=(SHM,))
    name = f"{SHM}/armdbt-test-{os.getpid()}"
    assert guest.call("open", name, O_RDWR | O_CREAT, 0o600) > 2
    os.unlink(name)

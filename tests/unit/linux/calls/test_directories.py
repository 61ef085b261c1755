"""Listing directories, moving between them, and names in them."""

import errno
import os
import struct
from pathlib import Path
from typing import Any

import pytest

AT_FDCWD = -100


def _records64(data: bytes) -> list[tuple[bytes, int, int]]:
    """(name, type, offset) of linux_dirent64 records; checks that lengths lead to the end."""
    out = []
    at = 0
    while at < len(data):
        _, offset, size, kind = struct.unpack_from("<QqHB", data, at)
        assert size % 8 == 0
        out.append((data[at + 19 : at + size].split(b"\0")[0], kind, offset))
        at += size
    assert at == len(data)
    return out


def _records(data: bytes) -> list[tuple[bytes, int]]:
    out = []
    at = 0
    while at < len(data):
        size = struct.unpack_from("<H", data, at + 8)[0]
        out.append((data[at + 10 : at + size].split(b"\0")[0], data[at + size - 1]))
        at += size
    return out


@pytest.fixture
def fd(guest: Any, home: Path) -> int:
    (home / "file").touch()
    (home / "sub").mkdir()
    (home / "link").symlink_to("file")
    for index in range(40):
        (home / f"name-{index:02}").touch()
    return int(guest.call("open", ".", 0o40000, 0))


def _list(guest: Any, fd: int, size: int) -> list[tuple[bytes, int, int]]:
    out = []
    buffer = guest.room(size)
    while count := guest.call("getdents64", fd, buffer, size):
        assert 0 < count <= size
        out += _records64(guest.memory.read(buffer, count))
    return out


@pytest.mark.parametrize("size", [32, 100, 4096])
def test_every_name_comes_once(guest: Any, home: Path, fd: int, size: int) -> None:
    found = _list(guest, fd, size)
    names = [name for name, _, _ in found]
    assert sorted(names) == sorted([b".", b"..", *os.listdir(os.fsencode(home))])
    kinds = {name: kind for name, kind, _ in found}
    assert (kinds[b"."], kinds[b"sub"], kinds[b"file"], kinds[b"link"]) == (4, 4, 8, 10)
    assert [offset for _, _, offset in found] == list(range(1, len(found) + 1))


def test_the_old_records(guest: Any, fd: int) -> None:
    buffer = guest.room(4096)
    found = dict(_records(guest.memory.read(buffer, guest.call("getdents", fd, buffer, 4096))))
    assert (found[b"sub"], found[b"file"], found[b"link"]) == (4, 8, 10)


def test_seeking(guest: Any, home: Path, fd: int) -> None:
    found = _list(guest, fd, 4096)
    assert guest.call("lseek", fd, found[4][2], 0) == 5
    assert [name for name, _, _ in _list(guest, fd, 4096)] == [n for n, _, _ in found[5:]]
    (home / "later").touch()
    assert guest.call("lseek", fd, 0, 0) == 0
    assert b"later" in [name for name, _, _ in _list(guest, fd, 4096)]
    assert guest.call("lseek", fd, 0, 2) == -errno.EINVAL


def test_duplicates_share_the_position(guest: Any, fd: int) -> None:
    copy = guest.call("dup", fd)
    assert _list(guest, fd, 4096)
    assert _list(guest, copy, 4096) == []


def test_bad_buffers(guest: Any, fd: int) -> None:
    assert guest.call("getdents64", fd, guest.room(8), 8) == -errno.EINVAL
    assert guest.call("getdents64", fd, 0x500000, 4096) == -errno.EFAULT
    assert _list(guest, fd, 4096)[0][0] == b"."  # the failed call moved nothing
    assert guest.call("getdents64", 99, 0x500000, 4096) == -errno.EBADF
    file = guest.call("open", "file", 0, 0)
    assert guest.call("getdents64", file, guest.room(64), 64) == -errno.ENOTDIR


def test_working_directory(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    (home / "link").symlink_to("d")
    buffer = guest.room(4096)
    assert guest.call("chdir", "link") == 0
    assert guest.call("getcwd", buffer, 4096) == len(f"{home}/d") + 1
    assert guest.memory.cstring(buffer) == os.fsencode(home / "d")
    assert guest.call("getcwd", buffer, 4) == -errno.ERANGE
    assert guest.call("getcwd", 0x500000, 4096) == -errno.EFAULT
    assert guest.call("open", "here", 0o101, 0o644) >= 0
    assert (home / "d" / "here").exists()
    assert guest.call("chdir", "here") == -errno.ENOTDIR
    assert guest.call("chdir", "none") == -errno.ENOENT
    assert guest.call("chdir", "..") == 0
    assert guest.kernel.paths.cwd == os.fsencode(home)
    directory = guest.call("open", "d", 0o40000, 0)
    assert guest.call("fchdir", directory) == 0
    assert guest.call("fchdir", guest.call("open", "here", 0, 0)) == -errno.ENOTDIR
    assert os.getcwd() != str(home)  # the host's own stays where it is


def test_removing(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    (home / "d" / "f").touch()
    assert guest.call("rmdir", "d") == -errno.ENOTEMPTY
    assert guest.call("unlink", "d") == -errno.EISDIR
    assert guest.call("unlinkat", AT_FDCWD, "d/f", 0x200) == -errno.ENOTDIR
    assert guest.call("unlinkat", AT_FDCWD, "d/f", 1) == -errno.EINVAL
    assert guest.call("unlinkat", AT_FDCWD, "d/f", 0) == 0
    assert guest.call("rmdir", "d/.") == -errno.EINVAL
    assert guest.call("rmdir", "d/..") == -errno.ENOTEMPTY
    assert guest.call("rmdir", home) == -errno.EBUSY
    assert guest.call("unlinkat", AT_FDCWD, "d/", 0x200) == 0
    assert os.listdir(home) == []


def test_renaming(guest: Any, home: Path) -> None:
    (home / "a").write_text("a")
    (home / "b").write_text("b")
    assert guest.call("renameat2", AT_FDCWD, "a", AT_FDCWD, "b", 1) == -errno.EEXIST
    assert guest.call("renameat2", AT_FDCWD, "a", AT_FDCWD, "b", 2) == 0
    assert (home / "a").read_text() == "b"
    assert guest.call("rename", "a", "b") == 0
    assert (home / "b").read_text() == "b"
    assert guest.call("rename", "a", "c") == -errno.ENOENT
    assert guest.call("rename", "b", "c/") == -errno.ENOTDIR
    assert guest.call("rename", "b", ".") == -errno.EBUSY
    assert guest.call("rename", "b", "") == -errno.ENOENT


def test_links(guest: Any, home: Path) -> None:
    (home / "a").write_text("a")
    assert guest.call("link", "a", "hard") == 0
    assert guest.call("symlink", "a", "soft") == 0
    assert guest.call("link", "soft", "of-link") == 0
    assert (home / "of-link").is_symlink()  # link(2) does not follow
    assert guest.call("linkat", AT_FDCWD, "soft", AT_FDCWD, "of-file", 0x400) == 0
    assert (home / "a").stat().st_nlink == 3
    assert guest.call("symlink", "a", "soft") == -errno.EEXIST
    assert guest.call("symlink", "", "empty") == -errno.ENOENT
    buffer = guest.put(b"........")
    assert guest.call("readlink", "soft", buffer, 8) == 1
    assert guest.memory.read(buffer, 2) == b"a."  # no NUL is written
    assert guest.call("readlink", "a", buffer, 8) == -errno.EINVAL
    assert guest.call("readlink", "soft", buffer, 0) == -errno.EINVAL
    assert guest.call("mknod", "fifo", 0o010600) == 0
    assert (home / "fifo").is_fifo()
    assert guest.call("mknod", "device", 0o020600) == -errno.EPERM

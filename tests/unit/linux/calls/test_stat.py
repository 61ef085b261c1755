"""The stat family, file systems, and changing what they show."""

import errno
import os
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.calls.directories import guest_inode

AT_FDCWD, NOFOLLOW, EMPTY_PATH = -100, 0x100, 0x1000
O_RDWR, O_CREAT = 2, 0o100
OMIT = 0x3FFFFFFE


def _stat64(guest: Any, name: str, *arguments: Any) -> dict[str, int]:
    buffer = guest.room(104)
    position = {"fstatat64": 2}.get(name, 1)
    words = [*arguments[:position], buffer, *arguments[position:]]
    assert guest.call(name, *words) == 0
    found: dict[str, int] = guest.kernel.abi.layout("stat64").unpack(guest.memory.read(buffer, 104))
    return found


def test_a_file_as_the_host_sees_it(guest: Any, home: Path) -> None:
    path = home / "file"
    path.write_bytes(b"12345")
    path.chmod(0o640)
    os.utime(path, ns=(1_000_000_007, 2_000_000_009))
    os.link(path, home / "second")
    expected = path.stat()
    fd = guest.call("open", "file", 0, 0)
    for found in (
        _stat64(guest, "stat64", "file"), _stat64(guest, "lstat64", str(path)),
        _stat64(guest, "fstat64", fd), _stat64(guest, "fstatat64", AT_FDCWD, "file", 0),
        _stat64(guest, "fstatat64", fd, "", EMPTY_PATH),
    ):  # fmt: skip
        assert found["mode"] == stat.S_IFREG | 0o640
        assert found["size"] == 5
        assert found["nlink"] == 2
        assert (found["mtime"], found["mtime_nsec"]) == (2, 9)
        assert found["ino"] == guest_inode(expected.st_ino) == found["ino32"]
        assert found["blocks"] == expected.st_blocks


def test_links_are_followed_or_not(guest: Any, home: Path) -> None:
    (home / "file").write_bytes(b"12345")
    (home / "link").symlink_to("file")
    assert _stat64(guest, "stat64", "link")["size"] == 5
    for found in (
        _stat64(guest, "lstat64", "link"), _stat64(guest, "fstatat64", AT_FDCWD, "link", NOFOLLOW)
    ):  # fmt: skip
        assert stat.S_ISLNK(found["mode"])
        assert found["size"] == 4


def test_relative_to_a_directory(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    (home / "d" / "f").write_bytes(b"abc")
    directory = guest.call("open", "d", 0o40000, 0)
    assert _stat64(guest, "fstatat64", directory, "f", 0)["size"] == 3
    buffer = guest.room(104)
    assert guest.call("fstatat64", 99, "f", buffer, 0) == -errno.EBADF
    file = guest.call("openat", directory, "f", 0, 0)
    assert guest.call("fstatat64", file, "f", buffer, 0) == -errno.ENOTDIR
    assert guest.call("fstatat64", 99, str(home), buffer, 0) == 0
    assert guest.call("fstatat64", directory, "f", buffer, 0x10) == -errno.EINVAL


def test_the_old_structure_refuses_what_does_not_fit(guest: Any, home: Path) -> None:
    with open(home / "big", "wb") as file:
        file.truncate(1 << 31)
    buffer = guest.room(64)
    assert guest.call("stat", "big", buffer) == -errno.EOVERFLOW
    os.truncate(home / "big", (1 << 31) - 1)
    assert guest.call("stat", "big", buffer) == 0
    assert struct.unpack("<I", guest.memory.read(buffer + 20, 4)) == ((1 << 31) - 1,)


def test_statx(guest: Any, home: Path) -> None:
    (home / "file").write_bytes(b"12345")
    buffer = guest.room(256)
    assert guest.call("statx", AT_FDCWD, "file", 0, 0x7FF, buffer) == 0
    found = guest.kernel.abi.layout("statx").unpack(guest.memory.read(buffer, 256))
    status = (home / "file").stat()
    assert (found["size"], found["mode"]) == (5, status.st_mode)
    assert found["dev_major"] == os.major(status.st_dev)
    assert found["mtime"] * 10**9 + found["mtime_nsec"] == status.st_mtime_ns
    assert guest.call("statx", AT_FDCWD, "file", 0x6000, 0, buffer) == -errno.EINVAL


def test_bad_buffers(guest: Any, home: Path) -> None:
    (home / "file").touch()
    for name in ("stat", "stat64", "lstat64", "statfs"):
        assert guest.call(name, "file", 0x500000) == -errno.EFAULT
    assert guest.call("stat64", "file", guest.end - 100) == -errno.EFAULT  # four bytes too far


def test_file_systems(guest: Any, home: Path) -> None:
    expected = os.statvfs(home)
    buffer = guest.room(88)
    assert guest.call("statfs64", ".", 84, buffer) == 0
    found = guest.kernel.abi.layout("statfs64").unpack(guest.memory.read(buffer, 84))
    assert (found["blocks"], found["files"]) == (expected.f_blocks, expected.f_files)
    assert (found["namelen"], found["frsize"]) == (expected.f_namemax, expected.f_frsize)
    assert guest.call("statfs64", ".", 88, buffer) == 0
    assert guest.call("statfs64", ".", 80, buffer) == -errno.EINVAL
    assert guest.call("statfs", "/proc", buffer) == 0
    assert guest.memory.load(buffer, 4) == 0x9FA0


def test_inode_numbers_fit_32_bits() -> None:
    assert guest_inode(0xFFFFFFFF) == 0xFFFFFFFF
    assert guest_inode(0x1_0000_0002) == 3


# -- changing -----------------------------------------------------------------------------------------


def test_modes(guest: Any, home: Path) -> None:
    (home / "file").touch()
    (home / "link").symlink_to("file")
    assert guest.call("chmod", "link", 0o4711) == 0
    assert stat.S_IMODE((home / "file").stat().st_mode) == 0o4711
    fd = guest.call("open", "file", 0, 0)
    assert guest.call("fchmod", fd, 0o600) == 0
    assert guest.call("fchmodat", AT_FDCWD, "file", 0o640) == 0
    assert stat.S_IMODE((home / "file").stat().st_mode) == 0o640
    assert guest.call("fchmodat2", AT_FDCWD, "link", 0o600, NOFOLLOW) == -errno.EOPNOTSUPP


def test_the_mask(guest: Any, home: Path) -> None:
    before = guest.call("umask", 0o027)
    try:
        guest.call("open", "file", O_RDWR | O_CREAT, 0o666)
        guest.call("mkdir", "d", 0o777)
        assert guest.call("umask", 0o7027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE((home / "d").stat().st_mode) == 0o750


def test_only_files_are_truncated(guest: Any, home: Path) -> None:
    """Nothing is opened to find that out: a FIFO would wait for a reader."""
    assert guest.call("mknod", "socket", stat.S_IFSOCK | 0o600, 0) == 0
    assert guest.call("mknod", "fifo", stat.S_IFIFO | 0o600, 0) == 0
    pair = guest.room(8)
    assert guest.call("pipe", pair) == 0
    pipe = f"/proc/self/fd/{guest.memory.load(pair + 4, 4)}"
    for path in ("socket", pipe, "/dev/null", "fifo"):
        assert guest.call("truncate", path, 0) == -errno.EINVAL, path
    assert guest.call("truncate", ".", 0) == -errno.EISDIR
    assert guest.call("truncate", "missing", -1) == -errno.EINVAL


def test_times(guest: Any, home: Path) -> None:
    path = home / "file"
    path.touch()
    assert guest.call("utimensat", AT_FDCWD, "file", struct.pack("<iiii", 1, 2, 3, 4), 0) == 0
    assert (path.stat().st_atime_ns, path.stat().st_mtime_ns) == (1_000_000_002, 3_000_000_004)
    wide = struct.pack("<qqqq", 1 << 32, 5, 0, OMIT)
    assert guest.call("utimensat_time64", AT_FDCWD, "file", wide, 0) == 0
    assert path.stat().st_atime_ns == (1 << 32) * 10**9 + 5
    assert path.stat().st_mtime_ns == 3_000_000_004
    assert guest.call("utimes", "file", struct.pack("<iiii", 7, 8, 9, 10)) == 0
    assert path.stat().st_mtime_ns == 9_000_010_000
    assert guest.call("utime", "file", struct.pack("<ii", 20, 21)) == 0
    assert path.stat().st_mtime_ns == 21 * 10**9
    bad = struct.pack("<iiii", 1, 10**9, 0, 0)
    assert guest.call("utimensat", AT_FDCWD, "file", bad, 0) == -errno.EINVAL
    assert guest.call("utimensat", AT_FDCWD, "none", 0, 0) == -errno.ENOENT


@pytest.mark.parametrize(("mode", "expected"), [(0, 0), (4, 0), (2, 0), (1, -errno.EACCES)])
def test_access(guest: Any, home: Path, mode: int, expected: int) -> None:
    (home / "file").touch(mode=0o644)
    assert guest.call("access", "file", mode) == expected
    assert guest.call("faccessat2", AT_FDCWD, "file", mode, 0x200) == expected
    assert guest.call("access", "file", 8) == -errno.EINVAL
    assert guest.call("access", "none", mode) == -errno.ENOENT


def test_extended_attributes_do_not_exist(guest: Any, home: Path) -> None:
    (home / "file").touch()
    assert guest.call("getxattr", "file", "user.x", 0, 0) == -errno.EOPNOTSUPP
    assert guest.call("getxattr", "none", "user.x", 0, 0) == -errno.ENOENT
    assert guest.call("listxattr", "file", 0, 0) == 0
    assert guest.call("fgetxattr", 99, "user.x", 0, 0) == -errno.EBADF

"""What a file is: the stat and statfs families, statx."""

import errno
import os
import struct
import time
from types import SimpleNamespace

from dbt.linux import host
from dbt.linux.calls.directories import guest_inode
from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.state.paths import AT_FDCWD, Place
from dbt.linux.structs import layout, store
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH = 0x100, 0x800, 0x1000
_STATX_SYNC = 0x6000
_STATX_BASIC = 0x7FF
_NS = 1_000_000_000

Status = Any
"""An ``os.stat_result``, or what looks like one."""


def _made_up(place: Place) -> Status:
    """The status of a made up file in /proc, which is no file of the host."""
    now = time.time_ns()
    size = len(place.virtual.link) if place.virtual is not None and place.virtual.link else 0
    inode = 1 + sum(place.guest) % 0xFFFF
    return SimpleNamespace(
        st_dev=5, st_ino=inode, st_mode=place.mode, st_nlink=1, st_uid=os.getuid(),
        st_gid=os.getgid(), st_rdev=0, st_size=size, st_blksize=1024, st_blocks=0,
        st_atime_ns=now, st_mtime_ns=now, st_ctime_ns=now,
    )  # fmt: skip


def status_of(kernel: "Kernel", dirfd: int, path: bytes, flags: int = 0) -> Status:
    """The status of what ``*at`` arguments name."""
    if not path and flags & AT_EMPTY_PATH:
        if dirfd != AT_FDCWD:
            return os.fstat(kernel.files.host_fd(dirfd))
        path = b"."
    follow = not flags & AT_SYMLINK_NOFOLLOW
    place = kernel.paths.existing(path, dirfd, follow=follow)
    if place.descriptor is not None:
        return os.fstat(kernel.files.host_fd(place.descriptor))
    return place.status if place.status is not None else _made_up(place)


def _times(status: Status) -> dict[str, int]:
    """Seconds and nanoseconds as the members of the guest's structures are called."""
    atime, atime_nsec = divmod(status.st_atime_ns, _NS)
    mtime, mtime_nsec = divmod(status.st_mtime_ns, _NS)
    ctime, ctime_nsec = divmod(status.st_ctime_ns, _NS)
    return {
        "atime": atime, "atime_nsec": atime_nsec, "mtime": mtime, "mtime_nsec": mtime_nsec,
        "ctime": ctime, "ctime_nsec": ctime_nsec,
    }  # fmt: skip


def _device(device: int) -> int:
    """``new_encode_dev``: the form device numbers have in these structures."""
    major, minor = os.major(device), os.minor(device)
    return minor & 0xFF | major << 8 | (minor & ~0xFF) << 12


def _members(status: Status) -> dict[str, int]:
    return {
        "dev": _device(status.st_dev), "ino": guest_inode(status.st_ino), "mode": status.st_mode,
        "nlink": status.st_nlink, "uid": status.st_uid, "gid": status.st_gid,
        "rdev": _device(status.st_rdev), "size": status.st_size, "blksize": status.st_blksize,
        "blocks": status.st_blocks, **_times(status),
    }  # fmt: skip


def _store64(kernel: "Kernel", buffer: int, status: Status) -> int:
    members = _members(status)
    store(kernel, "stat64", buffer, ino32=members["ino"], **members)
    return 0


def _store_old(kernel: "Kernel", buffer: int, status: Status) -> int:
    """cp_new_stat: ids wrap to the overflow id, a size that does not fit is EOVERFLOW."""
    members = _members(status)
    if not layout(kernel, "stat").fits("nlink", members["nlink"]) or members["size"] > 0x7FFFFFFF:
        raise failure(errno.EOVERFLOW)
    for name in ("uid", "gid"):
        members[name] = members[name] if members[name] <= 0xFFFF else 65534
    store(kernel, "stat", buffer, **members)
    return 0


@syscall("stat64")
def stat64(kernel: "Kernel", path: int, buffer: int) -> int:
    return _store64(kernel, buffer, status_of(kernel, AT_FDCWD, read_path(kernel, path)))


@syscall("lstat64")
def lstat64(kernel: "Kernel", path: int, buffer: int) -> int:
    name = read_path(kernel, path)
    return _store64(kernel, buffer, status_of(kernel, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW))


@syscall("fstat64")
def fstat64(kernel: "Kernel", fd: int, buffer: int) -> int:
    return _store64(kernel, buffer, os.fstat(kernel.files.host_fd(fd)))


@syscall("fstatat64", "newfstatat")
def fstatat64(kernel: "Kernel", dirfd: int, path: int, buffer: int, flags: int) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    return _store64(kernel, buffer, status_of(kernel, dirfd, read_path(kernel, path), flags))


@syscall("stat")
def stat(kernel: "Kernel", path: int, buffer: int) -> int:
    return _store_old(kernel, buffer, status_of(kernel, AT_FDCWD, read_path(kernel, path)))


@syscall("lstat")
def lstat(kernel: "Kernel", path: int, buffer: int) -> int:
    name = read_path(kernel, path)
    return _store_old(kernel, buffer, status_of(kernel, AT_FDCWD, name, AT_SYMLINK_NOFOLLOW))


@syscall("fstat")
def fstat(kernel: "Kernel", fd: int, buffer: int) -> int:
    return _store_old(kernel, buffer, os.fstat(kernel.files.host_fd(fd)))


@syscall("statx")
def statx(kernel: "Kernel", dirfd: int, path: int, flags: int, mask: int, buffer: int) -> int:
    """STATX_BASIC_STATS; birth times and mount ids are not reported."""
    known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | _STATX_SYNC
    if flags & ~known or flags & _STATX_SYNC == _STATX_SYNC or mask >> 31:
        raise failure(errno.EINVAL)
    status = status_of(kernel, dirfd, read_path(kernel, path), flags)
    members = _members(status)
    for name in ("dev", "rdev"):
        number = getattr(status, f"st_{name}")
        members[f"{name}_major"], members[f"{name}_minor"] = os.major(number), os.minor(number)
        del members[name]
    store(kernel, "statx", buffer, mask=_STATX_BASIC, **members)
    return 0


# -- file systems ----------------------------------------------------------------------------------

_PROC_SUPER_MAGIC = 0x9FA0
_HOST_STATFS = struct.Struct("=7qQ3q")


def _statfs(place: Place | int) -> dict[str, int]:
    """``struct statfs`` of the host, by the names the guest's structures have."""
    if isinstance(place, Place) and place.handle is None:
        return {"type": _PROC_SUPER_MAGIC, "bsize": 4096, "namelen": 255, "frsize": 4096}
    out = bytearray(256)
    fd = place if isinstance(place, int) else place.object.fd
    view = memoryview(out)
    host.call("fstatfs", fd, host.address_of(view))
    words = _HOST_STATFS.unpack_from(out)
    names = ("type", "bsize", "blocks", "bfree", "bavail", "files", "ffree", "fsid", "namelen",
             "frsize", "flags")  # fmt: skip
    return dict(zip(names, words, strict=False))


def _store_statfs(kernel: "Kernel", buffer: int, values: dict[str, int]) -> int:
    """EOVERFLOW when a count does not fit the old structure; ``-1`` means unknown and fits."""
    shape = layout(kernel, "statfs")
    for name in ("blocks", "bfree", "bavail", "files", "ffree"):
        if values.get(name, 0) != -1 and not shape.fits(name, values.get(name, 0)):
            raise failure(errno.EOVERFLOW)
    store(kernel, "statfs", buffer, **values)
    return 0


def _store_statfs64(kernel: "Kernel", size: int, buffer: int, values: dict[str, int]) -> int:
    # ARM also accepts the unpacked size (arch/arm/kernel/sys_arm.c: sys_statfs64_wrapper).
    if size not in (layout(kernel, "statfs64").size, 88):
        raise failure(errno.EINVAL)
    store(kernel, "statfs64", buffer, **values)
    return 0


@syscall("statfs")
def statfs(kernel: "Kernel", path: int, buffer: int) -> int:
    place = kernel.paths.existing(read_path(kernel, path))
    return _store_statfs(kernel, buffer, _statfs(place))


@syscall("fstatfs")
def fstatfs(kernel: "Kernel", fd: int, buffer: int) -> int:
    return _store_statfs(kernel, buffer, _statfs(kernel.files.host_fd(fd)))


@syscall("statfs64")
def statfs64(kernel: "Kernel", path: int, size: int, buffer: int) -> int:
    place = kernel.paths.existing(read_path(kernel, path))
    return _store_statfs64(kernel, size, buffer, _statfs(place))


@syscall("fstatfs64")
def fstatfs64(kernel: "Kernel", fd: int, size: int, buffer: int) -> int:
    return _store_statfs64(kernel, size, buffer, _statfs(kernel.files.host_fd(fd)))

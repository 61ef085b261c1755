"""What can be changed about a file without opening it: mode, owner, times; asking for access."""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable

from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.state.paths import AT_FDCWD
from dbt.linux.structs import layout, load
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

AT_SYMLINK_NOFOLLOW, AT_EACCESS, AT_EMPTY_PATH = 0x100, 0x200, 0x1000
_NS = 1_000_000_000
_UTIME_NOW, _UTIME_OMIT = 0x3FFFFFFF, 0x3FFFFFFE

Change = Callable[[int], None]
"""Changes the file behind a host descriptor (opened O_PATH, or the guest's own)."""


def _proc(host_fd: int) -> str:
    """A path for calls that refuse an O_PATH descriptor."""
    return f"/proc/self/fd/{host_fd}"


def _change(kernel: "Kernel", dirfd: int, path: bytes, flags: int, change: Change) -> int:
    """Apply a change to what ``*at`` arguments name."""
    if not path and flags & AT_EMPTY_PATH and dirfd != AT_FDCWD:
        return _change_open(kernel, dirfd, change)
    follow = not flags & AT_SYMLINK_NOFOLLOW
    place = kernel.paths.existing(path or b".", dirfd, follow=follow)
    if place.descriptor is not None:
        return _change_open(kernel, place.descriptor, change)
    place.require_change()
    change(place.object.fd)
    return 0


def _change_open(kernel: "Kernel", fd: int, change: Change) -> int:
    """The same for an open file. One without a path is the guest's own unless it was inherited."""
    found = kernel.files.get(fd)
    if not found.file.changeable:
        raise failure(errno.EROFS)
    change(found.host)
    return 0


# -- mode ------------------------------------------------------------------------------------------


def _chmod(mode: int) -> Change:
    def change(fd: int) -> None:
        if stat.S_ISLNK(os.fstat(fd).st_mode):
            raise failure(errno.EOPNOTSUPP)
        os.chmod(_proc(fd), mode & 0o7777)

    return change


@syscall("chmod")
def chmod(kernel: "Kernel", path: int, mode: int) -> int:
    return _change(kernel, AT_FDCWD, _named(kernel, path), 0, _chmod(mode))


def _change_opened(kernel: "Kernel", fd: int, change: Change) -> int:
    """``_change_open`` for calls that do not take an O_PATH descriptor (fdget): EBADF."""
    if fcntl.fcntl(kernel.files.host_fd(fd), fcntl.F_GETFL) & os.O_PATH:
        raise failure(errno.EBADF)
    return _change_open(kernel, fd, change)


@syscall("fchmod")
def fchmod(kernel: "Kernel", fd: int, mode: int) -> int:
    return _change_opened(kernel, fd, _chmod(mode))


@syscall("fchmodat")
def fchmodat(kernel: "Kernel", dirfd: int, path: int, mode: int) -> int:
    return _change(kernel, dirfd, _named(kernel, path), 0, _chmod(mode))


@syscall("fchmodat2")
def fchmodat2(kernel: "Kernel", dirfd: int, path: int, mode: int, flags: int) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    return _change(kernel, dirfd, _named(kernel, path, flags), flags, _chmod(mode))


def _named(kernel: "Kernel", pointer: int, flags: int = 0) -> bytes:
    """A path argument that may be empty only with AT_EMPTY_PATH."""
    path = read_path(kernel, pointer)
    if not path and not flags & AT_EMPTY_PATH:
        raise failure(errno.ENOENT)
    return path


# -- owner -----------------------------------------------------------------------------------------


def _chown(uid: int, gid: int) -> Change:
    def change(fd: int) -> None:
        # An O_PATH descriptor needs AT_EMPTY_PATH, which os.chown does not offer; the path in
        # /proc would be followed to a link's target.
        if stat.S_ISLNK(os.fstat(fd).st_mode):
            return
        os.chown(_proc(fd), uid, gid)

    return change


def _narrow(identity: int) -> int:
    """16-bit ids of the old calls: 0xffff means no change."""
    return -1 if identity & 0xFFFF == 0xFFFF else identity & 0xFFFF


@syscall("chown")
def chown(kernel: "Kernel", path: int, uid: int, gid: int) -> int:
    change = _chown(_narrow(uid), _narrow(gid))
    return _change(kernel, AT_FDCWD, _named(kernel, path), 0, change)


@syscall("lchown")
def lchown(kernel: "Kernel", path: int, uid: int, gid: int) -> int:
    change = _chown(_narrow(uid), _narrow(gid))
    return _change(kernel, AT_FDCWD, _named(kernel, path), AT_SYMLINK_NOFOLLOW, change)


@syscall("fchown")
def fchown(kernel: "Kernel", fd: int, uid: int, gid: int) -> int:
    return _change_opened(kernel, fd, _chown(_narrow(uid), _narrow(gid)))


@syscall("chown32")
def chown32(kernel: "Kernel", path: int, uid: int, gid: int) -> int:
    return _change(kernel, AT_FDCWD, _named(kernel, path), 0, _chown(uid, gid))


@syscall("lchown32")
def lchown32(kernel: "Kernel", path: int, uid: int, gid: int) -> int:
    flags = AT_SYMLINK_NOFOLLOW
    return _change(kernel, AT_FDCWD, _named(kernel, path), flags, _chown(uid, gid))


@syscall("fchown32")
def fchown32(kernel: "Kernel", fd: int, uid: int, gid: int) -> int:
    return _change_opened(kernel, fd, _chown(uid, gid))


@syscall("fchownat")
def fchownat(kernel: "Kernel", dirfd: int, path: int, uid: int, gid: int, flags: int) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    return _change(kernel, dirfd, _named(kernel, path, flags), flags, _chown(uid, gid))


# -- times -----------------------------------------------------------------------------------------

Moment = tuple[int, int]


def _set_times(times: tuple[Moment, Moment] | None) -> Change:
    """Set (seconds, nanoseconds) of access and change; None is now."""

    def change(fd: int) -> None:
        status = os.fstat(fd)
        now = time.time_ns()
        wanted = times or ((0, _UTIME_NOW), (0, _UTIME_NOW))
        if stat.S_ISLNK(status.st_mode):
            return
        if times is None:
            os.utime(_proc(fd))
            return
        old = (status.st_atime_ns, status.st_mtime_ns)
        os.utime(_proc(fd), ns=(_moment(wanted[0], old[0], now), _moment(wanted[1], old[1], now)))

    return change


def _moment(wanted: Moment, old: int, now: int) -> int:
    seconds, nanoseconds = wanted
    if nanoseconds == _UTIME_OMIT:
        return old
    return now if nanoseconds == _UTIME_NOW else seconds * _NS + nanoseconds


def _utimensat(
    kernel: "Kernel", dirfd: int, path: int, times: tuple[Moment, Moment] | None, flags: int
) -> int:
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    special = (_UTIME_NOW, _UTIME_OMIT)
    if times and any(not 0 <= ns < _NS and ns not in special for _, ns in times):
        raise failure(errno.EINVAL)
    if not path:
        if flags:
            raise failure(errno.EINVAL)
        return _change_opened(kernel, dirfd, _set_times(times))
    name = _named(kernel, path, flags)
    return _change(kernel, dirfd, name, flags, _set_times(times))


def _two(
    kernel: "Kernel", pointer: int, name: str, unit: str, scale: int
) -> tuple[Moment, Moment] | None:
    if not pointer:
        return None
    step = layout(kernel, name).size
    first, second = (load(kernel, name, at) for at in (pointer, pointer + step))
    return (first["sec"], first[unit] * scale), (second["sec"], second[unit] * scale)


@syscall("utimensat")
def utimensat(kernel: "Kernel", dirfd: int, path: int, times: int, flags: int) -> int:
    return _utimensat(kernel, dirfd, path, _two(kernel, times, "timespec", "nsec", 1), flags)


@syscall("utimensat_time64")
def utimensat_time64(kernel: "Kernel", dirfd: int, path: int, times: int, flags: int) -> int:
    return _utimensat(kernel, dirfd, path, _two(kernel, times, "timespec64", "nsec", 1), flags)


def _timevals(kernel: "Kernel", times: int) -> tuple[Moment, Moment] | None:
    moments = _two(kernel, times, "timeval", "usec", 1000)
    if moments and any(not 0 <= ns < _NS for _, ns in moments):
        raise failure(errno.EINVAL)
    return moments


@syscall("utimes")
def utimes(kernel: "Kernel", path: int, times: int) -> int:
    name = _named(kernel, path)
    return _change(kernel, AT_FDCWD, name, 0, _set_times(_timevals(kernel, times)))


@syscall("futimesat")
def futimesat(kernel: "Kernel", dirfd: int, path: int, times: int) -> int:
    return _utimensat(kernel, dirfd, path, _timevals(kernel, times), 0)


@syscall("utime")
def utime(kernel: "Kernel", path: int, times: int) -> int:
    moments = None
    if times:
        found = load(kernel, "utimbuf", times)
        moments = (found["actime"], 0), (found["modtime"], 0)
    return _change(kernel, AT_FDCWD, _named(kernel, path), 0, _set_times(moments))


# -- access ----------------------------------------------------------------------------------------


def _access(kernel: "Kernel", dirfd: int, path: bytes, mode: int, flags: int) -> int:
    """EROFS for writing where nothing may be changed, as on a file system mounted read-only."""
    if mode & ~7 or flags & ~(AT_SYMLINK_NOFOLLOW | AT_EACCESS | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    if not path and flags & AT_EMPTY_PATH:
        return 0 if dirfd == AT_FDCWD else kernel.files.host_fd(dirfd) * 0
    place = kernel.paths.existing(path, dirfd, follow=not flags & AT_SYMLINK_NOFOLLOW)
    if place.virtual is not None:
        made_up = place.virtual
        takes = made_up.descriptor is not None or made_up.link is not None or made_up.sink
        if (mode & os.W_OK and not takes) or (mode & os.X_OK and not place.mode & 0o111):
            raise failure(errno.EACCES)
        return 0
    if mode & os.W_OK and not place.device:
        place.require_change()
    if not os.access(place.object.reach, mode, effective_ids=bool(flags & AT_EACCESS)):
        raise failure(errno.EACCES)
    return 0


@syscall("access")
def access(kernel: "Kernel", path: int, mode: int) -> int:
    return _access(kernel, AT_FDCWD, read_path(kernel, path), mode, 0)


@syscall("faccessat")
def faccessat(kernel: "Kernel", dirfd: int, path: int, mode: int) -> int:
    return _access(kernel, dirfd, read_path(kernel, path), mode, 0)


@syscall("faccessat2")
def faccessat2(kernel: "Kernel", dirfd: int, path: int, mode: int, flags: int) -> int:
    return _access(kernel, dirfd, read_path(kernel, path), mode, flags)


# -- extended attributes ---------------------------------------------------------------------------
# No file of the guest has any, and none can be set.


def _no_attributes(kernel: "Kernel", path: int, *, follow: bool) -> None:
    kernel.paths.existing(read_path(kernel, path), follow=follow)


@syscall("getxattr", "setxattr", "removexattr")
def getxattr(kernel: "Kernel", path: int) -> int:
    _no_attributes(kernel, path, follow=True)
    raise failure(errno.EOPNOTSUPP)


@syscall("lgetxattr", "lsetxattr", "lremovexattr")
def lgetxattr(kernel: "Kernel", path: int) -> int:
    _no_attributes(kernel, path, follow=False)
    raise failure(errno.EOPNOTSUPP)


@syscall("fgetxattr", "fsetxattr", "fremovexattr")
def fgetxattr(kernel: "Kernel", fd: int) -> int:
    kernel.files.get(fd)
    raise failure(errno.EOPNOTSUPP)


@syscall("listxattr")
def listxattr(kernel: "Kernel", path: int) -> int:
    _no_attributes(kernel, path, follow=True)
    return 0


@syscall("llistxattr")
def llistxattr(kernel: "Kernel", path: int) -> int:
    _no_attributes(kernel, path, follow=False)
    return 0


@syscall("flistxattr")
def flistxattr(kernel: "Kernel", fd: int) -> int:
    kernel.files.get(fd)
    return 0


@syscall("umask")
def umask(kernel: "Kernel", mask: int) -> int:
    """Set the mask of file modes; the old one."""
    return kernel.process.file_mask.set(mask & 0o777)

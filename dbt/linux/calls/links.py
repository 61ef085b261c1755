"""Names: link, unlink, rename, symlink, readlink, mknod."""

import errno
import os
import stat

from dbt.linux import host
from dbt.linux.calls.directories import remove_directory
from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.state.paths import AT_FDCWD
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = 0x200, 0x400, 0x1000
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2

# -- unlink ----------------------------------------------------------------------------------------


def _unlink(kernel: "Kernel", dirfd: int, path: bytes) -> int:
    place = kernel.paths.entry(path, dirfd)
    if not place.exists:
        raise failure(errno.ENOENT)
    if place.is_directory:
        raise failure(errno.EISDIR)
    if place.must_be_directory:
        raise failure(errno.ENOTDIR)
    place.require_removal()
    directory, name = place.parent
    os.unlink(name, dir_fd=directory)
    return 0


@syscall("unlink")
def unlink(kernel: "Kernel", path: int) -> int:
    return _unlink(kernel, AT_FDCWD, read_path(kernel, path))


@syscall("unlinkat")
def unlinkat(kernel: "Kernel", dirfd: int, path: int, flags: int) -> int:
    if flags & ~AT_REMOVEDIR:
        raise failure(errno.EINVAL)
    remove = remove_directory if flags else _unlink
    return remove(kernel, dirfd, read_path(kernel, path))


# -- rename ----------------------------------------------------------------------------------------


def _rename(
    kernel: "Kernel", old_fd: int, old: bytes, new_fd: int, new: bytes, flags: int = 0
) -> int:
    source = kernel.paths.entry(old, old_fd)
    target = kernel.paths.entry(new, new_fd)
    if source.is_dots or target.is_dots:
        raise failure(errno.EBUSY)
    if not source.exists:
        raise failure(errno.ENOENT)
    slashes = source.must_be_directory or target.must_be_directory
    if slashes and not source.is_directory:
        raise failure(errno.ENOTDIR)
    source.require_removal()
    target.require_removal()
    names = (*source.parent, *target.parent)
    return host.call("renameat2", *names, flags) if flags else host.call("renameat", *names)


@syscall("rename")
def rename(kernel: "Kernel", old: int, new: int) -> int:
    return _rename(kernel, AT_FDCWD, read_path(kernel, old), AT_FDCWD, read_path(kernel, new))


@syscall("renameat")
def renameat(kernel: "Kernel", old_fd: int, old: int, new_fd: int, new: int) -> int:
    return _rename(kernel, old_fd, read_path(kernel, old), new_fd, read_path(kernel, new))


@syscall("renameat2")
def renameat2(kernel: "Kernel", old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    if flags not in (0, RENAME_NOREPLACE, RENAME_EXCHANGE):
        raise failure(errno.EINVAL)
    return _rename(kernel, old_fd, read_path(kernel, old), new_fd, read_path(kernel, new), flags)


# -- hard links ------------------------------------------------------------------------------------


def _link(kernel: "Kernel", old_fd: int, old: bytes, new_fd: int, new: bytes, flags: int) -> int:
    """A link makes its file changeable through the new name: the old one must be so already."""
    if flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    if not old and flags & AT_EMPTY_PATH:
        old, flags = b"/proc/self/fd/%d" % old_fd, AT_SYMLINK_FOLLOW
        kernel.files.get(old_fd)
    source = kernel.paths.existing(old, old_fd, follow=bool(flags & AT_SYMLINK_FOLLOW))
    target = kernel.paths.creatable(new, new_fd)
    if not source.changeable:
        raise failure(errno.EXDEV)
    # Following leads to the file that was looked up, even if that is a link, which is not followed.
    reach = source.object.reach
    return host.call("linkat", AT_FDCWD, reach, *target.parent, AT_SYMLINK_FOLLOW)


@syscall("link")
def link(kernel: "Kernel", old: int, new: int) -> int:
    return _link(kernel, AT_FDCWD, read_path(kernel, old), AT_FDCWD, read_path(kernel, new), 0)


@syscall("linkat")
def linkat(kernel: "Kernel", old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    return _link(kernel, old_fd, read_path(kernel, old), new_fd, read_path(kernel, new), flags)


# -- symbolic links --------------------------------------------------------------------------------


def _symlink(kernel: "Kernel", target: bytes, dirfd: int, path: bytes) -> int:
    """The target may be anything: it is resolved, in the guest's view, when it is used."""
    if not target:
        raise failure(errno.ENOENT)
    place = kernel.paths.creatable(path, dirfd)
    directory, name = place.parent
    os.symlink(target, name, dir_fd=directory)
    return 0


@syscall("symlink")
def symlink(kernel: "Kernel", target: int, path: int) -> int:
    return _symlink(kernel, read_path(kernel, target), AT_FDCWD, read_path(kernel, path))


@syscall("symlinkat")
def symlinkat(kernel: "Kernel", target: int, dirfd: int, path: int) -> int:
    return _symlink(kernel, read_path(kernel, target), dirfd, read_path(kernel, path))


def _readlink(kernel: "Kernel", dirfd: int, path: bytes, buffer: int, size: int) -> int:
    if size == 0 or size > 0x7FFFFFFF:
        raise failure(errno.EINVAL)
    """An empty path means a link that ``dirfd`` was opened on (O_PATH | O_NOFOLLOW)."""
    paths = kernel.paths
    place = paths.existing(path, dirfd, follow=False) if path else paths.itself(dirfd)
    if not stat.S_ISLNK(place.mode):
        raise failure(errno.EINVAL)
    target = kernel.paths.link_text(place)
    kernel.memory.write(buffer, target[:size])
    return min(len(target), size)


@syscall("readlink")
def readlink(kernel: "Kernel", path: int, buffer: int, size: int) -> int:
    return _readlink(kernel, AT_FDCWD, read_path(kernel, path), buffer, size)


@syscall("readlinkat")
def readlinkat(kernel: "Kernel", dirfd: int, path: int, buffer: int, size: int) -> int:
    return _readlink(kernel, dirfd, read_path(kernel, path), buffer, size)


# -- nodes -----------------------------------------------------------------------------------------


def _mknod(kernel: "Kernel", dirfd: int, path: bytes, mode: int) -> int:
    """Regular files and FIFOs; devices are refused with EPERM as for any user but root."""
    kind = stat.S_IFMT(mode) or stat.S_IFREG
    if kind in (stat.S_IFCHR, stat.S_IFBLK):
        raise failure(errno.EPERM)
    if kind not in (stat.S_IFREG, stat.S_IFIFO, stat.S_IFSOCK):
        raise failure(errno.EINVAL)
    place = kernel.paths.creatable(path, dirfd)
    directory, name = place.parent
    os.mknod(name, kind | mode & 0o7777, dir_fd=directory)
    return 0


@syscall("mknod")
def mknod(kernel: "Kernel", path: int, mode: int) -> int:
    return _mknod(kernel, AT_FDCWD, read_path(kernel, path), mode)


@syscall("mknodat")
def mknodat(kernel: "Kernel", dirfd: int, path: int, mode: int) -> int:
    return _mknod(kernel, dirfd, read_path(kernel, path), mode)

"""Directories: listing, the working directory, making and removing them.

A listing is taken when reading starts (or starts over after a seek to 0) and read by index, so that
positions stay small: the 64-bit hashes some file systems use for d_off do not fit a 32-bit guest.
With a root, files of all layers are listed.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Callable

from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.state.fdtable import Entries
from dbt.linux.state.layers import Sight, Tree
from dbt.linux.state.objects import Handle
from dbt.linux.state.paths import AT_FDCWD, Paths, Place
from dbt.linux.structs import Struct, layout
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

DT_UNKNOWN, DT_FIFO, DT_CHR, DT_DIR, DT_BLK, DT_REG, DT_LNK, DT_SOCK = 0, 1, 2, 4, 6, 8, 10, 12

Entry = tuple[bytes, int, int]


def guest_inode(inode: int) -> int:
    """An inode number that fits 32 bits: C libraries refuse others without large file support."""
    return inode & 0xFFFFFFFF if inode < 1 << 32 else (inode ^ inode >> 32) & 0xFFFFFFFF


# -- listing ---------------------------------------------------------------------------------------


def list_directory(paths: Paths, tree: Tree) -> Entries:
    """Returns a function that lists an open host directory of a layer, together with the layers
    below it, as the guest sees it."""

    def entries(host_fd: int) -> list[Entry]:
        opened = Handle(host_fd, borrowed=True)
        status = opened.status()
        if status.st_nlink == 0:
            raise failure(errno.ENOENT)
        found = _scan(opened)
        seen = {name for name, _, _ in found}
        here = paths.view.stand(tree, opened)
        for other, layer in here.layers[1:]:
            if other.sight(here.guest) is Sight.ALL:
                extra = [e for e in _scan(layer) if e[0] not in seen]
                seen.update(name for name, _, _ in extra)
                found += extra
        inode = guest_inode(status.st_ino)
        return [(b".", inode, DT_DIR), (b"..", inode, DT_DIR), *found]

    return entries


def _scan(directory: Handle) -> list[Entry]:
    """The entries of a host directory without the dots."""
    with os.scandir(directory.reach) as found:
        return [(entry.name, guest_inode(entry.inode()), _type(entry)) for entry in found]


def _type(entry: "os.DirEntry[bytes]") -> int:
    if entry.is_symlink():
        return DT_LNK
    if entry.is_dir(follow_symlinks=False):
        return DT_DIR
    return DT_REG if entry.is_file(follow_symlinks=False) else DT_UNKNOWN


def list_names(names: Callable[[], list[tuple[bytes, int]]]) -> Entries:
    """Returns a function that lists a made up directory, whose names come with their types (S_IFLNK
    and so on)."""

    def entries(host_fd: int) -> list[Entry]:
        del host_fd
        found = [(b".", stat.S_IFDIR), (b"..", stat.S_IFDIR), *names()]
        return [(name, 1 + index, kind >> 12) for index, (name, kind) in enumerate(found)]

    return entries


def _record64(shape: Struct, entry: Entry, position: int) -> bytes:
    name, inode, kind = entry
    size = -(-(shape.size + len(name) + 1) // 8) * 8
    head = shape.pack(ino=inode, off=position, reclen=size, type=kind)
    return (head + name).ljust(size, b"\0")


def _record(shape: Struct, entry: Entry, position: int) -> bytes:
    name, inode, kind = entry
    size = -(-(shape.size + len(name) + 2) // 4) * 4
    head = shape.pack(ino=inode, off=position, reclen=size)
    return (head + name).ljust(size - 1, b"\0") + bytes([kind])


def _getdents(
    kernel: "Kernel", fd: int, buffer: int, size: int, record: Callable[[Entry, int], bytes]
) -> int:
    descriptor = kernel.files.get(fd)
    file = descriptor.file
    made_up = bool(file.made_up) and file.entries is not None  # nothing of the host's to read
    unknown = file.listing is None and not made_up
    if unknown and fcntl.fcntl(descriptor.host, fcntl.F_GETFL) & os.O_PATH:
        raise failure(errno.EBADF)
    if file.entries is None:
        raise failure(errno.ENOTDIR)
    if file.listing is None:
        file.listing = file.entries(descriptor.host)
    out = bytearray()
    position = file.position
    while position < len(file.listing):
        data = record(file.listing[position], position + 1)
        if len(out) + len(data) > size:
            break
        out += data
        position += 1
    if not out and position < len(file.listing):
        raise failure(errno.EINVAL)
    kernel.memory.write(buffer, bytes(out))
    file.position = position
    return len(out)


@syscall("getdents64")
def getdents64(kernel: "Kernel", fd: int, buffer: int, size: int) -> int:
    shape = layout(kernel, "dirent64")
    return _getdents(kernel, fd, buffer, size, lambda e, at: _record64(shape, e, at))


@syscall("getdents")
def getdents(kernel: "Kernel", fd: int, buffer: int, size: int) -> int:
    shape = layout(kernel, "dirent")
    return _getdents(kernel, fd, buffer, size, lambda e, at: _record(shape, e, at))


# -- the working directory -------------------------------------------------------------------------


def _enter(kernel: "Kernel", place: Place) -> int:
    if not place.is_directory:
        raise failure(errno.ENOTDIR)
    if place.handle is not None and not os.access(place.handle.reach, os.X_OK):
        raise failure(errno.EACCES)
    kernel.paths.enter(place)
    return 0


@syscall("chdir")
def chdir(kernel: "Kernel", path: int) -> int:
    return _enter(kernel, kernel.paths.existing(read_path(kernel, path)))


@syscall("fchdir")
def fchdir(kernel: "Kernel", fd: int) -> int:
    return _enter(kernel, kernel.paths.existing(b".", fd))


@syscall("getcwd")
def getcwd(kernel: "Kernel", buffer: int, size: int) -> int:
    """Returns the length with the final NUL, as the system call does."""
    text = kernel.paths.getcwd() + b"\0"
    if len(text) > size:
        raise failure(errno.ERANGE)
    kernel.memory.write(buffer, text)
    return len(text)


@syscall("chroot")
def chroot(kernel: "Kernel", path: int) -> int:
    """The guest cannot leave its root for another."""
    kernel.paths.existing(read_path(kernel, path))
    raise failure(errno.EPERM)


# -- making and removing ---------------------------------------------------------------------------


def _mkdir(kernel: "Kernel", dirfd: int, path: bytes, mode: int) -> int:
    place = kernel.paths.creatable(path, dirfd, directory=True)
    directory, name = place.parent
    os.mkdir(name, mode & 0o7777, dir_fd=directory)
    return 0


@syscall("mkdir")
def mkdir(kernel: "Kernel", path: int, mode: int) -> int:
    return _mkdir(kernel, AT_FDCWD, read_path(kernel, path), mode)


@syscall("mkdirat")
def mkdirat(kernel: "Kernel", dirfd: int, path: int, mode: int) -> int:
    return _mkdir(kernel, dirfd, read_path(kernel, path), mode)


def remove_directory(kernel: "Kernel", dirfd: int, path: bytes) -> int:
    """rmdir. EINVAL for a last component ``.``, ENOTEMPTY for ``..``, EBUSY for ``/``."""
    place = kernel.paths.entry(path, dirfd)
    if place.is_dots:
        codes = {b".": errno.EINVAL, b"..": errno.ENOTEMPTY}
        raise failure(codes.get(place.name, errno.EBUSY))
    if not place.exists:
        raise failure(errno.ENOENT)
    if not stat.S_ISDIR(place.mode):
        raise failure(errno.ENOTDIR)
    place.require_removal()
    directory, name = place.parent
    os.rmdir(name, dir_fd=directory)
    return 0


@syscall("rmdir")
def rmdir(kernel: "Kernel", path: int) -> int:
    return remove_directory(kernel, AT_FDCWD, read_path(kernel, path))

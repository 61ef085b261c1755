"""Opening and closing files, their size, and getting them onto the disk."""

import errno
import os
import stat
import struct
from functools import partial

from dbt.interfaces import PAGE
from dbt.linux import host
from dbt.linux.calls import fifos
from dbt.linux.calls.directories import list_directory, list_names
from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.state.fdtable import OpenFile
from dbt.linux.state.objects import Handle, duplicate
from dbt.linux.state.paths import AT_FDCWD, Place, Virtual
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_WRITES = os.O_TRUNC
_NAMING = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
"""Flags that decide what a name may mean. The look-up has obeyed them; the host is not given
them."""
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags that mean something beside O_PATH (O_PATH_FLAGS in include/linux/fcntl.h)."""
_OPEN_HOW = struct.Struct("<QQQ")  # flags, mode, resolve
_NEW = os.O_NOFOLLOW | os.O_CLOEXEC


def open_guest(kernel: "Kernel", dirfd: int, path: bytes, guest_flags: int, mode: int) -> int:
    """open and openat: a new guest descriptor. ``guest_flags`` as the guest numbers them."""
    flags = kernel.abi.open_flags_to_host(guest_flags)
    if flags & os.O_PATH:
        flags &= _PLACE
    if flags & os.O_TMPFILE == os.O_TMPFILE:
        host_fd, file = _open_unnamed(kernel, kernel.paths.existing(path, dirfd), flags, mode)
        return kernel.files.add(host_fd, file, cloexec=bool(flags & os.O_CLOEXEC))
    follow = not flags & os.O_NOFOLLOW and flags & (os.O_CREAT | os.O_EXCL) != (
        os.O_CREAT | os.O_EXCL
    )
    create = bool(flags & os.O_CREAT)
    place = kernel.paths.resolve(path, dirfd, follow=follow, create=create, new=create)
    if not place.exists and not create:
        raise failure(errno.ENOENT)
    finish = partial(kernel.files.add, cloexec=bool(flags & os.O_CLOEXEC))
    if fifos.waits(kernel, place, flags):
        kernel.files.lowest()
        opened = partial(open_place, kernel, place, mode=mode)
        return fifos.Opening(kernel, flags, opened, finish)()
    return finish(*open_place(kernel, place, flags, mode))


def open_place(kernel: "Kernel", place: Place, flags: int, mode: int) -> tuple[int, OpenFile]:
    """Open what a path means; the host descriptor and what to remember of it."""
    if place.exists and flags & (os.O_CREAT | os.O_EXCL) == (os.O_CREAT | os.O_EXCL):
        raise failure(errno.EEXIST)
    if place.virtual is not None:
        return _open_virtual(kernel, place, place.virtual, flags)
    if place.device:
        return _open_object(place.object, flags & ~os.O_TRUNC), OpenFile(made_up=place.guest)
    _check_open(place, flags)
    if place.handle is not None:
        fd = _open_object(place.handle, flags)
    else:
        directory, name = place.parent
        fd = host.call("openat", directory, name, flags | _NEW, mode & 0o7777)
    if flags & os.O_TRUNC:
        kernel.space.resized(fd)
    if place.tree is None:
        return fd, OpenFile(made_up=place.guest)
    file = OpenFile(place.tree, changeable=place.changeable)
    if place.is_directory:
        file.entries = list_directory(kernel.paths, place.tree)
    return fd, file


def _open_unnamed(
    kernel: "Kernel", directory: Place, flags: int, mode: int
) -> tuple[int, OpenFile]:
    """O_TMPFILE: a new file in a directory, without a name until linkat gives it one."""
    if flags & os.O_ACCMODE == os.O_RDONLY or flags & os.O_CREAT:
        raise failure(errno.EINVAL)
    if not directory.is_directory:
        raise failure(errno.ENOTDIR)
    place = kernel.paths.view.vacant(directory.here, b"#")
    place.require_change()
    parent, _ = place.parent
    fd = host.call("openat", parent, b".", flags & ~os.O_NOFOLLOW | os.O_CLOEXEC, mode & 0o7777)
    return fd, OpenFile(place.tree, changeable=True)


def _open_object(found: Handle, flags: int) -> int:
    """Open the very file that was looked up."""
    if stat.S_ISLNK(found.status().st_mode):
        _check_link(flags)
        return duplicate(found.fd)
    safe = flags & ~_NAMING | os.O_CLOEXEC
    return host.call("openat", AT_FDCWD, found.reach, safe, 0)


def _check_link(flags: int) -> None:
    """Refuse to open a link that was not followed, unless it is opened as a place (O_PATH).
    ENOTDIR, ELOOP."""
    if flags & os.O_DIRECTORY:
        raise failure(errno.ENOTDIR)
    if not flags & os.O_PATH:
        raise failure(errno.ELOOP)


def _check_open(place: Place, flags: int) -> None:
    wants = flags & os.O_ACCMODE != os.O_RDONLY or flags & _WRITES
    if place.is_directory and (wants or flags & os.O_CREAT) and not flags & os.O_PATH:
        raise failure(errno.EISDIR)
    if stat.S_ISCHR(place.mode) or stat.S_ISBLK(place.mode):
        raise failure(errno.EACCES)
    if not place.readable and not flags & os.O_PATH:
        raise failure(errno.EACCES)
    if not place.exists or (wants and not flags & os.O_PATH):
        place.require_change()


def _open_virtual(
    kernel: "Kernel", place: Place, virtual: Virtual, flags: int
) -> tuple[int, OpenFile]:
    if stat.S_ISLNK(virtual.mode):
        _check_link(flags)
        fd = os.open("/proc/self", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)  # any link
        return fd, OpenFile(made_up=place.guest)
    if place.descriptor is not None:
        return _reopen(kernel, place.descriptor, flags)
    writes = flags & os.O_ACCMODE != os.O_RDONLY
    if (writes or flags & os.O_TRUNC) and virtual.sink is None:
        raise failure(errno.EISDIR if virtual.names is not None else errno.EACCES)
    if virtual.names is not None:
        fd = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        entries = None if flags & os.O_PATH else list_names(virtual.names)
        return fd, OpenFile(made_up=place.guest, entries=entries)
    if flags & os.O_DIRECTORY:
        raise failure(errno.ENOTDIR)
    assert virtual.content is not None
    fd = os.memfd_create("proc", os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as file:
        file.write(virtual.content())
    try:
        mode = flags & os.O_ACCMODE | os.O_CLOEXEC
        again = os.open(f"/proc/self/fd/{fd}", mode)
        return again, OpenFile(made_up=place.guest, sink=virtual.sink if writes else None)
    finally:
        os.close(fd)


def _reopen(kernel: "Kernel", descriptor: int, flags: int) -> tuple[int, OpenFile]:
    """Open /proc/self/fd/N of a pipe or of something inherited: no more access than it has."""
    found = kernel.files.get(descriptor)
    held = os.O_ACCMODE & host.call("fcntl", found.host, 3, 0)
    wanted = flags & os.O_ACCMODE
    if held not in (os.O_RDWR, wanted) or (flags & os.O_TRUNC and wanted == os.O_RDONLY):
        raise failure(errno.EACCES)
    fd = _open_object(Handle(found.host, borrowed=True), flags)
    if flags & os.O_TRUNC:
        kernel.space.resized(fd)
    return fd, OpenFile()


@syscall("open")
def open_(kernel: "Kernel", path: int, flags: int, mode: int) -> int:
    return open_guest(kernel, AT_FDCWD, read_path(kernel, path), flags, mode)


@syscall("openat")
def openat(kernel: "Kernel", dirfd: int, path: int, flags: int, mode: int) -> int:
    return open_guest(kernel, dirfd, read_path(kernel, path), flags, mode)


@syscall("openat2")
def openat2(kernel: "Kernel", dirfd: int, path: int, how: int, size: int) -> int:
    """open with its arguments in memory, which takes no unknown flags (fs/open.c). Restrictions of
    the look-up (``resolve``) are not there: EINVAL."""
    if size < _OPEN_HOW.size:
        raise failure(errno.EINVAL)
    if size > PAGE:
        raise failure(errno.E2BIG)
    raw = kernel.memory.read(how, size)
    if any(raw[_OPEN_HOW.size :]):
        raise failure(errno.E2BIG)
    flags, mode, resolve = _OPEN_HOW.unpack_from(raw)
    host_flags = kernel.abi.open_flags_to_host(flags & 0xFFFFFFFF)
    creates = host_flags & os.O_CREAT or host_flags & os.O_TMPFILE == os.O_TMPFILE
    known = os.O_ACCMODE | kernel.abi.open_flags_from_host(os.O_ASYNC)
    for _, bit in kernel.abi.open_flag_names():
        known |= bit
    if flags & ~known or mode & ~0o7777 or (mode and not creates):
        raise failure(errno.EINVAL)
    if resolve:
        kernel.unknown_syscalls["restricted look-ups (openat2 with RESOLVE_...)"] += 1
        raise failure(errno.EINVAL)
    return open_guest(kernel, dirfd, read_path(kernel, path), flags, mode)


@syscall("creat")
def creat(kernel: "Kernel", path: int, mode: int) -> int:
    flags = kernel.abi.open_flags_from_host(os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    return open_guest(kernel, AT_FDCWD, read_path(kernel, path), flags, mode)


@syscall("close")
def close(kernel: "Kernel", fd: int) -> int:
    kernel.files.close(fd)
    return 0


@syscall("close_range")
def close_range(kernel: "Kernel", first: int, last: int, flags: int) -> int:
    if first > last or flags & ~4:
        raise failure(errno.EINVAL)
    for fd in [fd for fd in kernel.files if first <= fd <= last]:
        if flags:
            kernel.files.get(fd).cloexec = True
        else:
            kernel.files.close(fd)
    return 0


# -- size ------------------------------------------------------------------------------------------


def _truncate(kernel: "Kernel", path: int, length: int) -> int:
    if length < 0:
        raise failure(errno.EINVAL)
    place = kernel.paths.existing(read_path(kernel, path))
    if place.is_directory:
        raise failure(errno.EISDIR)
    if not stat.S_ISREG(place.mode):  # to open a FIFO would wait for its reader
        raise failure(errno.EINVAL)
    place.require_change()
    fd, _ = open_place(kernel, place, os.O_WRONLY, 0)
    try:
        os.ftruncate(fd, length)
        kernel.space.resized(fd)
    finally:
        os.close(fd)
    return 0


@syscall("truncate")
def truncate(kernel: "Kernel", path: int, length: int) -> int:
    return _truncate(kernel, path, length)


@syscall("truncate64")
def truncate64(kernel: "Kernel", path: int, length: int) -> int:
    return _truncate(kernel, path, length)


def _ftruncate(kernel: "Kernel", fd: int, length: int) -> int:
    found = kernel.files.host_fd(fd)
    host.call("ftruncate", found, length)
    kernel.space.resized(found)
    return 0


@syscall("ftruncate")
def ftruncate(kernel: "Kernel", fd: int, length: int) -> int:
    return _ftruncate(kernel, fd, length)


@syscall("ftruncate64")
def ftruncate64(kernel: "Kernel", fd: int, length: int) -> int:
    return _ftruncate(kernel, fd, length)


@syscall("fallocate")
def fallocate(kernel: "Kernel", fd: int, mode: int, offset: int, length: int) -> int:
    found = kernel.files.host_fd(fd)
    host.call("fallocate", found, mode, offset, length)
    kernel.space.resized(found)
    return 0


# -- synchronisation and advice --------------------------------------------------------------------


@syscall("fsync")
def fsync(kernel: "Kernel", fd: int) -> int:
    return host.call("fsync", kernel.files.host_fd(fd))


@syscall("fdatasync")
def fdatasync(kernel: "Kernel", fd: int) -> int:
    return host.call("fdatasync", kernel.files.host_fd(fd))


@syscall("sync")
def sync(kernel: "Kernel") -> int:
    """Only the guest's own files: a whole-system sync is not the guest's to ask for."""
    for fd in kernel.files:
        try:
            os.fsync(kernel.files.host_fd(fd))
        except OSError:
            continue
    return 0


@syscall("syncfs")
def syncfs(kernel: "Kernel", fd: int) -> int:
    return host.call("syncfs", kernel.files.host_fd(fd))


@syscall("sync_file_range2", "arm_sync_file_range")
def sync_file_range2(kernel: "Kernel", fd: int, flags: int, offset: int, length: int) -> int:
    return host.call("sync_file_range", kernel.files.host_fd(fd), offset, length, flags)


@syscall("arm_fadvise64_64", "fadvise64_64")
def fadvise64_64(kernel: "Kernel", fd: int, advice: int, offset: int, length: int) -> int:
    """The argument order that keeps the pairs aligned without holes (arm_fadvise64_64)."""
    found = kernel.files.host_fd(fd)
    error = host.call("posix_fadvise", found, offset, length, advice)
    if error:
        raise failure(error)
    return 0


@syscall("readahead")
def readahead(kernel: "Kernel", fd: int, offset: int, count: int) -> int:
    return host.call("readahead", kernel.files.host_fd(fd), offset, count)

"""Host files held by descriptor: what look-up finds, and what later use acts on.

A name can come to mean another file between two calls; a descriptor cannot. So whatever is looked
up is opened with O_PATH and used through that descriptor.
"""

import errno
import fcntl
import os
import resource
import struct

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.stops import UsageError

FIRST_HOST_FD = 64
"""Descriptors that are kept start here, away from the translator's own standard files."""
_FEWEST = 128
"""The limit on descriptors (RLIMIT_NOFILE) that is enough to load any program."""

_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_RESOLVE_NO_SYMLINKS = 0x04
_DIRECTORY_WITHOUT_LINKS = struct.pack(
    "=QQQ", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, 0, _RESOLVE_NO_SYMLINKS
)
_DELETED = b" (deleted)"


class Handle:
    """A host descriptor, closed together with this object unless it was ``borrowed``."""

    __slots__ = ("_owned", "fd")

    def __init__(self, fd: int, *, borrowed: bool = False) -> None:
        self.fd = fd
        self._owned = not borrowed

    def __del__(self) -> None:
        if self._owned:
            os.close(self.fd)

    @property
    def reach(self) -> bytes:
        """A host path that leads to exactly this file, also when it has no name any more."""
        return b"/proc/self/fd/%d" % self.fd

    def keep(self) -> "Handle":
        """A handle of its own, O_PATH, under a high number: for what outlives the call."""
        again = os.open(self.reach, os.O_PATH | os.O_CLOEXEC)
        try:
            return Handle(duplicate(again))
        finally:
            os.close(again)

    def status(self) -> os.stat_result:
        """The file's status."""
        return os.fstat(self.fd)


def require_descriptors() -> None:
    """Raise UsageError when the host gives too few descriptors to load a program."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= limit < _FEWEST:  # -1 is no limit
        raise UsageError(
            f"too few descriptors: ulimit -n must be {_FEWEST} or more, and is {limit}"
        )


def duplicate(fd: int) -> int:
    """A second descriptor for what a host descriptor is open on, under a high number. EMFILE, also
    when the limit on descriptors lies below those numbers."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_HOST_FD)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise failure(errno.EMFILE) from None


def open_object(name: bytes, directory: Handle | None = None) -> Handle:
    """Open what a name in a directory means; a link itself, not where it leads. OSError."""
    return Handle(os.open(name, _PATH, dir_fd=None if directory is None else directory.fd))


def open_below(directory: Handle, path: bytes) -> Handle | None:
    """Open the directory at a relative path; None when there is none. ELOOP or ENOTDIR when there
    is a link in it."""
    fd = host.openat2(directory.fd, path, _DIRECTORY_WITHOUT_LINKS)
    if fd >= 0:
        return Handle(fd)
    if fd == -errno.ENOENT:
        return None
    if -fd not in (errno.ENOSYS, errno.EPERM):
        raise failure(-fd)
    try:
        return open_by_steps(directory, path)
    except FileNotFoundError:
        return None


def open_by_steps(directory: Handle, path: bytes) -> Handle:
    """``open_below`` where the host has no openat2: one name at a time."""
    for name in path.split(b"/"):
        directory = Handle(os.open(name, _PATH | os.O_DIRECTORY, dir_fd=directory.fd))
    return directory


def where(handle: Handle) -> tuple[bytes, bool]:
    """The host path where an open file lies now, and whether that name was removed."""
    path = os.readlink(handle.reach)
    if not path.endswith(_DELETED):
        return path, False
    try:
        if os.path.samestat(os.lstat(path), handle.status()):
            return path, False  # a name that ends like this
    except OSError:
        pass
    return path[: -len(_DELETED)], True

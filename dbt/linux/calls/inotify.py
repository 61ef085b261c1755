"""inotify, made of the host's.

A watch is on the file that a look-up has reached; of a directory that several layers show, on the
first one's. Events are the same for guest and host.
"""

import errno
import os

from dbt.linux import host
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.guestio import read_path
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_IN_DONT_FOLLOW, _IN_ONLYDIR = 0x02000000, 0x01000000
_IN_MASK_ADD, _IN_MASK_CREATE = 0x20000000, 0x10000000


@syscall("inotify_init")
def inotify_init(kernel: "Kernel") -> int:
    return inotify_init1(kernel, 0)


@syscall("inotify_init1")
def inotify_init1(kernel: "Kernel", guest_flags: int) -> int:
    flags = only_flags(kernel, guest_flags)
    fd = host.call("inotify_init1", flags | os.O_CLOEXEC)
    return kernel.files.add(fd, cloexec=bool(flags & os.O_CLOEXEC))


@syscall("inotify_add_watch")
def inotify_add_watch(kernel: "Kernel", fd: int, path: int, mask: int) -> int:
    """Watch a file that the guest may read. Made up files have no events: EACCES."""
    if not mask or (mask & _IN_MASK_ADD and mask & _IN_MASK_CREATE):
        raise failure(errno.EINVAL)
    host_fd = kernel.files.host_fd(fd)
    place = kernel.paths.existing(read_path(kernel, path), follow=not mask & _IN_DONT_FOLLOW)
    if mask & _IN_ONLYDIR and not place.is_directory:
        raise failure(errno.ENOTDIR)
    if not place.readable:
        raise failure(errno.EACCES)
    return host.call("inotify_add_watch", host_fd, place.object.reach, mask & ~_IN_DONT_FOLLOW)


@syscall("inotify_rm_watch")
def inotify_rm_watch(kernel: "Kernel", fd: int, watch: int) -> int:
    return host.call("inotify_rm_watch", kernel.files.host_fd(fd), watch)

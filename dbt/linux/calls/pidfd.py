"""Descriptors of processes (kernel/pid.c, kernel/signal.c): of the guest's, and no others."""

import errno
import os

from dbt.linux.calls.signals import kill, rt_sigqueueinfo
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.state import targets
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


@syscall("pidfd_open")
def pidfd_open(kernel: "Kernel", pid: int, guest_flags: int) -> int:
    """A descriptor that is readable once a process has ended."""
    flags = only_flags(kernel, guest_flags, os.O_NONBLOCK)
    is_thread = pid != os.getpid() and kernel.threads.get(pid) is not None
    if pid <= 0 or is_thread:
        raise failure(errno.EINVAL)
    fd = os.pidfd_open(pid, flags)
    try:
        targets.check(kernel, pid)  # after the opening: from then on the number is not used again
    except OSError:
        os.close(fd)
        raise
    return kernel.files.add(fd, cloexec=True)


@syscall("pidfd_send_signal")
def pidfd_send_signal(kernel: "Kernel", fd: int, number: int, info: int, flags: int) -> int:
    if flags:
        raise failure(errno.EINVAL)
    pid = targets.pid_of(kernel.files.host_fd(fd))
    if info:
        if kernel.memory.load(info, 4) != number & 0xFFFFFFFF:
            raise failure(errno.EINVAL)
        return rt_sigqueueinfo(kernel, pid, number, info)
    return kill(kernel, pid, number)

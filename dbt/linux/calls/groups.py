"""Process ids, groups and sessions."""

import errno
import os

from dbt.linux.errors import failure
from dbt.linux.state import targets
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


@syscall("getpid")
def getpid(kernel: "Kernel") -> int:
    """The process."""
    del kernel
    return os.getpid()


@syscall("gettid")
def gettid(kernel: "Kernel") -> int:
    """The thread."""
    return kernel.thread


@syscall("getppid")
def getppid(kernel: "Kernel") -> int:
    """The parent."""
    del kernel
    return os.getppid()


@syscall("getpgrp")
def getpgrp(kernel: "Kernel") -> int:
    """The process group."""
    del kernel
    return os.getpgrp()


@syscall("getpgid")
def getpgid(kernel: "Kernel", pid: int) -> int:
    """A process's group."""
    return os.getpgid(targets.check(kernel, pid))


@syscall("setpgid")
def setpgid(kernel: "Kernel", pid: int, group: int) -> int:
    """Move a process to a group: to its own, or to one that a process of the guest is in. A thread
    that is not the first one of its process gives EINVAL."""
    if group < 0 or (pid != os.getpid() and kernel.threads.get(pid) is not None):
        raise failure(errno.EINVAL)
    if pid != os.getpid() and pid not in (0, *(child.pid for child in kernel.process.children)):
        raise failure(errno.ESRCH)
    if group not in (0, pid or os.getpid()):
        targets.check_group(kernel, group)
    os.setpgid(pid, group)
    return 0


@syscall("getsid")
def getsid(kernel: "Kernel", pid: int) -> int:
    """A process's session."""
    return os.getsid(targets.check(kernel, pid))


@syscall("setsid")
def setsid(kernel: "Kernel") -> int:
    """Start a session."""
    del kernel
    os.setsid()
    return os.getpid()

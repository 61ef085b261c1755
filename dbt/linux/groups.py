"""Process ids, groups and sessions."""

import errno
import os
from typing import TYPE_CHECKING

from dbt.linux import targets
from dbt.linux.table import S32, syscall

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


@syscall("getpid", "gettid")
def getpid(kernel: "Kernel") -> int:
    """The process, which is its only thread too."""
    del kernel
    return os.getpid()


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
def getpgid(kernel: "Kernel", pid: S32) -> int:
    """A process's group."""
    del kernel
    return os.getpgid(pid)


@syscall("setpgid")
def setpgid(kernel: "Kernel", pid: S32, group: S32) -> int:
    """Move a process to a group. ESRCH for one that is not the guest's."""
    if pid and not targets.belongs(kernel, pid):
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    os.setpgid(pid, group)
    return 0


@syscall("getsid")
def getsid(kernel: "Kernel", pid: S32) -> int:
    """A process's session."""
    del kernel
    return os.getsid(pid)


@syscall("setsid")
def setsid(kernel: "Kernel") -> int:
    """Start a session."""
    del kernel
    os.setsid()
    return os.getpid()

"""Which processes a guest may send signals to: those that its own first process started."""

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


def _status(pid: int) -> tuple[int, int]:
    """Parent and process group of a process, (0, 0) when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[1]), int(fields[2])


def belongs(kernel: "Kernel", pid: int) -> bool:
    """True for the guest's first process and its descendants."""
    first = kernel.process.first_pid
    while pid > 1:
        if pid == first or pid in kernel.process.children:
            return True
        pid = _status(pid)[0]
    return False


def _all() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def chosen(kernel: "Kernel", pid: int) -> list[int]:
    """The processes that ``kill(pid)`` means. ESRCH, EPERM."""
    if pid > 0:
        if pid != os.getpid() and not belongs(kernel, pid):
            os.kill(pid, 0)  # ESRCH when there is none
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        return [pid]
    if pid == -1:
        found = [p for p in _all() if p != os.getpid() and belongs(kernel, p)]
    else:
        group = -pid or os.getpgrp()
        found = [p for p in _all() if _status(p)[1] == group and belongs(kernel, p)]
    if not found:
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    return found

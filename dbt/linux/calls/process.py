"""A process and its one thread: exit, the thread pointer, lists that threads register."""

import errno
import os
from typing import TYPE_CHECKING

from dbt.linux.errors import Leave, failure
from dbt.linux.table import syscall
from dbt.stops import Exited

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


@syscall("exit", "exit_group")
def exit_(kernel: "Kernel", status: int) -> int:
    """End the process."""
    del kernel
    raise Leave(Exited(status & 0xFF))


@syscall("set_tid_address")
def set_tid_address(kernel: "Kernel", address: int) -> int:
    """Where exit clears the thread id; no thread is left to look there."""
    kernel.process.clear_child_tid = address
    return os.getpid()


@syscall("set_robust_list")
def set_robust_list(kernel: "Kernel", head: int, size: int) -> int:
    """Remember the list of held locks."""
    if size != 12:
        raise failure(errno.EINVAL)
    kernel.process.robust_list = head
    return 0


@syscall("get_robust_list")
def get_robust_list(kernel: "Kernel", pid: int, head: int, size: int) -> int:
    """What set_robust_list kept."""
    if pid not in (0, os.getpid()):
        raise failure(errno.EPERM)
    kernel.memory.store(head, 4, kernel.process.robust_list)
    kernel.memory.store(size, 4, 12)
    return 0


@syscall("ARM_set_tls")
def set_tls(kernel: "Kernel", value: int) -> int:
    """Set the thread pointer."""
    kernel.abi.set_thread_pointer(kernel.state, value)
    return 0


@syscall("ARM_get_tls")
def get_tls(kernel: "Kernel") -> int:
    """The thread pointer."""
    return kernel.abi.thread_pointer(kernel.state)


@syscall("ARM_usr26", "ARM_usr32")
def user_mode(kernel: "Kernel", first: int) -> int:
    """Switch to the 26-bit mode (not there) or to the 32-bit mode: r0 stays as it is."""
    del kernel
    return first


@syscall("rseq")
def rseq(kernel: "Kernel") -> int:
    """Restartable sequences are not there; libc expects this answer."""
    del kernel
    raise failure(errno.ENOSYS)

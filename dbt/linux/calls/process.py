"""The threads of a process: exit, thread pointers, lists that threads register."""

import errno
import os

from dbt.linux.errors import Leave, ThreadExit, failure
from dbt.linux.state import robust
from dbt.linux.table import syscall
from dbt.stops import Exited
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread


@syscall("exit")
def exit_(kernel: "Kernel", status: int) -> int:
    """End the thread. With the last one the process ends, with the status of its first thread."""
    threads = kernel.threads
    if threads.current.tid == os.getpid():
        threads.status = status & 0xFF
    robust.leave(kernel)
    if not threads.others:
        raise Leave(Exited(status & 0xFF if threads.status is None else threads.status))
    threads.end()
    raise ThreadExit


@syscall("exit_group")
def exit_group(kernel: "Kernel", status: int) -> int:
    """End the process."""
    robust.leave_all(kernel)
    raise Leave(Exited(status & 0xFF))


@syscall("set_tid_address")
def set_tid_address(kernel: "Kernel", address: int) -> int:
    """Where the thread's exit stores a zero and wakes a waiter."""
    kernel.threads.current.clear_child_tid = address
    return kernel.thread


@syscall("set_robust_list")
def set_robust_list(kernel: "Kernel", head: int, size: int) -> int:
    """Remember the list of held locks."""
    if size != 12:
        raise failure(errno.EINVAL)
    kernel.threads.current.robust_list = head
    return 0


@syscall("get_robust_list")
def get_robust_list(kernel: "Kernel", pid: int, head: int, size: int) -> int:
    """What set_robust_list kept."""
    thread: Thread | None = kernel.threads.get(pid) if pid else kernel.threads.current
    if thread is None:
        raise failure(errno.EPERM)
    kernel.memory.store(head, 4, thread.robust_list)
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

"""The resource limits of a process."""

import errno
import os
import resource

from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

STACK, CORE, NPROC, NOFILE, AS, DATA = 3, 4, 6, 7, 9, 2
LIMITS = 16
UNLIMITED = (1 << 64) - 1
_HIGHEST = 4096  # open files


def limit(kernel: "Kernel", number: int) -> tuple[int, int]:
    """Soft and hard limit, 64-bit. Those of open files, address space, data, locked memory, the
    next program's stack, processes, nice values and real-time priorities are enforced, others only
    kept."""
    if not 0 <= number < LIMITS:
        raise failure(errno.EINVAL)
    if number in kernel.process.limits:
        return kernel.process.limits[number]
    if number == STACK:
        return kernel.options.stack_size, UNLIMITED
    if number == NOFILE:
        return kernel.files.limit, _HIGHEST
    if number in (AS, DATA):
        return UNLIMITED, UNLIMITED
    soft, hard = resource.getrlimit(number)
    return soft & UNLIMITED, hard & UNLIMITED


def check_processes(kernel: "Kernel") -> None:
    """EAGAIN when there are as many threads and processes as the guest's own limit allows. Those of
    the guest count, and no others of the user. Root has no limit (kernel/fork.c: copy_process)."""
    if NPROC not in kernel.process.limits or os.getuid() == 0:
        return
    others = [pid for pid in kernel.process.tree.pids() if pid != os.getpid()]
    if len(kernel.threads) + len(others) >= limit(kernel, NPROC)[0]:
        raise failure(errno.EAGAIN)


def set_limit(kernel: "Kernel", number: int, soft: int, hard: int) -> None:
    """EINVAL, EPERM (only lowering the hard limit is allowed)."""
    if soft > hard:
        raise failure(errno.EINVAL)
    if hard > limit(kernel, number)[1]:
        raise failure(errno.EPERM)
    kernel.process.limits[number] = (soft, hard)
    if number == NOFILE:
        kernel.files.limit = min(soft, _HIGHEST)

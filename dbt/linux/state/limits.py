"""The resource limits of a process."""

import errno
import resource

from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

STACK, CORE, NOFILE, AS, DATA = 3, 4, 7, 9, 2
LIMITS = 16
UNLIMITED = (1 << 64) - 1
_HIGHEST = 4096  # open files


def limit(kernel: "Kernel", number: int) -> tuple[int, int]:
    """Soft and hard limit, 64-bit. Those of open files, address space, data, locked memory, the
    next program's stack, nice values and real-time priorities are enforced, others only kept."""
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


def set_limit(kernel: "Kernel", number: int, soft: int, hard: int) -> None:
    """EINVAL, EPERM (only lowering the hard limit is allowed)."""
    if soft > hard:
        raise failure(errno.EINVAL)
    if hard > limit(kernel, number)[1]:
        raise failure(errno.EPERM)
    kernel.process.limits[number] = (soft, hard)
    if number == NOFILE:
        kernel.files.limit = min(soft, _HIGHEST)

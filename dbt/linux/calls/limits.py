"""Calls on resource limits (kernel/sys.c)."""

import errno
import os
import struct

from dbt.linux.errors import failure
from dbt.linux.state import targets
from dbt.linux.state.limits import UNLIMITED, limit, set_limit
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


def _narrow(value: int, infinity: int) -> int:
    return min(value, infinity)


def _get(kernel: "Kernel", number: int, address: int, infinity: int) -> int:
    pair = (_narrow(value, infinity) for value in limit(kernel, number))
    kernel.memory.write(address, struct.pack("<II", *pair))
    return 0


@syscall("ugetrlimit")
def ugetrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """A limit in 32 bits."""
    return _get(kernel, number, address, 0xFFFFFFFF)


@syscall("getrlimit")
def old_getrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """A limit in 31 bits."""
    return _get(kernel, number, address, 0x7FFFFFFF)


@syscall("setrlimit")
def setrlimit(kernel: "Kernel", number: int, address: int) -> int:
    """Set a limit."""
    soft, hard = struct.unpack("<II", kernel.memory.read(address, 8))
    wide = [UNLIMITED if value == 0xFFFFFFFF else value for value in (soft, hard)]
    set_limit(kernel, number, *wide)
    return 0


@syscall("prlimit64")
def prlimit64(kernel: "Kernel", pid: int, number: int, new: int, old: int) -> int:
    """Get and set a limit of this process."""
    if targets.check(kernel, pid) != os.getpid():
        raise failure(errno.EPERM)
    before = limit(kernel, number)
    wanted = struct.unpack("<QQ", kernel.memory.read(new, 16)) if new else None
    if wanted is not None:
        set_limit(kernel, number, *wanted)
    if old:
        kernel.memory.write(old, struct.pack("<QQ", *before))
    return 0

"""The OABI's call for all calls on sockets, which takes its arguments in memory
(arch/arm/kernel/sys_oabi-compat.c: sys_oabi_socketcall)."""

import errno
import struct

from dbt.linux import calls
from dbt.linux.errors import failure
from dbt.linux.table import syscall
from dbt.linux.typed.model import read
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_CALLS = (
    ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3), ("getsockname", 3),
    ("getpeername", 3), ("socketpair", 4), ("send", 4), ("recv", 4), ("sendto", 6),
    ("recvfrom", 6), ("shutdown", 2), ("setsockopt", 5), ("getsockopt", 5), ("sendmsg", 3),
    ("recvmsg", 3), ("accept4", 4), ("recvmmsg", 5), ("sendmmsg", 4),
)  # fmt: skip
"""Names and numbers of arguments, of call 1 and on (include/uapi/linux/net.h)."""


@syscall("socketcall")
def socketcall(kernel: "Kernel", call: int, arguments: int) -> int:
    if not 1 <= call <= len(_CALLS):
        raise failure(errno.EINVAL)
    name, count = _CALLS[call - 1]
    words = struct.unpack(f"<{count}I", kernel.memory.read(arguments, 4 * count))
    entry = calls.entry(name)
    assert entry is not None
    return entry.handler(kernel, *read(entry.packed, words).values())

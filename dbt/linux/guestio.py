"""Guest buffers for host system calls, without copying and with the kernel's exact EFAULT.

The host kernel moves the bytes itself. Where the guest has no access, it is handed the guard page
after the guest's space instead, so that it decides as for a native program: EBADF or end of file
before EFAULT, and a short count when the first pages are good.
"""

import errno
import struct

from dbt.linux.errors import failure
from dbt.runtime.memory import SPACE
from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

MAX_COUNT = 0x7FFFF000  # MAX_RW_COUNT
IOV_MAX = 1024
PATH_MAX = 4096
"""Bytes of a path, the NUL at its end included."""

Span = tuple[int, int]


def spans(kernel: "Kernel", address: int, size: int, *, writable: bool) -> list[Span]:
    """(host address, size) of the accessible start of a guest buffer, then of the rest, whose host
    address is in the guard page."""
    guard = kernel.memory.base + SPACE
    if address + size > SPACE:
        return [(guard, size)]
    if size > 0x7FFFFFFF:
        raise failure(errno.EINVAL)
    size = min(size, MAX_COUNT)
    here = kernel.memory.base + address
    try:
        kernel.memory.view(address, size, writable=writable).release()
    except GuestFault as fault:
        good = fault.address - address
        if good <= 0:
            return [(guard, size)]
        kernel.memory.view(address, good, writable=writable).release()
        return [(here, good), (guard, size - good)]
    return [(here, size)]


def pack_iovec(parts: list[Span]) -> bytes:
    """Spans as the host's ``struct iovec`` array."""
    return b"".join(struct.pack("=QQ", *part) for part in parts)


def read_vector(kernel: "Kernel", address: int, count: int) -> list[tuple[int, int]]:
    """The guest's iovec array: addresses and sizes. EINVAL, EFAULT as in import_iovec."""
    if count > IOV_MAX:
        raise failure(errno.EINVAL)
    words = struct.unpack(f"<{2 * count}I", kernel.memory.read(address, 8 * count))
    pairs = list(zip(words[::2], words[1::2], strict=True))
    if any(size > 0x7FFFFFFF for _, size in pairs):
        raise failure(errno.EINVAL)
    if any(base + size > SPACE for base, size in pairs):
        raise failure(errno.EFAULT)
    return pairs


def read_iovec(kernel: "Kernel", address: int, count: int, *, writable: bool) -> list[Span]:
    """The same as host spans."""
    out: list[Span] = []
    for base, size in read_vector(kernel, address, count):
        parts = spans(kernel, base, size, writable=writable)
        out += parts
        if len(parts) > 1 or parts[0][0] == kernel.memory.base + SPACE:
            break
    return out[:IOV_MAX]


def read_path(kernel: "Kernel", address: int) -> bytes:
    """A path argument. Raises GuestFault; ENAMETOOLONG (fs/namei.c: getname)."""
    try:
        return kernel.memory.cstring(address, PATH_MAX)
    except ValueError:
        raise failure(errno.ENAMETOOLONG) from None

"""Reading and writing guest times: 32-bit and 64-bit timespecs and timevals."""

import errno
import struct

from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

NANO = 1_000_000_000
_NARROW, _WIDE = struct.Struct("<ii"), struct.Struct("<qq")


def read_nanoseconds(kernel: "Kernel", address: int, *, wide: bool) -> int:
    """A timespec as nanoseconds. EINVAL for negative or unnormalized ones."""
    shape = _WIDE if wide else _NARROW
    seconds, nanoseconds = shape.unpack(kernel.memory.read(address, shape.size))
    if wide:
        nanoseconds = (nanoseconds + (1 << 31) & 0xFFFFFFFF) - (1 << 31)  # upper half is padding
    if seconds < 0 or not 0 <= nanoseconds < NANO:
        raise failure(errno.EINVAL)
    return int(seconds * NANO + nanoseconds)


def read_timespec(kernel: "Kernel", address: int, *, wide: bool) -> float | None:
    """A relative time in seconds; None for a null pointer."""
    return read_nanoseconds(kernel, address, wide=wide) / NANO if address else None


def pack_timespec(nanoseconds: int, *, wide: bool) -> bytes:
    """A timespec. Seconds that are too large for a narrow one wrap, as in Linux."""
    seconds, rest = divmod(nanoseconds, NANO)
    if wide:
        return _WIDE.pack(seconds, rest)
    return struct.pack("<II", seconds & 0xFFFFFFFF, rest)


def pack_timeval(microseconds: int) -> bytes:
    """An old timeval: two 32-bit words."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return struct.pack("<II", seconds & 0xFFFFFFFF, rest)


def read_timeval(kernel: "Kernel", address: int) -> int:
    """An old timeval in microseconds. EINVAL when it is not normalized."""
    seconds, rest = _NARROW.unpack(kernel.memory.read(address, 8))
    if seconds < 0 or not 0 <= rest < 1_000_000:
        raise failure(errno.EINVAL)
    return int(seconds * 1_000_000 + rest)

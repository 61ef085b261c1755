"""Address space that is reserved whole and committed by the host page by page.

It is given back with its last user: views of it keep it alive.
"""

import contextlib
import ctypes
import mmap
import resource

from dbt.stops import UsageError

IN_ALL = 104
"""GiB of address space that are enough for one machine, whatever its backend."""
_NORESERVE = 0x4000
_LIMITS = {"-v": resource.RLIMIT_AS, "-d": resource.RLIMIT_DATA}
"""Limits that a reservation counts for, by the option of ulimit."""


class Reservation:
    """``size`` bytes of zeros, readable and writable. Raises UsageError when the host has no room.

    ``view`` is the memory as bytes, ``address`` where it begins.
    """

    def __init__(self, size: int, purpose: str) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        try:
            self._map = mmap.mmap(-1, size, flags=flags)
        except (OSError, MemoryError) as error:
            raise UsageError(_refusal(size, purpose, str(error))) from None
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.view = memoryview(self._map)

    def close(self) -> None:
        """Give it back now, unless somebody still has a view of it. May be called repeatedly."""
        self.view.release()
        with contextlib.suppress(BufferError):
            self._map.close()


def require_room(size: int, purpose: str) -> None:
    """Raise UsageError unless so much address space can still be had for what a library will
    allocate that ends the process when it cannot."""
    Reservation(size, purpose).close()


def _refusal(size: int, purpose: str, reason: str) -> str:
    limits = {option: resource.getrlimit(number)[0] for option, number in _LIMITS.items()}
    limited = {option: n for option, n in limits.items() if n != resource.RLIM_INFINITY}
    small = {option: n for option, n in limited.items() if n < IN_ALL << 30} or limited
    advice = "the kernel's vm.overcommit_memory must not be 2"
    if small:
        needs = f"must be {IN_ALL << 20} or more, and is"
        advice = ", ".join(f"ulimit {option} {needs} {n >> 10}" for option, n in small.items())
    return f"cannot reserve {size >> 20} MiB of address space for {purpose} ({reason}): {advice}"

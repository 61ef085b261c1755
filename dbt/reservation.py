"""Address space that is reserved as a whole and committed by the host page by page.

It is released with its last user: views keep it alive.
"""

import contextlib
import ctypes
import mmap
import resource

from dbt.stops import UsageError

IN_ALL = 146
"""GiB of address space that are enough for one machine, whatever its backend."""
_NORESERVE = 0x4000
_POPULATE_WRITE = 23
_DATA = mmap.PROT_READ | mmap.PROT_WRITE
_CODE = _DATA | mmap.PROT_EXEC
_LIMITS = {"-v": resource.RLIMIT_AS, "-d": resource.RLIMIT_DATA}
"""Limits that a reservation counts against, by their option of ulimit."""


class Reservation:
    """``size`` bytes of zeros, readable and writable, if asked also executable. Raises UsageError
    when the host has no room.

    ``view`` is the memory as bytes, ``address`` where it begins.
    """

    def __init__(self, size: int, purpose: str, *, executable: bool = False) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        try:
            self._map = mmap.mmap(-1, size, flags=flags, prot=_CODE if executable else _DATA)
        except (OSError, MemoryError) as error:
            raise UsageError(_refusal(size, purpose, str(error))) from None
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.view = memoryview(self._map)

    def clear(self) -> None:
        """Set all of it to 0, and give what was committed back to the host."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def commit(self, at: int, size: int) -> None:
        """Have the host commit pages at once that are about to be written: one by one, when each
        is touched, takes half as long again."""
        with contextlib.suppress(OSError):  # a kernel before 5.14
            self._map.madvise(_POPULATE_WRITE, at, size)

    def drop(self, at: int, size: int) -> None:
        """Give pages the content that they had when they were mapped."""
        self._map.madvise(mmap.MADV_DONTNEED, at, size)

    def close(self) -> None:
        """Release it now, or with the last view of it. May be called repeatedly."""
        self.view.release()
        with contextlib.suppress(BufferError):
            self._map.close()


def require_room(size: int, purpose: str) -> None:
    """Raise UsageError unless so much address space is free. For libraries that end the process
    when they cannot allocate."""
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

"""Memory for machine code: allocated, written and freed in pieces.

No page is writable and executable at once. All pieces lie in a few large mappings, so that code
costs its own size and no mapping of the host (of which a process has 65,530).
"""

import ctypes
import weakref
from bisect import bisect_left

CHUNK = 8 << 20
"""Bytes mapped at a time. The host commits them page by page."""
_ALIGNMENT = 64
_PAGE = 4096
_READ_WRITE, _READ_EXECUTE = 3, 5
_PRIVATE_ANONYMOUS_NORESERVE = 0x4022

libc = ctypes.CDLL(None, use_errno=True)
"""With the types of ``mmap``, ``munmap`` and ``mprotect``."""
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64,
]  # fmt: skip
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Arena:
    """An allocator of executable memory. Not thread safe.

    ``close``, or the last reference to the arena, releases the memory. None of its code may run
    then.
    """

    def __init__(self) -> None:
        self._chunks: list[tuple[int, int]] = []
        self._free: list[tuple[int, int]] = []  # (address, size), by address, never adjacent
        self.close = weakref.finalize(self, _unmap, self._chunks)
        """Releases all memory. May be called more than once."""
        self.close.atexit = False

    def allocate(self, size: int) -> int:
        """Allocate ``size`` bytes, aligned to 64. Returns their address. Raises MemoryError."""
        size = _rounded(size)
        for index, (address, available) in enumerate(self._free):
            if available >= size:
                rest = [(address + size, available - size)] if available > size else []
                self._free[index : index + 1] = rest
                return address
        self._grow(max(CHUNK, -(-size // _PAGE) * _PAGE))
        return self.allocate(size)

    def free(self, address: int, size: int) -> None:
        """Free what ``allocate(size)`` returned. None of it may be running or be reachable."""
        size = _rounded(size)
        free = self._free
        index = bisect_left(free, (address, 0))
        if index < len(free) and free[index][0] == address + size:
            size += free.pop(index)[1]
        if index and sum(free[index - 1]) == address:
            index -= 1
            address, before = free.pop(index)
            size += before
        free.insert(index, (address, size))

    def write(self, address: int, code: bytes | bytearray) -> None:
        """Write code to allocated memory. No code on the same pages may run meanwhile."""
        first = address & -_PAGE
        size = address + len(code) - first
        _protect(first, size, _READ_WRITE)
        ctypes.memmove(address, bytes(code), len(code))
        _protect(first, size, _READ_EXECUTE)

    def _grow(self, size: int) -> None:
        address = libc.mmap(None, size, _READ_EXECUTE, _PRIVATE_ANONYMOUS_NORESERVE, -1, 0)
        if address is None or address == ctypes.c_void_p(-1).value:
            raise MemoryError(f"the host has no {size >> 20} MiB for machine code")
        self._chunks.append((int(address), size))
        self.free(int(address), size)


def _rounded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _protect(address: int, size: int, protection: int) -> None:
    if libc.mprotect(address, size, protection):
        raise MemoryError("the host does not let machine code be written, or run")


def _unmap(chunks: list[tuple[int, int]]) -> None:
    for address, size in chunks:
        libc.munmap(address, size)
    chunks.clear()

"""What is in a large file of the cache: read page by page, when it is needed."""

import ctypes
import mmap
import os
import weakref

from backends.native import cache, stamps

_PRIVATE, _FIXED = mmap.MAP_PRIVATE, 0x10
_READ, _WRITE = mmap.PROT_READ, mmap.PROT_WRITE

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64,
]  # fmt: skip
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_FAILED = ctypes.c_void_p(-1).value


class Content:
    """Bytes that are in a file, or that will be: ``view``. Where ``cache.HEAD`` more than a place
    in them is a multiple of a page, they can be mapped from the file, which is open until
    ``close``."""

    def __init__(self, view: memoryview, handle: int | None = None) -> None:
        self.view = view
        self._handle = handle

    def place(self, at: int, size: int, address: int) -> None:
        """Put bytes from ``at`` on in memory, which begins with a page and is anonymous. What is
        written there later is not written to the file."""
        if self._handle is not None and not (at + cache.HEAD) % mmap.PAGESIZE:
            where = at + cache.HEAD
            flags = _PRIVATE | _FIXED
            if _libc.mmap(address, size, _READ | _WRITE, flags, self._handle, where) == address:
                return
        ctypes.memmove(address, bytes(self.view[at : at + size]), size)

    def close(self) -> None:
        """Close the file. From now on, ``place`` copies."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read(name: str, key: bytes) -> Content | None:
    """As ``cache.read``. The digest is not computed while the file is the one of which it was right
    before, by what the host notes of it (``stamps``)."""
    for path, handle in cache.opened(name, key):
        status = os.fstat(handle)
        view = _mapped(handle, status.st_size)
        if view is None or len(view) < cache.HEAD:
            continue
        head, content = bytes(view[: cache.HEAD]), view[cache.HEAD :]
        if not stamps.is_known(path, status, head):
            if head != cache.head_of(key, content):
                continue
            stamps.note(path, status, head)
        return Content(content, os.dup(handle))
    return None


def _mapped(handle: int, size: int) -> memoryview | None:
    """The bytes of a file, which are mapped until there is no view of them."""
    address = _libc.mmap(None, size, _READ, _PRIVATE, handle, 0) if size else None
    if address is None or address == _FAILED:
        return None
    whole = (ctypes.c_ubyte * size).from_address(address)
    weakref.finalize(whole, _libc.munmap, address, size).atexit = False
    return memoryview(whole).cast("B").toreadonly()

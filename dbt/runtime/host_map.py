"""The host's system calls that map memory at chosen addresses, move it and advise: mmap(2),
mremap(2), madvise(2)."""

import ctypes

PROT_NONE, PROT_READ, PROT_WRITE = 0, 1, 2
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE = 1, 2, 0x10, 0x20, 0x4000
MAP_FIXED_NOREPLACE = 0x100000
SHM_RDONLY, SHM_REMAP = 0o10000, 0o40000
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
]
libc.mremap.restype = ctypes.c_void_p
libc.mremap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_void_p,
]
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def mmap(address: int, size: int, prot: int, flags: int, fd: int = -1, at: int = 0) -> int:
    """Map ``size`` bytes. Returns their address. Raises OSError."""
    return _mapped(libc.mmap(address or None, size, prot, flags, fd, at))


def mremap(address: int, size: int, new_size: int, flags: int = 0, new: int = 0) -> int:
    """Move or resize a mapping. Returns its address. Raises OSError."""
    return _mapped(libc.mremap(address, size, new_size, flags | MREMAP_MAYMOVE, new))


def shmat(ident: int, address: int, *, writable: bool) -> int:
    """Attach a System V segment in place of what is mapped. Returns its address. Raises OSError."""
    return _mapped(libc.shmat(ident, address, SHM_REMAP | (0 if writable else SHM_RDONLY)))


def madvise(address: int, size: int, advice: int) -> None:
    """Give the host advice on pages. Raises OSError."""
    if libc.madvise(address, size, advice) < 0:
        error = ctypes.get_errno()
        raise OSError(error, "the host takes no such advice")


def _mapped(result: int | None) -> int:
    if result is None or result == ctypes.c_void_p(-1).value:
        error = ctypes.get_errno()
        raise OSError(error, "cannot map guest memory")
    return int(result)

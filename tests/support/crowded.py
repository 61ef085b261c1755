"""Fills the address space, so that small mappings made later lie 4 GiB apart.

``ARMDBT_CROWDED=1 pytest`` does so in every worker before anything else. What must lie close
together then only does if it is one mapping, as on a host that has run for long.
"""

import ctypes

HOLES = 4096
STRIDE = 4 << 30
_PAGE = 4096
_NO_ACCESS, _PRIVATE_ANONYMOUS_NORESERVE = 0, 0x4022

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_size_t
_libc.mmap.argtypes = [
    ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64,
]  # fmt: skip
_libc.munmap.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
_FAILED = ctypes.c_size_t(-1).value


def crowd() -> None:
    """Leave holes of one page, one every 4 GiB, above all room for larger mappings."""
    block = _reserve(HOLES * STRIDE)
    assert block != _FAILED, "the host does not reserve 16 TiB"
    size = STRIDE
    while size >= _PAGE:  # the host looks from above: close what is left there
        address = _reserve(size)
        if address == _FAILED or address < block:
            if address != _FAILED:
                _libc.munmap(address, size)
            size //= 2
    for index in range(HOLES):
        _libc.munmap(block + index * STRIDE, _PAGE)


def _reserve(size: int) -> int:
    return _libc.mmap(0, size, _NO_ACCESS, _PRIVATE_ANONYMOUS_NORESERVE, -1, 0)

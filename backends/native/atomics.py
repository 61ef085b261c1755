"""An atomic access for Python: compare and exchange, as machine code (x86-64)."""

import ctypes
import functools

from backends.native.arena import Arena
from dbt.typing import Any

_CODE = {
    1: b"\x48\x89\xf0\xf0\x0f\xb0\x17\xc3",
    2: b"\x48\x89\xf0\xf0\x66\x0f\xb1\x17\xc3",
    4: b"\x48\x89\xf0\xf0\x0f\xb1\x17\xc3",
    8: b"\x48\x89\xf0\xf0\x48\x0f\xb1\x17\xc3",
}
"""By size: mov %rsi, %rax; lock cmpxchg %dl, %dx, %edx or %rdx, (%rdi); ret."""


def compare_exchange(address: int, size: int, expected: int, value: int) -> int:
    """A ``CompareExchange``. Addresses are multiples of the size, which is 1, 2, 4 or 8; values fit
    it."""
    return int(_functions()[size](address, expected, value))


@functools.cache
def _functions() -> dict[int, Any]:
    """The functions by size. Their code is there as long as the process."""
    arena, functions = Arena(), dict[int, Any]()
    kind = ctypes.CFUNCTYPE(*[ctypes.c_uint64] * 4)
    for size, code in _CODE.items():
        address = arena.allocate(len(code))
        arena.write(address, code)
        functions[size] = kind(address)
        functions[size].arena = arena
    return functions

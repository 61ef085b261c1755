"""Compare and exchange as machine code: what it does, and that nothing comes in between."""

import mmap
import os
from ctypes import addressof, c_char

import pytest

from backends.native.atomics import compare_exchange

TIMES, PROCESSES = 40_000, 3


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_it_stores_if_what_is_expected_is_there(size: int) -> None:
    buffer = bytearray(b"\xa5" * 24)
    at = addressof(c_char.from_buffer(buffer)) + 8
    old, new = 0x8877665544332211 % (1 << 8 * size), 0xFFEEDDCCBBAA9988 % (1 << 8 * size)
    buffer[8 : 8 + size] = old.to_bytes(size, "little")
    for wrong in (old ^ 1, old ^ 1 << 8 * size - 1):
        assert compare_exchange(at, size, wrong, new) == old
        assert buffer[8 : 8 + size] == old.to_bytes(size, "little")
    assert compare_exchange(at, size, old, new) == old
    assert bytes(buffer) == b"\xa5" * 8 + new.to_bytes(size, "little") + b"\xa5" * (16 - size)


def test_processes_that_count_together_lose_nothing() -> None:
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    at, words = addressof(c_char.from_buffer(memory)), memoryview(memory).cast("Q")
    children = []
    for _ in range(PROCESSES):
        child = os.fork()
        if not child:
            try:
                for _ in range(TIMES):
                    seen = words[0]
                    while (there := compare_exchange(at, 8, seen, seen + 1)) != seen:
                        seen = there
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert words[0] == TIMES * PROCESSES

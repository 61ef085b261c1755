"""Numbers in guest memory that Python reads and writes as translated code does: in one step."""

import ctypes

from dbt.interfaces import CompareExchange

_WORD = ctypes.sizeof(ctypes.c_uint64)


class Numbers:
    """Aligned numbers of 1, 2, 4 or 8 bytes, each read and written by one instruction of the host,
    so that other processes never see a part of one. (What copies bytes may write some of them
    twice, over what another process has stored in between.) Permissions are not looked at.

    ``shared``: one byte, 0 while no other process has any of the memory.
    """

    def __init__(self, memory: memoryview, base: int, shared: memoryview) -> None:
        self._views = {1: memory, 2: memory.cast("H"), 4: memory.cast("I"), 8: memory.cast("Q")}
        self._base = base
        self._shared = shared
        self._word = ctypes.c_uint64(0)
        self.at_once: CompareExchange | None = None
        """Compares and exchanges in one step, once there is something that does."""

    def close(self) -> None:
        """Release the views of the memory."""
        for view in self._views.values():
            view.release()
        self._shared.release()

    def have(self, address: int, size: int) -> bool:
        """Whether there is a number of so many bytes at an address."""
        return size in self._views and not address % size

    def load(self, address: int, size: int) -> int:
        """Read a number."""
        return int(self._views[size][address // size])

    def store(self, address: int, size: int, value: int) -> None:
        """Write a number."""
        self._views[size][address // size] = value

    def exchange(self, address: int, size: int, value: int) -> int:
        """Write a number, and return what was there."""
        expected = self.load(address, size)
        while (there := self.compare_exchange(address, size, expected, value)) != expected:
            expected = there
        return there

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        """Write a number if ``expected`` is there, and return what was there."""
        at_once = self.at_once if self._shared[0] else None
        return (at_once or self._in_two_steps)(self._base + address, size, expected, value)

    def fence(self) -> None:
        """Let no later access come before an earlier one, as other processes see it."""
        if self._shared[0] and self.at_once is not None:
            self.at_once(ctypes.addressof(self._word), _WORD, 0, 0)

    def _in_two_steps(self, host: int, size: int, expected: int, value: int) -> int:
        """A CompareExchange for memory that no other process has."""
        address = host - self._base
        there = self.load(address, size)
        if there == expected:
            self.store(address, size, value)
        return there

"""A guest without a processor: memory, files and the table of system calls."""

import os
from pathlib import Path

from dbt.interfaces import READ, WRITE
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.state.address_space import Area
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm.linux_abi import ArmLinuxAbi
from frontends.arm.registers import LAYOUT

ARENA = 0x10000
ARENA_BYTES = 0x10000


class Guest:
    """Calls as the guest makes them, with 32-bit registers; results as it sees them.

    Strings and buffers are put into an arena that starts over with ``fresh``. After the arena comes
    unmapped memory.
    """

    def __init__(self, options: LinuxOptions) -> None:
        self.memory = GuestMemory()
        self.kernel = Kernel(self.memory, GuestState(LAYOUT), ArmLinuxAbi(), options)
        self.kernel.space.map(Area(ARENA, ARENA + ARENA_BYTES, READ | WRITE))
        self.end = ARENA + ARENA_BYTES
        process = self.kernel.process
        process.argv, process.name = [b"prog", b"arg"], b"prog"
        self._next = ARENA

    def put(self, data: bytes | str | Path) -> int:
        """Bytes, or a path with its NUL, in the arena; the address."""
        if not isinstance(data, bytes):
            data = os.fsencode(data) + b"\0"
        address = self._next
        self.memory.poke(address, data)
        self._next += -(-len(data) // 8) * 8
        assert self._next < self.end
        return address

    def room(self, size: int) -> int:
        return self.put(bytes(size))

    def fresh(self) -> None:
        self._next = ARENA

    def call(self, name: str, *arguments: int | bytes | str | Path) -> int:
        """A system call: the result, or a negative errno. Bytes and paths become pointers."""
        words = [a & 0xFFFFFFFF if isinstance(a, int) else self.put(a) for a in arguments]
        return self.kernel.perform(name, [*words, 0, 0, 0, 0, 0, 0])

    def close(self) -> None:
        self.kernel.close()
        self.memory.close()

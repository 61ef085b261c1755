"""Memory for copied code, and the functions by which it is entered and left.

The link words lie behind the code, near enough for its 32-bit offsets. The mapping is writable and
executable, and private, so that a forked child has its own.
"""

import ctypes
import mmap
import struct

from backends.native.guard import CodeWithoutChecks
from backends.numba_jit import abi, tables
from backends.numba_jit.stencils.abi import UNIT
from backends.numba_jit.stencils.machine_code import Stencil
from dbt.typing import Any

CODE_BYTES = tables.MAX_COPY_UNITS * UNIT
_ALL = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
_NORESERVE = 0x4000
_ALIGNMENT = 16

_POP_RAX = bytes.fromhex("58")
_RAX_FROM_EXIT = bytes.fromhex("8b47") + bytes([abi.EXIT_CODE])  # mov eax, [rdi + EXIT_CODE]
_SHIFT = bytes.fromhex("48c1e0") + bytes([abi.KIND_BITS])  # shl rax, KIND_BITS
_OR_KIND = bytes.fromhex("480d")  # or rax, imm32
_SET_EXIT = bytes.fromhex("488947") + bytes([abi.EXIT_CODE])  # mov [rdi + EXIT_CODE], rax
_JUMP = b"\xe9"
_DISPATCHED = {
    abi.X_LINK: "link", abi.X_RETURN: "return", abi.X_JUMP: "jump", tables.X_UNIT: "unit",
}  # fmt: skip


class CodeMemory:
    """The code of one executor. ``shared`` are the stencils of ``shared_text``."""

    def __init__(self, shared: dict[str, Stencil], slots: int) -> None:
        size = CODE_BYTES + 8 * slots
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        self._map = mmap.mmap(-1, size, flags=flags, prot=_ALL)
        self.start = self.next = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.end = self.link_words = self.start + CODE_BYTES
        view: Any = memoryview(self._map)[CODE_BYTES:]
        self.links: Any = view.cast("Q")
        """By link slot: where the code goes on that leaves by it."""
        self.enter = self.put(shared["enter"].code)
        self.leave = self.put(shared["leave"].code)
        self._ways = {
            kind: self.put(shared[f"dispatch_{name}"].code) for kind, name in _DISPATCHED.items()
        }

    def put(self, code: bytes) -> int:
        """Put code; returns its address."""
        address = self.next
        ctypes.memmove(address, code, len(code))
        self.next = (address + len(code) + _ALIGNMENT - 1) & -_ALIGNMENT
        return address

    @property
    def dispatch_link(self) -> int:
        """The address of the dispatcher of direct exits."""
        return self._ways[abi.X_LINK]

    @property
    def without_checks(self) -> CodeWithoutChecks:
        """The code, as the handler of refused accesses has to know it."""
        return CodeWithoutChecks(
            self.start, CODE_BYTES, self.leave, abi.EXIT_CODE, tables.X_REFUSED
        )

    def way_out(self, kind: int, *, pushed: bool) -> int:
        """Put code that leaves with a kind, or goes on at a dispatcher. Its payload was pushed, or
        is in EXIT_CODE."""
        code = (_POP_RAX if pushed else _RAX_FROM_EXIT) + _SHIFT + _OR_KIND
        code += struct.pack("<i", kind) + _SET_EXIT + _JUMP
        to = self._ways.get(kind, self.leave)
        return self.put(code + struct.pack("<i", to - (self.next + len(code) + 4)))

    def close(self) -> None:
        """Give the memory back."""
        self.links.release()
        self._map.close()

"""Memory for copied code, and the functions by which it is entered and left.

The link words lie behind the code, near enough for its 32-bit offsets. The mapping is writable and
executable, and private, so that a forked child has its own.
"""

import ctypes
import mmap
import struct
from typing import Any

from backends.numba_jit import abi, tables
from backends.numba_jit.dispatch import dispatchers, to_unit
from backends.numba_jit.stencils.machine_code import Stencil
from backends.numba_jit.stencils.stencil_text import PARAMETERS, SIGNATURE
from backends.numba_jit.units.frame import FOOTER, Frame

CODE_BYTES = 768 << 20
_ALL = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
_NORESERVE = 0x4000
_ALIGNMENT = 16

SHARED = f"""
define i64 @enter(ptr %code, ptr %s) nounwind {{
 %mp = getelementptr i8, ptr %s, i64 {abi.MEM_BASE}
 %m = load ptr, ptr %mp
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 %f = load i64, ptr %fp
 %r = call preserve_nonecc i64 %code({PARAMETERS})
 ret i64 %r
}}
define preserve_nonecc i64 @leave{SIGNATURE} {{
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 store i64 %f, ptr %fp
 %ep = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}
 %r = load i64, ptr %ep
 ret i64 %r
}}
define preserve_nonecc i64 @head{SIGNATURE} {{
 %l = sub i64 %f, ptrtoint (ptr @count to i64)
 %c = icmp slt i64 %l, 0
 br i1 %c, label %out, label %in, !prof !0
in:
 %r = musttail call preserve_nonecc i64 @next(ptr %s, ptr %m, i64 %l)
 ret i64 %r
out:
 %q = musttail call preserve_nonecc i64 @fuel({PARAMETERS})
 ret i64 %q
}}
define preserve_nonecc i64 @hothead{SIGNATURE} {{
 %hp = getelementptr i8, ptr %s, i64 {tables.HOT}
 %ha = load ptr, ptr %hp
 %hb = getelementptr i8, ptr %ha, i64 ptrtoint (ptr @counter to i64)
 %hv = load i32, ptr %hb
 %hw = sub i32 %hv, 1
 store i32 %hw, ptr %hb
 %hc = icmp eq i32 %hw, 0
 br i1 %hc, label %hot, label %cool, !prof !0
cool:
 %l = sub i64 %f, ptrtoint (ptr @count to i64)
 %c = icmp slt i64 %l, 0
 br i1 %c, label %out, label %in, !prof !0
in:
 %r = musttail call preserve_nonecc i64 @next(ptr %s, ptr %m, i64 %l)
 ret i64 %r
out:
 %q = musttail call preserve_nonecc i64 @fuel({PARAMETERS})
 ret i64 %q
hot:
 %h = musttail call preserve_nonecc i64 @hot({PARAMETERS})
 ret i64 %h
}}
define preserve_nonecc i64 @go{SIGNATURE} {{
 %c = load ptr, ptr @link0
 %r = musttail call preserve_nonecc i64 %c({PARAMETERS})
 ret i64 %r
}}
@count = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 128}}
@counter = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 16777216}}
@link0 = external dso_local global ptr
declare preserve_nonecc i64 @next(ptr, ptr, i64)
declare preserve_nonecc i64 @fuel(ptr, ptr, i64)
declare preserve_nonecc i64 @hot(ptr, ptr, i64)
"""
"""``enter(code, state)`` is a C function. The others have the signature of stencils: ``leave``
returns the word EXIT_CODE, ``head`` begins a block and takes its fuel, ``hothead`` also counts its
executions, ``go`` ends one."""


def shared_text(frame: Frame) -> str:
    """LLVM text of what all blocks share: the functions of SHARED, and the dispatchers."""
    ways = frame.ways_of_copies()
    parts = SHARED, dispatchers(frame.signature, ways), to_unit(frame.signature, ways), FOOTER
    return "\n".join(parts)


_POP_RAX = bytes.fromhex("58")
_RAX_FROM_EXIT = bytes.fromhex("418b4424") + bytes([abi.EXIT_CODE])  # mov eax, [r12 + EXIT_CODE]
_SHIFT = bytes.fromhex("48c1e0") + bytes([abi.KIND_BITS])  # shl rax, KIND_BITS
_OR_KIND = bytes.fromhex("480d")  # or rax, imm32
_SET_EXIT = bytes.fromhex("49894424") + bytes([abi.EXIT_CODE])  # mov [r12 + EXIT_CODE], rax
_JUMP = b"\xe9"
_DISPATCHED = {
    abi.X_LINK: "link", abi.X_RETURN: "return", abi.X_JUMP: "jump", tables.X_UNIT: "unit",
}  # fmt: skip


class CodeMemory:
    """The code of one executor. ``shared`` are the stencils made from ``SHARED``."""

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

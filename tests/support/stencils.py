"""Runs single blocks on copied stencils, on real guest state and memory."""

import ctypes

import numpy as np

from backends.numba_jit import abi
from backends.numba_jit.stencils import copying
from backends.numba_jit.stencils.code_memory import SHARED, CodeMemory
from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.machine_code import read_stencils
from backends.numba_jit.stencils.maker import Maker
from backends.numba_jit.units.objects import ObjectMaker
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend

X_SIDE, X_RETURN, X_JUMP = 9, abi.X_RETURN, abi.X_JUMP
BEFORE = 0xE1A00000
INDEX = 0x0FF00000


class Copies:
    """A library, code memory, and a guest."""

    def __init__(self, slots: int = 1 << 16) -> None:
        frontend = ArmFrontend()
        self.memory = GuestMemory()
        self.state = GuestState(frontend.layout)
        self.library = Library(frontend.layout, 32, INDEX)
        self.maker = Maker(self.library, frontend.layout, frontend.lift_one)
        shared = read_stencils(ObjectMaker().compile(SHARED, "stencil"))
        self.code = CodeMemory(shared, slots)
        self.control = control = np.zeros(16, np.int64)
        control[copying.COMMON] = self.code.way_out(X_SIDE, pushed=True)
        control[copying.RETURN_MISS] = self.code.way_out(X_RETURN, pushed=False)
        control[copying.JUMP_MISS] = self.code.way_out(X_JUMP, pushed=False)
        control[copying.HEAD] = self.library.add(shared["head"], {})
        control[copying.GO] = self.library.add(shared["go"], {})
        control[copying.FIRST_SLOT] = self.code.link_words
        control[copying.CURSOR], control[copying.END] = self.code.next, self.code.end
        self.words = np.zeros((copying.MOST_INSNS, 5), np.int64)
        self._stack = np.zeros(64, np.int64)
        self._table = np.zeros(1 << 20, np.int64)
        raw = (ctypes.c_int64 * 64).from_address(self.state.address)
        self.words64 = memoryview(raw).cast("B").cast("q")
        self.words64[abi.MEM_BASE // 8] = self.memory.base
        self._nothing = ctypes.create_string_buffer(0)
        self._enter = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(self.code.enter)

    @property
    def search(self) -> tuple[object, ...]:
        tree = self.library.tree
        return tree.nodes, tree.roots, tree.code, self._stack, INDEX

    def make(self, pc: int, number: int, mode: int = 0, limit: int = 1, before: int = BEFORE) -> int:
        """Copy the block at ``pc``; returns its address, 0 if it is refused."""
        library = self.library
        while True:
            count, unknown = copying.find_shapes(
                self.memory.base, pc, limit, before, mode, self.search, library.shapes, self.words
            )
            if not unknown:
                break
            row = self.words[count]
            previous = int(self.words[count - 1, 0]) if count else before
            self.maker.shape(int(row[0]), int(row[4]), previous, 0 if count else mode)
        if not count:
            return 0
        while (at := copying.choose(self.words, count, library.shapes, library.variants, 15)) >= 0:
            self.maker.stencils([(int(self.words[at, 1]), int(self.words[at, 3]))])
        return int(copying.make_block(
            self.words, count, count, number, library.shapes, library.stencils, library.patches,
            library.blob.ctypes.data, self.search, library.offsets, self.control, 0, before,
        ))  # fmt: skip

    def run(self, address: int) -> tuple[int, int]:
        """Enter code; returns the kind and payload with which it is left."""
        result = self._enter(address, self.state.address)
        return result & 255, result >> 8 & 0xFFFFFFFF

    def close(self) -> None:
        """Release memory."""
        self.words64.release()
        self.code.close()
        self.memory.close()

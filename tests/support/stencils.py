"""Runs single blocks of copied stencils, on real guest state and memory."""

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from backends.native import cache, content
from backends.native.guard import Watched
from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import abi as words
from backends.numba_jit.stencils import kept
from backends.numba_jit.stencils.copier import NAME, UNCHECKED, Copier, Draft
from backends.numba_jit.stencils.float_table import FloatTable
from backends.numba_jit.stencils.native import Native
from dbt.ir.block import BlockKey
from dbt.ir.layout import CONTROL_BYTES
from dbt.phases import UNTIMED
from dbt.reservation import Reservation
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend

LOCATIONS = 8 << 32
SLOTS = 1 << 16


class Disk:
    """In place of the files that libraries are kept in: this one begins without any. ``replace`` is
    given a module, a name and a value."""

    def __init__(self, replace: Callable[[Any, str, Any], None]) -> None:
        self.library: bytes | None = None
        self._read, self._update = cache.read, cache.update
        replace(kept, "_contents", {})
        self._open = content.read
        replace(cache, "read", self.read)
        replace(content, "read", self.open)
        replace(cache, "update", self.update)

    def read(self, name: str, key: bytes) -> bytes | None:
        return self.library if name in (NAME, UNCHECKED) else self._read(name, key)

    def open(self, name: str, key: bytes) -> memoryview | None:
        if name not in (NAME, UNCHECKED):
            return self._open(name, key)
        return None if self.library is None else memoryview(self.library)

    def update(self, name: str, key: bytes, change: Callable[[bytes | None], Any]) -> None:
        if name in (NAME, UNCHECKED):
            self.library = change(self.library) or self.library
        else:
            self._update(name, key, change)


class Copies:
    """A copier and a guest, of blocks of so many instructions at most. Nothing is linked and no
    computed target is known. ``checked``: the code tests the guest's permissions."""

    def __init__(self, insns: int = 1, *, checked: bool = True) -> None:
        frontend = ArmFrontend()
        frontend.max_insns = insns
        self.memory = GuestMemory()
        self.state = GuestState(frontend.layout)
        context: Any = SimpleNamespace(
            state=self.state, lifter=frontend, memory=self.memory, phases=UNTIMED,
            counters=None, stacks=None,
        )  # fmt: skip
        self.copier = Copier(context, SLOTS, Native(), hot=False, checked=checked)
        self._leave_always()
        self._watched = Watched(self.memory)
        if not checked:
            self._watched.follow()
            self._watched.lead_out(self.copier.code.without_checks)
            self.memory.protection.begin()
        raw = (ctypes.c_int64 * (CONTROL_BYTES // 8)).from_address(self.state.address)
        self.control = memoryview(raw).cast("B").cast("q")
        self._floats = FloatTable(self.control)
        self._floats.provide()
        self._nothing = Reservation(LOCATIONS, "tables")
        self.control[abi.MEM_BASE // 8] = self.memory.base
        for table in (tables.COPY_RETURNS, tables.COPY_JUMPS):
            self.control[table // 8] = self._nothing.address
        prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
        self._enter = prototype(self.copier.enter)

    def _leave_always(self) -> None:
        """Let code leave where it would go on at a dispatcher, which needs the executor's tables."""
        copier = self.copier
        copier.code._ways.clear()
        for word, kind, pushed in (
            (words.LINK_OUT, abi.X_LINK, True),
            (words.RETURN_OUT, abi.X_RETURN, False),
            (words.JUMP_OUT, abi.X_JUMP, False),
        ):
            copier.library.set(word, copier.code.way_out(kind, pushed=pushed))
        copier._unit_out = copier.code.way_out(tables.X_UNIT, pushed=True)
        copier.clear()

    def draft(self, key: BlockKey) -> Draft | None:
        """Look at the block at a key; None if it is refused."""
        return self.copier.draft(key, ())

    def copy(self, draft: Draft, block_id: int) -> tuple[int, int]:
        """Copy the block that was drafted last; returns where its code begins and ends."""
        slots = range(2 * block_id, 2 * block_id + len(draft.targets))
        code = self.copier.copy(draft, block_id, slots)
        assert code is not None
        for slot, out in zip(slots, code.outs, strict=True):
            self.copier.code.links[slot] = out
        return code.start, code.end

    def run(self, address: int) -> tuple[int, int]:
        """Enter code; returns the kind and payload with which it is left."""
        self.memory.protection.renew()
        result = self._enter(address, self.state.address)
        return result & 255, result >> 8 & 0xFFFFFFFF

    def close(self) -> None:
        """Release memory."""
        self.memory.protection.end()
        self._watched.close()
        self._floats.close()
        self.control.release()
        self.copier.close()
        self.memory.close()
        self._nothing.close()

"""Which blocks are compiled, and when.

tier ``0``: none. ``1`` and ``2``: all, in batches of what was installed since the last run.
``auto``: those that ran often enough, in batches of hot blocks.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from backends.numba_jit import tables
from backends.numba_jit.units.jobs import UnitJob

if TYPE_CHECKING:
    from backends.numba_jit.installed import Installed
    from backends.numba_jit.records import Records
    from backends.numba_jit.tables import Tables
    from backends.numba_jit.units.compiler import UnitCompiler
    from dbt.interfaces import Context

LEVELS = {"1": "quick", "2": "optimised", "auto": "optimised"}


class Owner(Protocol):
    """What promotion needs of the executor."""

    context: "Context"
    records: "Records"
    tables: "Tables"

    @property
    def slot_count(self) -> int: ...
    def installed_block(self, block_id: int) -> "Installed | None": ...
    def compiled(self, installed: "Installed", code: int) -> None: ...


class Promotion:
    """Compiles blocks for one executor."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._tier = owner.context.options.tier
        self._compiler: UnitCompiler | None = None
        self._new: dict[int, Installed] = {}
        self._compile_ns = 0
        self._compiled = 0

    @property
    def compiler(self) -> "UnitCompiler":
        """The unit compiler, made when the first unit is wanted."""
        if self._compiler is None:
            from backends.numba_jit.units.compiler import UnitCompiler

            owner = self._owner
            self._compiler = UnitCompiler(owner.context, owner.records, dispatching=True)
            owner.tables.units_begin(
                self._compiler.enter_address, self._compiler.unlinked_address, owner.slot_count
            )
        return self._compiler

    def installed(self, installed: "Installed") -> None:
        """Hear of a new block."""
        if self._tier in ("1", "2"):
            self._new[installed.block_id] = installed

    def discarded(self, installed: "Installed") -> None:
        """Hear of a block that goes. Nothing leads into it any more."""
        block_id = installed.block_id
        self._new.pop(block_id, None)
        shared = self._owner.tables
        shared.unit.view[block_id] = 0
        if installed.unit:
            self.compiler.drop([installed.unit])
        pending = [identity for identity in self._pending() if identity != block_id]
        self._set_pending(pending)

    def _pending(self) -> list[int]:
        shared = self._owner.tables
        count = shared.control[tables.PENDING_COUNT // 8]
        return list(shared.pending.view[:count]) if count else []

    def _set_pending(self, pending: list[int]) -> None:
        shared = self._owner.tables
        for index, block_id in enumerate(pending):
            shared.pending.view[index] = block_id
        shared.control[tables.PENDING_COUNT // 8] = len(pending)

    def before_run(self) -> None:
        """Compile what was installed since, where everything is compiled."""
        if self._new:
            batch, self._new = list(self._new.values()), {}
            self._compile(batch)

    def promote(self) -> None:
        """Compile the hot blocks."""
        found = [self._owner.installed_block(block_id) for block_id in self._pending()]
        self._set_pending([])
        self._compile([installed for installed in found if installed and not installed.unit])

    def _compile(self, batch: "list[Installed]") -> None:
        if not batch:
            return
        began = time.thread_time_ns()
        jobs = [
            UnitJob(found.block, found.block_id, found.slots, found.bytecode.probes)
            for found in batch
        ]
        try:
            codes = self.compiler.compile(jobs, LEVELS[self._tier])
        except MemoryError:  # no room for code: what is interpreted gives the same results
            self._tier = "0"
            return
        for installed, code in zip(batch, codes, strict=True):
            self._owner.compiled(installed, code)
        self._compiled += len(batch)
        self._compile_ns += time.thread_time_ns() - began

    def statistics(self) -> Mapping[str, int]:
        """Units compiled so far, their machine code, and the processor time it took."""
        return {
            "compiled_blocks": self._compiled,
            "code_bytes": self._compiler.code_bytes if self._compiler else 0,
            "compile_us": self._compile_ns // 1000,
        }

    def explain(self, installed: "Installed") -> Mapping[str, str]:
        """The texts of a block's unit."""
        if self._tier == "0":
            return {}
        return self.compiler.explain(installed.block, installed.slots, LEVELS[self._tier])

    def close(self) -> None:
        """Free all units."""
        if self._compiler is not None:
            self._compiler.close()

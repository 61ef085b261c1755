"""Records: what the other ways out of a block mean. Running code returns only their index.

One table serves all code. ``X_RECORD`` payloads index it.
"""

import threading

from dbt.classes import attrs
from dbt.interfaces import HookHit, SyscallHit
from dbt.ir.block import BlockKey
from dbt.stops import Access
from dbt.typing import NamedTuple, TypeAlias


class FaultRecord(NamedTuple):
    """A refused access of ``size`` bytes in the instruction at ``pc``.

    The code left the guest address of the access (its first byte) in FAULT_ADDRESS.
    """

    pc: int
    mode: int
    access: Access
    size: int
    block: BlockKey
    """The block that it is in."""


class TrapRecord(NamedTuple):
    """A ``trap_if`` fired: a TrapHit."""

    reason: str
    pc: int
    mode: int = 0


@attrs.define
class ServedRecord:
    """A system call or a hook exit: Python serves it while the executor waits
    (``Executor.on_hit``)."""

    hit: HookHit | SyscallHit
    """Its event."""
    block: int = attrs.field(init=False, eq=False, default=0)
    """The id of the block that was behind when it was left last, or 0."""
    removals: int = attrs.field(init=False, eq=False, default=0)
    """``BlockTable.removals`` at that time."""
    pc: int = attrs.field(init=False, eq=False)
    """That of the key behind."""

    def __attrs_post_init__(self) -> None:
        self.pc = self.hit.resume.pc


class HaltRecord(NamedTuple):
    """A halt exit: a HaltHit."""

    reason: str
    pc: int
    mode: int = 0


Record: TypeAlias = FaultRecord | TrapRecord | ServedRecord | HaltRecord


class Records:
    """All records, by index. The indices of dropped records are used again. Thread safe."""

    def __init__(self) -> None:
        self.table: list[Record | None] = []
        """To be changed here alone."""
        self._free: list[int] = []
        self._lock = threading.Lock()

    def new(self, record: Record) -> int:
        """Add a record. Returns its index, which is below 2**32."""
        with self._lock:
            if self._free:
                index = self._free.pop()
                self.table[index] = record
                return index
            self.table.append(record)
            return len(self.table) - 1

    def __getitem__(self, index: int) -> Record:
        record = self.table[index]
        assert record is not None
        return record

    def __len__(self) -> int:
        return len(self.table) - len(self._free)

    def drop(self, indices: list[int]) -> None:
        """Forget records of discarded blocks."""
        with self._lock:
            for index in indices:
                self.table[index] = None
            self._free += indices

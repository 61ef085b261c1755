"""The tier of the interpreter: it takes every block, and knows what its words stand for."""

import ctypes
import time
from bisect import bisect_right, insort
from typing import TYPE_CHECKING, NamedTuple

from backends.numba_jit import tables
from backends.numba_jit.installed import Installed
from backends.numba_jit.interpreter import storage
from backends.numba_jit.records import FaultRecord, Records
from backends.numba_jit.tables import Tables
from dbt.interfaces import READ, WRITE, Context
from dbt.ir.block import BlockKey, retry_mode
from dbt.stops import Access

if TYPE_CHECKING:
    from backends.numba_jit.interpreter.bytecode import Lowered, Lowerer

_ACCESS = {READ: Access.READ, WRITE: Access.WRITE, 0: Access.UNALIGNED}
_LARGEST = 1 << 16
"""Words that a block has at most."""


class Bytecode(NamedTuple):
    """A block's bytecode in its place. ``start`` is the index of its first word."""

    key: BlockKey
    lowered: "Lowered"
    start: int


class Interpreter:
    """Lowers blocks and keeps their bytecode (a ``tiers.FirstTier``)."""

    def __init__(self, context: Context, records: Records, shared: Tables) -> None:
        self.starts, self.entries = shared.start.view, shared.entry0.view
        self._context, self._records = context, records
        self._lowerer: Lowerer | None = None
        words = shared.add(storage.MAX_WORDS, "Q", storage.CODE0)
        self._words, self._address = words.view, words.address
        self._sites = shared.add(tables.MAX_SLOTS, "Q", storage.SLOT_SITE).view
        self._counts = context.options.tier == "auto"
        """Blocks count until they are hot."""
        self._free: dict[int, list[int]] = {}  # first words by the number of words
        self._next = 1
        self._made: dict[int, Bytecode] = {}  # by block id
        self._starts: list[int] = []
        self._at: dict[int, Bytecode] = {}  # by start
        self._lower_ns = 0

    @property
    def lowerer(self) -> "Lowerer":
        """What lowers blocks; made for the first one that is not copied."""
        if self._lowerer is None:
            from backends.numba_jit.interpreter.bytecode import Lowerer

            self._lowerer = Lowerer(self._context, self._records)
        return self._lowerer

    def has_room(self) -> bool:
        """Whether any block finds room."""
        return self._next + _LARGEST <= storage.MAX_WORDS

    def clear(self) -> None:
        """Take all room back: there are no blocks."""
        self._free, self._next = {}, 1

    def accept(self, installed: Installed) -> None:
        """Lower a block and put its bytecode where it will run. What is copied has no bytecode."""
        if installed.copied:
            return
        began = time.perf_counter_ns()
        lowered = self.lowerer.lower(installed, self._counts)
        made = Bytecode(installed.key, lowered, self._place(lowered.words))
        insort(self._starts, made.start)
        self._made[installed.block_id] = self._at[made.start] = made
        self._lower_ns += time.perf_counter_ns() - began
        for slot, (word, half) in zip(installed.slots, lowered.sites, strict=True):
            self._sites[slot] = self._address + (made.start + word) * 8 + half * 4

    def entry(self, installed: Installed) -> int:
        """The index of a block's first word; 0 when it is copied."""
        made = self._made.get(installed.block_id)
        return made.start if made else 0

    def _place(self, words: list[int]) -> int:
        """Copy bytecode to where it will run. Returns the index of its first word."""
        size = len(words)
        free = self._free.get(size)
        if free:
            start = free.pop()
        else:
            start = self._next
            self._next += size
        self._words[start : start + size] = (
            memoryview((ctypes.c_uint64 * size)(*words)).cast("B").cast("Q")
        )
        return start

    def hand_over(self, installed: Installed) -> None:
        """See ``FirstTier.hand_over``: the first word leads to the unit."""
        made = self._made.get(installed.block_id)
        if made:
            from backends.numba_jit.interpreter import opcodes

            self._words[made.start] = opcodes.TO_UNIT | installed.block_id << 32

    def drop(self, installed: Installed) -> None:
        """Take a block's bytecode back."""
        made = self._made.pop(installed.block_id, None)
        if made is None:
            return
        for slot in installed.slots:
            self._sites[slot] = 0
        self._records.drop(made.lowered.records)
        self._free.setdefault(len(made.lowered.words), []).append(made.start)
        del self._starts[bisect_right(self._starts, made.start) - 1], self._at[made.start]

    def fault_at(self, word: int) -> FaultRecord:
        """See ``FirstTier.fault_at``; positions are indices of words."""
        from backends.numba_jit.interpreter import opcodes

        made = self._at[self._starts[bisect_right(self._starts, word) - 1]]
        pc, refund = made.lowered.faults[word - made.start]
        text = made.lowered.words[word - made.start]
        need, size = opcodes.ACCESS[text & 255]
        mode = retry_mode(made.key, pc)
        return FaultRecord(pc, mode, _ACCESS[need], size or text >> 24 & 255, refund)

    def statistics(self) -> dict[str, int]:
        """Bytes of bytecode, and the time that lowering took."""
        free = sum(size * len(starts) for size, starts in self._free.items())
        return {
            "bytecode_bytes": 8 * (self._next - 1 - free),
            "lower_us": self._lower_ns // 1000,
        }

    def explain(self, installed: Installed) -> dict[str, str]:
        """A block's bytecode, one word a line."""
        made = self._made.get(installed.block_id)
        if made is None:
            return {}
        from backends.numba_jit.interpreter import opcodes

        lines = [
            f"{made.start + index:6}  {opcodes.text(word)}"
            for index, word in enumerate(made.lowered.words)
        ]
        return {"bytecode": "\n".join(lines) + "\n"}

    def close(self) -> None:
        """See ``Tier.close``."""

"""Tier 0 as executors see it: it takes every block, and knows what its words stand for."""

import ctypes
import time
from bisect import bisect_right, insort

import attrs

from backends.numba_jit import tables
from backends.numba_jit.interpreter import opcodes
from backends.numba_jit.interpreter.bytecode import Lowered, Lowerer
from backends.numba_jit.records import FaultRecord, Records
from backends.numba_jit.tables import Tables
from dbt.interfaces import READ, Context
from dbt.ir.block import Block, BlockKey, retry_mode
from dbt.stops import Access

_LARGEST = 1 << 16
"""Words that a block has at most."""


@attrs.define(eq=False)
class Bytecode:
    """A block's bytecode in its place. ``start`` is the index of its first word."""

    key: BlockKey
    block_id: int
    lowered: Lowered
    start: int
    probes: bool
    """It begins with a probe."""

    @property
    def sites(self) -> list[int]:
        """Indices of the u32 that hold its link targets."""
        return [(self.start + word) * 2 + half for word, half in self.lowered.sites]


class Interpreter:
    """Lowers blocks and keeps their bytecode. ``counts``: blocks count until they are hot."""

    def __init__(self, context: Context, records: Records, shared: Tables, *, counts: bool) -> None:
        self._lowerer = Lowerer(context, records)
        self._records = records
        self._tables = shared
        self._counts = counts
        self._free: dict[int, list[int]] = {}  # first words by the number of words
        self._next = 1
        self._starts: list[int] = []
        self._at: dict[int, Bytecode] = {}
        self._lower_ns = 0

    def probe(self, probing: bool) -> None:
        """Give the blocks that are accepted from now on a probe, or none."""
        self._lowerer.probing = probing

    def has_room(self) -> bool:
        """Whether any block finds room."""
        return self._next + _LARGEST <= tables.MAX_WORDS

    def clear(self) -> None:
        """Take all room back: there are no blocks."""
        self._free, self._next = {}, 1

    def accept(self, block: Block, block_id: int, slots: tuple[int, ...]) -> Bytecode:
        """Lower a block and put its bytecode where it will run. ``slots`` are its link slots."""
        began = time.perf_counter_ns()
        lowered = self._lowerer.lower(block, block_id, slots, self._counts)
        start = self._place(lowered.words)
        made = Bytecode(block.key, block_id, lowered, start, self._lowerer.probing)
        insort(self._starts, made.start)
        self._at[made.start] = made
        self._lower_ns += time.perf_counter_ns() - began
        return made

    def _place(self, words: list[int]) -> int:
        """Copy bytecode to where it will run. Returns the index of its first word."""
        size = len(words)
        free = self._free.get(size)
        if free:
            start = free.pop()
        else:
            start = self._next
            self._next += size
        self._tables.words.view[start : start + size] = (
            memoryview((ctypes.c_uint64 * size)(*words)).cast("B").cast("Q")
        )
        return start

    def lead_to_unit(self, made: Bytecode) -> None:
        """The block has a unit: who comes to its first word goes on there."""
        self._tables.words.view[made.start] = opcodes.TO_UNIT | made.block_id << 32

    def drop(self, made: Bytecode) -> None:
        """Take a block's bytecode back."""
        self._records.drop(made.lowered.records)
        self._free.setdefault(len(made.lowered.words), []).append(made.start)
        del self._starts[bisect_right(self._starts, made.start) - 1], self._at[made.start]

    def fault_at(self, word: int) -> FaultRecord:
        """The access that was refused at a word."""
        made = self._at[self._starts[bisect_right(self._starts, word) - 1]]
        pc, refund = made.lowered.faults[word - made.start]
        text = made.lowered.words[word - made.start]
        need, size = opcodes.ACCESS[text & 255]
        access = Access.READ if need == READ else Access.WRITE
        mode = retry_mode(made.key, pc)
        return FaultRecord(pc, mode, access, size or text >> 24 & 255, refund)

    def statistics(self) -> dict[str, int]:
        """Bytes of bytecode, and the time that lowering took."""
        free = sum(size * len(starts) for size, starts in self._free.items())
        return {
            "bytecode_bytes": 8 * (self._next - 1 - free),
            "lower_us": self._lower_ns // 1000,
        }

    def explain(self, made: Bytecode) -> dict[str, str]:
        """A block's bytecode, one word a line."""
        lines = [
            f"{made.start + index:6}  {opcodes.text(word)}"
            for index, word in enumerate(made.lowered.words)
        ]
        return {"bytecode": "\n".join(lines) + "\n"}

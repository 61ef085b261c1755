"""Which blocks are hot, and which are compiled with them.

Code counts the executions of a block down. When its counter (``tables.HOT``) comes to zero, its
id is put into a table (``tables.PENDING``), and it counts anew, from a smaller number. The loop
returns when the table is full, or when a block of it comes to zero again.
"""

from collections.abc import Callable, Collection

from backends.numba_jit import tables
from backends.numba_jit.installed import Installed
from backends.numba_jit.tables import Tables
from backends.numba_jit.units.neighbours import Neighbours
from dbt.ir.block import CONDITION_PASSED

MOST = 128
"""Blocks that are compiled at once."""
MOST_TIMES = 3
"""Times that a block is compiled, for it may become a part of a larger region."""
AGAIN_PART = 8
"""A block whose counter has come to zero is counted anew, from the first count divided by this. The
second time that a block of the table comes to zero, all of them are compiled: a hot loop waits no
longer for others. Programs of floating point were 2 to 4 % faster with an eighth than with a half
(processor time, minima of interleaved runs)."""
SOONER = 8
"""A block that was compiled quickly, for it could not be copied, is hot so many times sooner: it
has operations of vectors or calls, which cost more than others do."""


class HotBlocks:
    """The hot blocks of one executor that are to be compiled, and how often each block was."""

    def __init__(
        self,
        hot: int,
        shared: Tables,
        neighbours: Neighbours,
        installed: Callable[[int], Installed],
        *,
        regions: bool,
    ) -> None:
        """``hot`` executions make a block hot. ``installed`` returns the record of a block by its
        id. With ``regions`` warm blocks are compiled with hot ones."""
        self._hot = min(max(1, hot), tables.MOST_HOT)
        self._tables = shared
        self._neighbours = neighbours
        self._installed = installed
        self._regions = regions
        self._times: dict[int, int] = {}
        """How often a block was compiled, by id."""
        self.due: dict[int, None] = {}
        """The ids of those that are compiled next."""
        self.cold: set[int] = set()
        """The ids of blocks that were compiled because they had no copied code, and count. They are
        hot after a part (``SOONER``) of the executions."""
        shared.control[tables.FIRST_HOT // 8] = self._hot
        again = max(2, self._hot // AGAIN_PART)  # 1: it would not run between
        shared.control[tables.AGAIN // 8] = again

    def count_anew(self, block_id: int) -> None:
        """Count the executions of a block from the beginning."""
        self._tables.hot.view[block_id] = self._most(block_id)

    def _most(self, block_id: int) -> int:
        """How many executions make a block hot."""
        return max(1, self._hot // SOONER) if block_id in self.cold else self._hot

    def add_cold(self, ids: Collection[int]) -> None:
        """Note that blocks were compiled because they had no copied code."""
        self.cold.update(ids)
        for block_id in ids:
            self.count_anew(block_id)

    def stop(self) -> None:
        """Let blocks that are made from now on not become hot, and others not again."""
        for word in (tables.FIRST_HOT, tables.AGAIN):
            self._tables.control[word // 8] = tables.MOST_HOT

    def collect(self) -> None:
        """Add to ``due`` what has become hot since the last call."""
        self.due.update(dict.fromkeys(self._pending()))
        self._set_pending([])

    def forget(self, ids: Collection[int]) -> None:
        """Take blocks for not hot, until they are again."""
        for block_id in self.due.keys() & ids:
            del self.due[block_id]
        pending = self._pending()
        kept = [block_id for block_id in pending if block_id not in ids]
        if len(kept) < len(pending):
            self._set_pending(kept)

    def drop(self, block_id: int) -> None:
        """Forget all about a block that is removed."""
        self._times.pop(block_id, None)
        self.cold.discard(block_id)
        self.forget({block_id})

    def clear(self) -> None:
        """Forget all about all blocks."""
        for known in (self._times, self.due, self.cold):
            known.clear()
        self._set_pending([])

    def was_compiled(self, block_id: int) -> bool:
        """Whether a block was compiled before, alone or in a region."""
        return block_id in self._times

    def note_compiled(self, block_id: int) -> None:
        """Note that a block was compiled once more."""
        self._times[block_id] = self._times.get(block_id, 0) + 1

    def with_others(self, hot: list[int], awaited: Collection[int]) -> list[int]:
        """Hot blocks, with those that complete their last instruction; for regions also the warm
        ones that they lead to, or that on the same pages lead to them. Others are not compiled at
        the moment, which are ``awaited``."""
        found = dict.fromkeys(hot)
        waiting = list(found)
        near: dict[int, list[int]] = {}
        """Those that lead to a block, by its id, from pages that were looked at."""
        pages: set[int] = set()

        def belongs(block_id: int) -> bool:
            return block_id not in awaited and self._belongs(block_id)

        for block_id in waiting:
            page = self._neighbours.page(block_id)
            if self._regions and page not in pages:
                pages.add(page)
                for other in filter(belongs, self._neighbours.on_page(page)):
                    for target in self._neighbours.following(other):
                        near.setdefault(target, []).append(other)
            for other in [*self._neighbours.following(block_id), *near.get(block_id, ())]:
                if other and other not in found and len(found) < MOST and belongs(other):
                    found[other] = None
                    waiting.append(other)
        return waiting

    def _belongs(self, block_id: int) -> bool:
        """Whether a block that is next to a hot one is compiled with it: it was not compiled often,
        and was compiled before, or completes an instruction, which counts no executions, or was
        executed a sixteenth as often as a hot one."""
        times = self._times.get(block_id, 0)
        if times >= MOST_TIMES:
            return False
        if self._installed(block_id).key.mode & CONDITION_PASSED:
            return self._regions or not times
        left, most = self._tables.hot.view[block_id], self._most(block_id)
        return self._regions and (
            (times > 0 and block_id not in self.cold) or most - left >= most // 16
        )

    def _pending(self) -> list[int]:
        count = self._tables.control[tables.PENDING_COUNT // 8]
        return list(self._tables.pending.view[:count]) if count else []

    def _set_pending(self, pending: list[int]) -> None:
        for index, block_id in enumerate(pending):
            self._tables.pending.view[index] = block_id
        self._tables.control[tables.PENDING_COUNT // 8] = len(pending)

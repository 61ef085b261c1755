"""The regions that may run, and the link slots that they take to be linked.

``edges.unlink`` marks such a slot as UNDONE and stops all regions (``tables.STOPPED``), whichever
thread calls it. Before code runs again the executor asks for the regions with a marked slot, and
gives them up.
"""

import collections
from collections.abc import Mapping

from backends.numba_jit import tables
from backends.numba_jit.tables import Tables
from dbt.classes import attrs

_STOPPED = tables.STOPPED // 8


@attrs.define(eq=False)
class Entered:
    """A region that may run: the blocks that each of its link slots is linked to, by slot, and the
    code pointers of its units, by block id."""

    slots: Mapping[int, int]
    codes: dict[int, int]


class Regions:
    """The regions of one executor."""

    def __init__(self, shared: Tables) -> None:
        self._control = shared.control
        self._inner, self._linked = shared.slot_inner.view, shared.slot_block.view
        self._count: collections.Counter[int] = collections.Counter()
        """By slot: the regions that take it to be linked."""
        self._by_code: dict[int, Entered] = {}

    @property
    def stopped(self) -> bool:
        """Whether no region may be entered, because an edge within one was unlinked."""
        return bool(self._control[_STOPPED])

    def enter(self, slots: Mapping[int, int], codes: Mapping[int, int]) -> bool:
        """Let a region run, unless an edge within it is not linked any more."""
        entered = Entered(slots, dict(codes))
        self._count.update(slots.keys())
        for slot in slots:
            if not self._inner[slot]:  # else another thread may write UNDONE at any time
                self._inner[slot] = tables.INNER
        # Marked first, looked at then: another thread may unlink them at any time.
        if any(self._is_undone(slot, block_id) for slot, block_id in slots.items()):
            self._leave(entered)
            return False
        self._by_code.update(dict.fromkeys(codes.values(), entered))
        return True

    def _is_undone(self, slot: int, block_id: int) -> bool:
        return self._inner[slot] == tables.UNDONE or self._linked[slot] != block_id

    def give_up(self, block_id: int, code: int) -> None:
        """Take notice that a block does not run as this unit any more."""
        entered = self._by_code.pop(code, None)
        if entered is not None:
            del entered.codes[block_id]
            if not entered.codes:
                self._leave(entered)

    def _leave(self, entered: Entered) -> None:
        for slot in entered.slots:
            self._count[slot] -= 1
            if not self._count[slot]:
                del self._count[slot]
                self._inner[slot] = 0

    def undone(self) -> list[Mapping[int, int]]:
        """Forget the regions with an edge that is not linked any more, and let the others go on.
        Returns the code pointers of their units, by block id."""
        if not self.stopped:
            return []
        self._control[_STOPPED] = 0
        found = {id(entered): entered for entered in self._by_code.values()}.values()
        undone = [e for e in found if any(self._inner[s] == tables.UNDONE for s in e.slots)]
        for entered in undone:
            for code in entered.codes.values():
                del self._by_code[code]
            self._leave(entered)
        return [entered.codes for entered in undone]

    def clear(self) -> None:
        """Forget all regions: there are no blocks any more."""
        self._count.clear()
        self._by_code.clear()
        self._control[_STOPPED] = 0

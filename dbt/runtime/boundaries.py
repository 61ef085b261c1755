"""The pcs at which blocks have to begin."""

from collections.abc import Callable, Collection


class Boundaries:
    """Pcs that hooks and the like have added, counted, and those that the chain policy needs.

    ``cut`` is called with each pc that is new: what is translated across it has to go.
    """

    def __init__(self, cut: Callable[[int], None]) -> None:
        self._cut = cut
        self._added: dict[int, int] = {}  # to how often
        self._by_policy: Collection[int] = frozenset()
        self.pcs: set[int] = set()
        """All of them."""

    def add(self, pc: int) -> None:
        """From now on a block begins at ``pc``; undone by as many ``remove``."""
        self._added[pc] = self._added.get(pc, 0) + 1
        self.pcs.add(pc)
        self._cut(pc)

    def remove(self, pc: int) -> None:
        """Undo one ``add``. Blocks that were cut there stay so, which is harmless."""
        count = self._added.pop(pc, 1) - 1
        if count > 0:
            self._added[pc] = count
        elif pc not in self._by_policy:
            self.pcs.discard(pc)

    def follow_policy(self, pcs: Collection[int]) -> None:
        """The chain policy needs these pcs from now on."""
        self._by_policy = pcs
        before, self.pcs = self.pcs, {*pcs, *self._added}
        for pc in self.pcs - before:
            self._cut(pc)

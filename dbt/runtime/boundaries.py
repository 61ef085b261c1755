"""The pcs at which blocks have to begin."""

from collections.abc import Callable, Collection


class Boundaries:
    """The union of the pcs that hooks add, with a count for each, and of those that the chain
    policy needs.

    ``cut`` is called with each new pc, to drop the translations that extend across it, after
    ``mark``, which is called with True then, and with False for each that is gone.
    """

    def __init__(self, cut: Callable[[int], None], mark: Callable[[int, bool], None]) -> None:
        self._cut = cut
        self._mark = mark
        self._added: dict[int, int] = {}  # the number of times each was added
        self._by_policy: set[int] = set()
        self.pcs: set[int] = set()
        """All boundaries."""

    def add(self, pc: int) -> None:
        """Add a boundary. It takes as many ``remove`` to undo."""
        self._added[pc] = self._added.get(pc, 0) + 1
        self.pcs.add(pc)
        self._mark(pc, True)
        self._cut(pc)

    def remove(self, pc: int) -> None:
        """Undo one ``add``. Blocks that were split there stay split, which does no harm."""
        count = self._added.pop(pc, 1) - 1
        if count > 0:
            self._added[pc] = count
        elif pc not in self._by_policy:
            self.pcs.discard(pc)
            self._mark(pc, False)

    def follow_policy(self, pcs: Collection[int]) -> None:
        """Take these pcs for the ones that the chain policy needs, in place of the last ones."""
        wanted = {*pcs}
        for pc in self._by_policy - wanted:
            self.follow_policy_at(pc, needed=False)
        for pc in wanted - self._by_policy:
            self.follow_policy_at(pc, needed=True)

    def follow_policy_at(self, pc: int, *, needed: bool) -> None:
        """The chain policy needs a boundary, or does not need it any more."""
        (self._by_policy.add if needed else self._by_policy.discard)(pc)
        if needed == (pc in self.pcs) or pc in self._added:
            return
        (self.pcs.add if needed else self.pcs.discard)(pc)
        self._mark(pc, needed)
        if needed:
            self._cut(pc)

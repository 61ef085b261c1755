"""The ids of the blocks that regions name.

A region takes an edge inside while its link slot is linked to the id of a member. So the id of a
member that was dropped may not be given to another block while the region's code is there.
"""

import collections
from collections.abc import Callable, Iterable


class Held:
    """Block ids, each with the number of modules of code that name it."""

    def __init__(self, give_back: Callable[[int], None]) -> None:
        self._give_back = give_back
        self._count: collections.Counter[int] = collections.Counter()
        self._gone: set[int] = set()
        self._generation = 0

    def hold(self, ids: Iterable[int]) -> Callable[[], None]:
        """Hold ids for a module. Returns a function to call when the module is gone."""
        held, generation = tuple(ids), self._generation
        self._count.update(held)

        def release() -> None:
            if generation == self._generation:
                self._release(held)

        return release

    def keeps(self, block_id: int) -> bool:
        """Take notice that a block is dropped. True when its id is held: then it is given back when
        the last module that names it is gone."""
        if block_id in self._count:
            self._gone.add(block_id)
            return True
        return False

    def clear(self) -> None:
        """Forget all ids: there are no blocks any more."""
        self._count.clear()
        self._gone.clear()
        self._generation += 1

    def _release(self, ids: Iterable[int]) -> None:
        for block_id in ids:
            self._count[block_id] -= 1
            if not self._count[block_id]:
                del self._count[block_id]
                if block_id in self._gone:
                    self._gone.discard(block_id)
                    self._give_back(block_id)

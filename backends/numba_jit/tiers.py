"""What a tier is: one way to run blocks. An executor has several, and asks little of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from backends.numba_jit.installed import Installed
from backends.numba_jit.records import FaultRecord


class Tier(Protocol):
    """One way to run blocks.

    ``starts`` by block id and ``entries`` by entry index (``abi.entry_index``) are the tables where
    running code finds this tier's blocks. Only the executor writes them: what ``entry`` returns, or
    0 in ``entries`` where nothing may chain into a block.
    """

    starts: Any
    entries: Any

    def accept(self, installed: Installed) -> None:
        """Take a block, to run it at once or later."""

    def entry(self, installed: Installed) -> int:
        """Where the block begins, never 0; 0 as long as the tier cannot run it."""

    def drop(self, installed: Installed) -> None:
        """Give up a block that nothing leads into any more."""

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """What the tier makes of a block: texts by the name of their stage."""

    def statistics(self) -> Mapping[str, int]:
        """Figures, by names that no other tier has."""

    def close(self) -> None:
        """Release what the tier holds beside the tables."""


class FirstTier(Tier, Protocol):
    """The tier that runs every block from the moment it is accepted."""

    def has_room(self) -> bool:
        """Whether any block finds room."""

    def clear(self) -> None:
        """Take all room back: there are no blocks."""

    def sites(self, installed: Installed) -> Sequence[int]:
        """Where the block's link slots are chained, in their order: indices into
        ``Tables.words32``."""

    def hand_over(self, installed: Installed) -> None:
        """The block has an entry in a better tier: what comes to it here changes over."""

    def fault_at(self, position: int) -> FaultRecord:
        """The access that was refused at a position of this tier's code (``tables.X_FAULT``)."""

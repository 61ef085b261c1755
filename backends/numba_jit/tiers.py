"""The protocols of a tier, which is one way to run blocks. An executor has several tiers."""

from collections.abc import Mapping
from typing import Any, Protocol

from backends.numba_jit.installed import Installed
from backends.numba_jit.records import FaultRecord


class Tier(Protocol):
    """One way to run blocks.

    Running code finds the blocks of this tier in two tables: ``starts``, by block id, and
    ``entries``, by entry index (``abi.entry_index``). The executor alone writes them. It writes the
    value that ``entry`` returns, and 0 to ``entries`` when nothing may chain into the block.
    """

    starts: Any
    entries: Any

    def accept(self, installed: Installed) -> None:
        """Take over a block. The tier may prepare it at once or later."""

    def entry(self, installed: Installed) -> int:
        """The position in the tier's code where a block begins; 0 while it cannot run the block."""

    def drop(self, installed: Installed) -> None:
        """Drop a block. Nothing leads into it any more."""

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """The text of a block after each stage of the tier, by the stage's name."""

    def statistics(self) -> Mapping[str, int]:
        """Figures by name. No two tiers use the same name."""

    def close(self) -> None:
        """Release everything that the tier has allocated outside of the tables."""


class FirstTier(Tier, Protocol):
    """The tier that runs every block from the moment it is accepted."""

    def has_room(self) -> bool:
        """True when there is room for a block of any size."""

    def clear(self) -> None:
        """Free all room. There must be no blocks."""

    def hand_over(self, installed: Installed) -> None:
        """Make this tier's code of a block lead to the better tier, which has an entry for it."""

    def fault_at(self, position: int) -> FaultRecord:
        """The access that was refused at a position of this tier's code (``tables.X_FAULT``)."""


class BetterTier(Tier, Protocol):
    """The tier that runs some blocks faster, when it has prepared them.

    It is made with a function, which it calls with the blocks that have got an entry.
    """

    def clear(self) -> None:
        """Drop all blocks. Nothing leads into them any more."""

    def before_run(self) -> None:
        """Prepare what has to be prepared before its first execution. Called before each run."""

    def promote(self) -> None:
        """Prepare the hot blocks. Called when running code has returned ``tables.X_PROMOTE``."""

"""The protocol of a tier, which is one way to run blocks.

An executor has two: copied code, and compiled units.
"""

from collections.abc import Mapping

from backends.numba_jit.installed import Installed
from dbt.typing import Any, Protocol


class Tier(Protocol):
    """One way to run blocks.

    Running code finds the blocks of this tier in three tables: ``starts`` and ``open``, by block
    id, and ``entries``, by entry index (``abi.entry_index``). The executor writes them. It writes
    the value that ``entry`` returns, and 0 to ``open`` and ``entries`` when nothing may chain into
    the block.
    """

    starts: Any
    open: Any
    entries: Any

    def accept(self, installed: Installed) -> None:
        """Take over a block. The tier may prepare it at once or later."""

    def entry(self, installed: Installed) -> int:
        """The position in the tier's code where a block begins; 0 while it cannot run the block."""

    def drop(self, installed: Installed) -> None:
        """Drop a block. Nothing leads into it any more."""

    def clear(self) -> None:
        """Drop all blocks. Nothing leads into them any more."""

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """The text of a block after each stage of the tier, by the stage's name."""

    def statistics(self) -> Mapping[str, int]:
        """Figures by name. No two tiers use the same name."""

    def close(self) -> None:
        """Release everything that the tier has allocated outside of the tables."""

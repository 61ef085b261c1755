"""An index of translations by the guest pages that they were made from, for executors.

It says which translations must be dropped when guest code changes, a hook is set, or the chain
policy needs a block to begin at some pc.
"""

from collections.abc import Iterable, Iterator

from dbt.interfaces import PAGE, Extent
from dbt.ir.block import BlockKey


class PageIndex:
    """Keys of installed blocks, by the pages that they depend on (a ``BlockIndex``)."""

    def __init__(self) -> None:
        self._pages: dict[int, dict[BlockKey, int]] = {}  # with the end address of each
        self._pages_of: dict[BlockKey, range] = {}

    def add(self, block: Extent) -> None:
        """Index a block that was installed."""
        key = block.key
        self.remove([key])
        self._pages_of[key] = block.pages
        for page in block.pages:
            self._pages.setdefault(page, {})[key] = key.pc + block.size

    def remove(self, keys: Iterable[BlockKey]) -> None:
        """Forget blocks; unknown keys are ignored."""
        for key in keys:
            for page in self._pages_of.pop(key, ()):
                there = self._pages[page]
                del there[key]
                if not there:
                    del self._pages[page]

    def on_page(self, page: int) -> list[BlockKey]:
        """Keys of the blocks that depend on a page (a page number)."""
        return list(self._pages.get(page, ()))

    def at(self, pc: int) -> list[BlockKey]:
        """Keys of the blocks that begin at ``pc``, in any mode."""
        return [key for key in self._pages.get(pc // PAGE, ()) if key.pc == pc]

    def across(self, pc: int) -> list[BlockKey]:
        """Keys of the blocks that hold ``pc`` but do not begin there."""
        page = self._pages.get(pc // PAGE, {})
        return [key for key, end in page.items() if key.pc < pc < end]

    def pages(self) -> list[int]:
        """Numbers of all pages with translations."""
        return list(self._pages)

    def __contains__(self, key: BlockKey) -> bool:
        return key in self._pages_of

    def __iter__(self) -> Iterator[BlockKey]:
        return iter(self._pages_of)

    def __len__(self) -> int:
        return len(self._pages_of)

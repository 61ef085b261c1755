"""Which translations exist and which guest pages they were made from.

The code itself belongs to the executor. This index says which translations must be dropped when
guest code changes, a hook is set, or the chain policy needs a block to begin at some pc.
"""

from collections.abc import Iterable, Iterator

from dbt.interfaces import PAGE, Extent
from dbt.ir.block import Block, BlockKey


class CodeCache:
    """Keys of installed blocks, by the pages that they depend on."""

    def __init__(self) -> None:
        self._pages: dict[int, dict[BlockKey, int]] = {}  # with the end address of each
        self._pages_of: dict[BlockKey, range] = {}

    def add(self, block: Extent | Block) -> range:
        """Index a block that was installed. Returns the numbers of the pages it depends on."""
        key = block.key
        self.remove([key])
        pages = _pages(block)
        self._pages_of[key] = pages
        for page in pages:
            self._pages.setdefault(page, {})[key] = key.pc + block.size
        return pages

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


def _pages(block: Extent | Block) -> range:
    """Numbers of the pages of a block's bytes, and of the bytes in front that it depends on."""
    pc = block.key.pc
    return range((pc - block.before) // PAGE, (pc + max(1, block.size) - 1) // PAGE + 1)

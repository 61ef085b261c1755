"""Which translations exist and which guest pages they were made from.

The code itself belongs to the executor; this index answers "what must go" when guest code changes,
a hook is set or a policy needs a block to begin somewhere. Blocks never cross a page.
"""

from collections.abc import Iterable, Iterator

from dbt.interfaces import PAGE
from dbt.ir.block import Block, BlockKey


class CodeCache:
    """Keys of installed blocks by the page they were lifted from."""

    def __init__(self) -> None:
        self._pages: dict[int, dict[BlockKey, int]] = {}

    def add(self, block: Block) -> None:
        """Index a block that was installed."""
        self._pages.setdefault(block.key.pc // PAGE, {})[block.key] = block.size

    def remove(self, keys: Iterable[BlockKey]) -> None:
        """Forget blocks; unknown keys are ignored."""
        for key in keys:
            page = self._pages.get(key.pc // PAGE)
            if page is not None:
                page.pop(key, None)
                if not page:
                    del self._pages[key.pc // PAGE]

    def on_page(self, page: int) -> list[BlockKey]:
        """Keys of the blocks lifted from a page (a page number)."""
        return list(self._pages.get(page, ()))

    def at(self, pc: int) -> list[BlockKey]:
        """Keys of the blocks that begin at ``pc``, in any mode."""
        return [key for key in self._pages.get(pc // PAGE, ()) if key.pc == pc]

    def across(self, pc: int) -> list[BlockKey]:
        """Keys of the blocks that hold ``pc`` but do not begin there."""
        page = self._pages.get(pc // PAGE, {})
        return [key for key, size in page.items() if key.pc < pc < key.pc + size]

    def pages(self) -> list[int]:
        """Numbers of all pages with translations."""
        return list(self._pages)

    def __contains__(self, key: BlockKey) -> bool:
        return key in self._pages.get(key.pc // PAGE, ())

    def __iter__(self) -> Iterator[BlockKey]:
        for page in self._pages.values():
            yield from page

    def __len__(self) -> int:
        return sum(len(page) for page in self._pages.values())

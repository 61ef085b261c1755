"""The table of installed blocks: their keys, extents, slots and pages, by block id.

It lies in host memory, for the loop enters the blocks that it makes itself.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from backends.numba_jit import abi, tables
from backends.numba_jit.pool import Pool
from backends.numba_jit.tables import Tables
from dbt.interfaces import PAGE, Extent
from dbt.ir.block import BlockKey
from dbt.typing import Any

_WORDS = tables.BLOCK // 8
_KEY, _EXTENT, _SLOTS, _START, _END, _MARKS = (
    offset // 8
    for offset in (
        tables.B_KEY, tables.B_EXTENT, tables.B_SLOTS, tables.B_START, tables.B_END, tables.B_MARKS,
    )
)  # fmt: skip
_NEXT, _BEFORE, _HALVES = tables.B_NEXT // 4, tables.B_BEFORE // 4, tables.BLOCK // 4
_LOW, _ALL = (1 << 32) - 1, (1 << 64) - 1
_PAGE = _LOW & -PAGE


class BlockTable:
    """The blocks of one executor (a ``dbt.interfaces.BlockIndex``)."""

    def __init__(self, shared: Tables, position_of: Callable[[BlockKey], int]) -> None:
        self._position_of = position_of
        self._control = shared.control
        self._at = shared.block_at.view
        self._rows, self._first = shared.blocks.view, shared.page_block.view
        self._halves: Any = shared.blocks.view.cast("B").cast("I")
        self._pool = Pool(
            tables.MAX_BLOCKS, shared.free_blocks.view, shared.control, tables.FREE_BLOCKS
        )
        self.removals = 0
        """Grows when blocks go. While it stays, an id stays that of its block."""
        self._elsewhere: dict[BlockKey, int] = {}  # ids of keys without a position
        self._further: dict[int, set[int]] = {}  # by page: those that begin on another one

    # -- adding and removing

    def has_room(self) -> bool:
        """True when a block can be added."""
        return self._pool.has(1)

    def clear(self) -> None:
        """Free all ids. There must be no blocks."""
        self.removals += 1
        self._pool.clear()
        self._elsewhere.clear()
        self._further.clear()

    def take(self) -> int:
        """Allocate the id of a block that is about to be added."""
        return self._pool.take()

    def give_back(self, block_id: int) -> None:
        """Free an id that was allocated and not added."""
        self._pool.give_back(block_id)

    @property
    def mark(self) -> tuple[int, int]:
        """The state of the table, for ``added_since``."""
        return self._pool.mark

    def added_since(self, mark: tuple[int, int]) -> Iterator[int]:
        """The ids of the blocks added since a mark. None may have been removed since."""
        return (i for i in self._pool.taken_since(mark) if self._rows[i * _WORDS + _KEY])

    def add(self, block_id: int, extent: Extent, count: int, slots: tuple[int, ...]) -> None:
        """Enter a block. ``count``: its instructions, 0 if it is not copied."""
        key, row = extent.key, block_id * _WORDS
        first, second = (*slots, 0, 0)[:2]
        bytes_ = extent.size | extent.before << 32
        self._rows[row + _KEY] = tables.key_word(key)
        self._rows[row + _EXTENT] = bytes_ | count << 40 | (extent.insn_count if count else 0) << 48
        self._rows[row + _SLOTS] = first | second << 32
        self._rows[row + _START] = self._rows[row + _END] = 0
        home = key.pc // PAGE
        half, after = block_id * _HALVES, self._first[home]
        self._halves[half + _NEXT], self._halves[half + _BEFORE] = after, 0
        if after:
            self._halves[after * _HALVES + _BEFORE] = block_id
        self._first[home] = block_id
        for page in extent.pages:
            if page != home:
                self._further.setdefault(page, set()).add(block_id)
        if self._position_of(key) < 0:
            self._elsewhere[key] = block_id
        self._control[tables.BLOCKS_NOW // 8] += 1

    def remove(self, block_id: int) -> None:
        """Take a block out, and free its id."""
        self.removals += 1
        extent, home = self.extent(block_id), self.key(block_id).pc // PAGE
        half = block_id * _HALVES
        after, before = self._halves[half + _NEXT], self._halves[half + _BEFORE]
        if before:
            self._halves[before * _HALVES + _NEXT] = after
        else:
            self._first[home] = after
        if after:
            self._halves[after * _HALVES + _BEFORE] = before
        for page in extent.pages:
            if page != home:
                there = self._further[page]
                there.discard(block_id)
                if not there:
                    del self._further[page]
        self._elsewhere.pop(extent.key, None)
        self._rows[block_id * _WORDS + _KEY] = 0
        self._control[tables.BLOCKS_NOW // 8] -= 1
        self._pool.give_back(block_id)

    # -- one block

    def get(self, key: BlockKey) -> int:
        """The id of a key's block, or 0."""
        position = self._position_of(key)
        if position < 0:
            return self._elsewhere.get(key, 0)
        return int(self._at[abi.position_index(position)])

    def key(self, block_id: int) -> BlockKey:
        """The key of a block."""
        word = self._rows[block_id * _WORDS + _KEY]
        return BlockKey(word & _LOW, (word & ~tables.USED) >> 32)

    def slots(self, block_id: int) -> tuple[int, ...]:
        """The link slots of a block."""
        word = self._rows[block_id * _WORDS + _SLOTS]
        return tuple(slot for slot in (word & _LOW, word >> 32) if slot)

    def extent(self, block_id: int) -> Extent:
        """What a block was made from, without its targets. Blocks that are not copied count 0."""
        word = self._rows[block_id * _WORDS + _EXTENT]
        return Extent(
            self.key(block_id), word & _LOW, word >> 32 & 255, word >> 48 & 255, targets=()
        )

    def count(self, block_id: int) -> int:
        """How many instructions a copied block has; 0 for others."""
        return int(self._rows[block_id * _WORDS + _EXTENT] >> 40 & 255)

    def code(self, block_id: int) -> tuple[int, int]:
        """Where a block's copied code begins and ends; 0, 0 if it has none."""
        row = block_id * _WORDS
        return int(self._rows[row + _START]), int(self._rows[row + _END])

    def set_code(self, block_id: int, start: int, end: int, marks: int) -> None:
        """Set where a block's copied code begins and ends, and the places of its instructions."""
        row = block_id * _WORDS
        self._rows[row + _START], self._rows[row + _END] = start, end
        self._rows[row + _MARKS] = marks & _ALL

    def place(self, block_id: int, index: int) -> int:
        """At which place of a copied block one of its instructions begins: its offset in the
        frontend's alignments."""
        marks = self._rows[block_id * _WORDS + _MARKS]
        for _ in range(index):
            marks &= marks - 1
        return int((marks & -marks).bit_length()) - 1

    # -- by page

    def begun_on(self, page: int) -> Iterator[int]:
        """Ids of the blocks that begin on a page."""
        block_id = self._first[page]
        while block_id:
            after = self._halves[block_id * _HALVES + _NEXT]
            yield block_id
            block_id = after

    def begun_at(self, pc: int) -> list[int]:
        """Ids of the blocks that begin at ``pc``, in any mode."""
        return [i for i in self.begun_on(pc // PAGE) if self._rows[i * _WORDS] & _LOW == pc]

    def begun_in(self, pcs: range) -> list[int]:
        """Ids of the blocks that begin in a range."""
        pages = range(pcs.start // PAGE, (pcs.stop - 1) // PAGE + 1)
        found: Iterable[int] = self.ids()
        if len(pages) <= len(self):
            found = chain.from_iterable(map(self.begun_on, pages))
        return [i for i in found if self._rows[i * _WORDS] & _LOW in pcs]

    def _depending(self, page: int) -> Iterator[int]:
        yield from self.begun_on(page)
        yield from tuple(self._further.get(page, ()))

    def on_page(self, page: int) -> list[BlockKey]:
        """See ``BlockIndex.on_page``."""
        return [self.key(block_id) for block_id in self._depending(page)]

    def at(self, pc: int) -> list[BlockKey]:
        """See ``BlockIndex.at``."""
        return [self.key(block_id) for block_id in self.begun_at(pc)]

    def across(self, pc: int) -> list[BlockKey]:
        """See ``BlockIndex.across``."""
        rows, found = self._rows, []
        for block_id in self._depending(pc // PAGE):
            row = block_id * _WORDS
            begin = rows[row + _KEY] & _LOW
            if begin < pc < begin + (rows[row + _EXTENT] & _LOW):
                found.append(self.key(block_id))
        return found

    def pages(self) -> list[int]:
        """See ``BlockIndex.pages``."""
        keys = self._rows[_KEY : self._pool.end * _WORDS : _WORDS].tolist()
        starts = {key & _PAGE for key in keys if key}  # far fewer than keys
        return [*{start // PAGE for start in starts} | self._further.keys()]

    def ids(self) -> Iterator[int]:
        """Ids of all blocks."""
        for block_id in range(1, self._pool.end):
            if self._rows[block_id * _WORDS + _KEY]:
                yield block_id

    def __contains__(self, key: BlockKey) -> bool:
        return self.get(key) != 0

    def __iter__(self) -> Iterator[BlockKey]:
        return map(self.key, self.ids())

    def __len__(self) -> int:
        return int(self._control[tables.BLOCKS_NOW // 8])

    def close(self) -> None:
        """Let go of the table."""
        self._halves.release()

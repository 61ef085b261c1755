"""Makes the code of guest blocks from stencils, and takes it back."""

from collections.abc import Collection
from typing import Any

import attrs
import numpy as np

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import copying, terms
from backends.numba_jit.stencils.code_memory import SHARED, CodeMemory
from backends.numba_jit.stencils.library import (
    BRANCHES,
    CONTINUES,
    EXIT,
    GOES,
    HALTS,
    MODE0,
    MODE1,
    SIZE,
    TO0,
    TO1,
    Library,
)
from backends.numba_jit.stencils.machine_code import read_stencils
from backends.numba_jit.stencils.maker import Maker
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import Context
from dbt.ir.block import CONDITION_PASSED, HOOKED, Block, BlockKey
from dbt.stops import GuestFault

SMALLEST = 64
"""Code is given out in multiples of so many bytes."""
MODES = CONDITION_PASSED | HOOKED
"""Mode bits that a copied block may have."""


@attrs.frozen
class Draft:
    """A block that can be copied: its instructions, those of them that it counts, its size in
    bytes, how many bytes in front it depends on, where its direct exits lead, and what is in front
    of it."""

    key: BlockKey
    count: int
    counted: int
    size: int
    before: int
    targets: tuple[BlockKey, ...]
    front: int


class Copier:
    """The library and the code of one executor."""

    def __init__(self, context: Context, slots: int, *, hot: bool) -> None:
        layout, lifter = context.state.layout, context.lifter
        assert lifter is not None
        self.library = Library(layout, lifter.word_bits, lifter.word_index)
        self._lifter = lifter
        self._maker = Maker(self.library, layout, lifter.lift_one)
        self._memory = context.memory
        shared = read_stencils(ObjectMaker().compile(SHARED, "stencil"))
        self.code = code = CodeMemory(shared, slots)
        self.enter = code.enter
        self._control = np.zeros(16, np.int64)
        for word, kind, pushed in (
            (copying.LINK_OUT, abi.X_LINK, True),
            (copying.SIDE_OUT, tables.X_SIDE, True),
            (copying.FUEL_OUT, abi.X_FUEL, True),
            (copying.HOT_OUT, tables.X_HOT, True),
            (copying.RETURN_OUT, abi.X_RETURN, False),
            (copying.JUMP_OUT, abi.X_JUMP, False),
        ):
            self._control[word] = code.way_out(kind, pushed=pushed)
        self._control[copying.HEAD] = self.library.add(shared["hothead" if hot else "head"], {})
        self._control[copying.GO] = self.library.add(shared["go"], {})
        self._control[copying.LINK_WORDS] = code.link_words
        self._control[copying.CURSOR], self._control[copying.END] = code.next, code.end
        self._unit_out = code.way_out(tables.X_UNIT, pushed=True)
        self._control[copying.CURSOR] = code.next
        self._free: dict[int, list[int]] = {}
        self._words = np.zeros((copying.MOST_INSNS + 1, 5), np.int64)
        self._ends = np.zeros(3, np.int64)
        self._stack = np.zeros(64, np.int64)
        self._every_flag = (1 << len(layout.flags)) - 1

    @property
    def _search(self) -> tuple[Any, ...]:
        tree = self.library.tree
        mask = (1 << self.library.width) - 1
        return tree.nodes, tree.roots, tree.code, self._stack, tree.index, mask

    @property
    def _arrays(self) -> tuple[Any, ...]:
        library = self.library
        return library.shapes, library.stencils, library.patches, library.offsets

    def word_before(self, pc: int) -> int:
        """What is in front of an instruction, as a number; 0 if that cannot be fetched."""
        size = self.library.width // 8
        if not pc:
            return 0
        try:
            return int.from_bytes(self._memory.fetch(pc - size, size), "little")
        except GuestFault:
            return 0

    def draft(self, key: BlockKey, boundaries: Collection[int]) -> Draft | None:
        """Look at the block at a key, whose first instruction can be fetched; None if it cannot be
        copied. What the library lacks is made."""
        if key.mode & ~MODES:
            return None
        most = min(self._lifter.max_insns, copying.MOST_INSNS)
        shapes, words, before = self.library.shapes, self._words, self.word_before(key.pc)
        while True:
            count, unknown = copying.find_shapes(
                self._memory.base, key.pc, most, before, key.mode, self._search, shapes, words
            )
            if not unknown:
                break
            at = words[count]
            previous = int(words[count - 1, copying.WORD]) if count else before
            self._maker.shape(
                int(at[copying.WORD]), int(at[copying.AT]), previous, 0 if count else key.mode
            )
        for index in range(1, count):
            if int(words[index, copying.AT]) in boundaries:
                count = index
                break
        if not count:
            return None
        return self._describe(key, count, before)

    def _describe(self, key: BlockKey, count: int, before: int) -> Draft:
        words = self._words
        last = words[count - 1]
        shape = self.library.shapes[last[copying.SHAPE]]
        exit_ = shape[EXIT]
        pc, word = int(last[copying.AT]), int(last[copying.WORD])
        end = pc + int(shape[SIZE])
        targets: tuple[BlockKey, ...] = ()
        if exit_ == CONTINUES:
            targets = (BlockKey(end & 0xFFFFFFFF),)
        elif exit_ in (GOES, BRANCHES):
            previous = int(words[count - 2, copying.WORD]) if count > 1 else before
            ways = ((TO0, MODE0), (TO1, MODE1))[: 2 if exit_ == BRANCHES else 1]
            targets = tuple(
                BlockKey(self._value(int(shape[to]), word, pc, previous), int(shape[mode]))
                for to, mode in ways
            )
        uncounted = key.mode & CONDITION_PASSED or exit_ == HALTS
        return Draft(
            key,
            count,
            count - 1 if uncounted else count,
            end - key.pc,
            self.library.width // 8 if count == 1 and exit_ != CONTINUES and key.pc else 0,
            targets,
            before,
        )

    def lift(self, key: BlockKey) -> Block:
        """The instruction at a key, as a block."""
        size = self.library.width // 8
        word = int.from_bytes(self._memory.fetch(key.pc, size), "little")
        return self._lifter.lift_one(key, word, self.word_before(key.pc))[0]

    def pc_of(self, draft: Draft, index: int) -> int:
        """The address of an instruction of a block."""
        pc = draft.key.pc
        for at in range(index):
            mode = draft.key.mode if at == 0 else 0
            pc += self.lift(BlockKey(pc, mode)).size
        return pc

    def _value(self, program: int, word: int, pc: int, before: int) -> int:
        return int(terms.run(self.library.tree.code, program, self._stack, word, pc, before))

    def copy(
        self, draft: Draft, block_id: int, slots: Collection[int]
    ) -> tuple[int, int, list[int]]:
        """Copy the block that was drafted last. Returns where it begins, 0 if there is no room, and
        ends, and the addresses of the code that its direct exits lead to while not linked."""
        library, count = self.library, draft.count
        while True:
            at = copying.choose(
                self._words, count, library.shapes, library.variants, self._every_flag
            )
            if at < 0:
                break
            self._maker.stencils(
                [(int(self._words[at, copying.SHAPE]), int(self._words[at, copying.CODE]))]
            )
        slot0, slot1 = (*slots, 0, 0)[:2]
        self._count = count
        job = (block_id, draft.counted, slot0, slot1, draft.front)
        start = int(self._control[copying.CURSOR])
        size = self._make(job)
        if not size:
            return 0, 0, []
        room = -(-size // SMALLEST) * SMALLEST
        free = self._free.get(room)
        if free:
            self._control[copying.CURSOR] = place = free.pop()
            self._make(job)
            self._control[copying.CURSOR] = start
            start = place
        else:
            self._control[copying.CURSOR] = start + room
        return start, start + room, [int(end) for end in self._ends[1 : 1 + len(slots)]]

    def _make(self, job: tuple[int, int, int, int, int]) -> int:
        """Make a block where CURSOR says; returns its size, 0 if there is no room."""
        library, start = self.library, int(self._control[copying.CURSOR])
        made = copying.make_block(
            self._words, self._count, job, self._arrays, library.blob.ctypes.data, self._search,
            self._control, self._ends,
        )  # fmt: skip
        return int(self._control[copying.CURSOR]) - start if made else 0

    def free(self, start: int, end: int) -> None:
        """Take the code of a block back. Nothing leads into it."""
        self._free.setdefault(end - start, []).append(start)

    def lead_out(self, start: int, block_id: int) -> None:
        """Make the code of a block leave for its unit."""
        copying.stub(start, self._unit_out, block_id)

    def close(self) -> None:
        """Give the memory back."""
        self.code.close()

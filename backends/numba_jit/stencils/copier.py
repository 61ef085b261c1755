"""Makes the code of guest blocks from stencils, and takes it back."""

from collections.abc import Collection
from typing import Any

import attrs
import numpy as np

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import copying, terms
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
from backends.numba_jit.stencils.code_memory import SHARED, CodeMemory
from backends.numba_jit.stencils.machine_code import read_stencils
from backends.numba_jit.stencils.maker import Maker
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import EXEC, PAGE
from dbt.ir.block import CONDITION_PASSED, HOOKED, BlockKey

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

    def __init__(self, context: Any, most_insns: int, slots: int) -> None:
        layout = context.layout
        self.library = Library(layout, context.word_bits, context.word_index)
        self._maker = Maker(self.library, layout, context.lift_one)
        self._memory = context.memory
        self._most = min(most_insns, copying.MOST_INSNS)
        shared = read_stencils(ObjectMaker().compile(SHARED, "stencil"))
        self.code = code = CodeMemory(shared, slots)
        self.enter = code.enter
        self._control = np.zeros(16, np.int64)
        for word, kind, pushed in (
            (copying.LINK_OUT, abi.X_LINK, True),
            (copying.SIDE_OUT, tables.X_SIDE, True),
            (copying.FUEL_OUT, abi.X_FUEL, True),
            (copying.RETURN_OUT, abi.X_RETURN, False),
            (copying.JUMP_OUT, abi.X_JUMP, False),
        ):
            self._control[word] = code.way_out(kind, pushed=pushed)
        self._control[copying.HEAD] = self.library.add(shared["head"], {})
        self._control[copying.GO] = self.library.add(shared["go"], {})
        self._control[copying.LINK_WORDS] = code.link_words
        self._control[copying.CURSOR], self._control[copying.END] = code.next, code.end
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
        if pc % PAGE < size and not self._memory.perms[(pc - 1) // PAGE] & EXEC:
            return 0
        return int.from_bytes(self._memory.peek(pc - size, size), "little")

    def draft(self, key: BlockKey, boundaries: Collection[int]) -> Draft | None:
        """Look at the block at a key, whose first instruction can be fetched; None if it cannot be
        copied. What the library lacks is made."""
        if key.mode & ~MODES:
            return None
        shapes, words, before = self.library.shapes, self._words, self.word_before(key.pc)
        while True:
            count, unknown = copying.find_shapes(
                self._memory.base, key.pc, self._most, before, key.mode, self._search, shapes, words
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

    def _value(self, program: int, word: int, pc: int, before: int) -> int:
        return int(terms.run(self.library.tree.code, program, self._stack, word, pc, before))

    def copy(self, draft: Draft, block_id: int, slots: Collection[int]) -> tuple[int, list[int]]:
        """Copy the block that was drafted last. Returns its address, 0 if there is no room, and the
        addresses of the code that its direct exits lead to while they are not linked."""
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
        job = (block_id, draft.counted, slot0, slot1, draft.front)
        address = copying.make_block(
            self._words, count, job, self._arrays, library.blob.ctypes.data, self._search,
            self._control, self._ends,
        )  # fmt: skip
        return int(address), [int(end) for end in self._ends[1 : 1 + len(slots)]]

    def close(self) -> None:
        """Give the memory back."""
        self.code.close()

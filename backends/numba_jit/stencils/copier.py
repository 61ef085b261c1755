"""Makes the code of guest blocks from stencils, and takes it back.

It is long because a block is drafted and made from the same rows of the library, which nothing else
may use in between.
"""

import ctypes
import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from backends.native import cache, stamps
from backends.numba_jit import abi, tables
from backends.numba_jit.installed import linkable
from backends.numba_jit.instructions import number_at
from backends.numba_jit.stencils import abi as words
from backends.numba_jit.stencils import kept
from backends.numba_jit.stencils.code_memory import CodeMemory
from backends.numba_jit.stencils.library import (
    BEHIND,
    EXIT,
    MODE0,
    MODE1,
    MOST_UNITS,
    NAMES,
    NUMBER,
    SIZE,
    TO0,
    TO1,
    Library,
)
from backends.numba_jit.stencils.machine_code import Stencil, read_stencils
from backends.numba_jit.stencils.native import Native
from backends.numba_jit.stencils.pass_set import is_kept, places_of, sources_of
from dbt.interfaces import (
    COUNTERS_AT,
    PAGE,
    STACK_BYTES,
    Context,
    CounterBank,
    Layout,
    Local,
    StackBank,
)
from dbt.ir.block import CONDITION_PASSED, HOOKED, Block, BlockKey, Halt, Swi, frontend_mode
from dbt.phases import Phase
from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from backends.numba_jit.stencils.additions import Added, Addition, Given
    from backends.numba_jit.stencils.instrumented import Sample
    from backends.numba_jit.stencils.maker import Batch, Maker
    from backends.numba_jit.stencils.names import Name

NAME, UNCHECKED, INSTRUMENTED = "stencils", "stencils-unchecked", "stencils-passes"
"""The names of the libraries on disk: of stencils that test the guest's permissions, of those that
do not, and of those that passes have added to, which may be of either kind."""
ENDS = ("head", "hothead", "probehead", "hotprobehead", "go")
"""The first stencils of a library: what blocks begin and end with."""
MOST_KEPT = 3 / 4
"""How full a library is at most that is kept."""
_ADDITIONS = {words.HEAD_ROW: words.HEAD_MODE, words.GO_ROW: words.GO_MODE}
"""The rows of what passes add, and the bits of their modes."""
MODES = CONDITION_PASSED | HOOKED
"""Mode bits of ours that a copied block may have."""


_MOST_EXITS = 1024
"""Exits that are remembered: a program makes most of its system calls at few places."""


class Draft(NamedTuple):
    """A block that can be copied: its instructions, those of them that it counts, its size in
    bytes, how many bytes in front it depends on, and where its direct exits lead."""

    key: BlockKey
    insns: int
    counted: int
    size: int
    before: int
    targets: tuple[BlockKey, ...]
    given: "Mapping[int, Given]" = {}
    """What is given to additions, by the number of the instruction."""


class Code(NamedTuple):
    """Where the code of a block begins and ends, the places of its instructions (B_MARKS), and the
    addresses of the code that its direct exits lead to while they are not linked."""

    start: int
    end: int
    marks: int
    outs: list[int]


class Copier:
    """The library and the code of one executor. ``hot``: blocks count their executions.
    ``checked``: the code tests the guest's permissions before it accesses memory. ``rewritten``:
    blocks are copied as passes have rewritten them."""

    def __init__(
        self,
        context: Context,
        slots: int,
        native: Native,
        passes: Sequence[Local] = (),
        *,
        hot: bool,
        checked: bool = True,
        rewritten: bool = False,
    ) -> None:
        layout, lifter = context.state.layout, context.lifter
        assert lifter is not None
        self.library = library = Library(
            layout, lifter.word_bits, lifter.encodings, lifter.changing
        )
        self._native = native
        self._lifter = lifter
        self._copied_modes = lifter.encodings[-1].mode | lifter.changing
        self._made: Maker | None = None
        self._memory = context.memory
        self._banks: dict[str, tuple[CounterBank | StackBank, int, int]] = {
            "counters": (context.counters, COUNTERS_AT, 8),
            "stacks": (context.stacks, 0, STACK_BYTES),
        }
        """By their names: the bank, what is added to offsets in it, and the bytes of an entry."""
        self.passes, self.rewritten = passes, rewritten
        self._places = places_of(passes)
        library.set(words.PASSES, self._places)
        self._phases = context.phases
        self._found, self._prepared_states = 0, set[int]()
        self._exits: dict[tuple[int, ...], Swi | Halt] = {}
        """By an instruction, the word before it and where it is: how it leaves."""
        slot_table = repr([(slot.name, slot.offset) for slot in layout.slots])
        self._stamp = kept.stamp(slot_table, *map(str, lifter.sources()))
        if passes or rewritten:
            text = repr((self._stamp, passes, rewritten, checked))
            self._stamp = stamps.stamp(sources_of(passes), text=text)
        self._checked, self._file = checked, NAME if checked else UNCHECKED
        if passes or rewritten:
            self._file = INSTRUMENTED
        self._keeps = all(map(is_kept, passes))
        content = kept.read(self._file, self._stamp) if self._keeps else None
        self._content: bytes | memoryview | None = content
        """What the library has begun with, or was kept as last."""
        compile_shared = context.phases.around(Phase.STENCILS, _compile_shared)
        shared = _shared_stencils(kept.stamp(slot_table), partial(compile_shared, layout))
        self.code = code = CodeMemory(shared, slots)
        self.enter, self.leave = code.enter, code.leave
        for word, kind, pushed in (
            (words.LINK_OUT, abi.X_LINK, True),
            (words.SIDE_OUT, tables.X_SIDE, True),
            (words.FUEL_OUT, tables.X_SHORT, True),
            (words.HOT_OUT, tables.X_HOT, True),
            (words.WATCH_OUT, tables.X_WATCH, True),
            (words.RETURN_OUT, abi.X_RETURN, False),
            (words.JUMP_OUT, abi.X_JUMP, False),
        ):
            library.set(word, code.way_out(kind, pushed=pushed))
        self._unit_out = code.way_out(tables.X_UNIT, pushed=True)
        self._record_out = code.way_out(abi.X_RECORD, pushed=True)
        self.is_new = content is None
        """Nothing was found on disk."""
        if content is None:
            for name in ENDS:
                library.fill(library.reserve(0, 0), shared[name], {})
        else:
            library.restore(content)
        self._hot = hot
        self.probes = False
        library.set(words.GO, 1 + ENDS.index("go"))
        library.set(words.LINK_WORDS, code.link_words)
        library.set(words.MOST, min(lifter.max_insns, words.MOST_INSNS))
        library.set(words.END, code.end)
        library.set(words.UNCHECKED, not checked)
        self.clear()

    @property
    def probes(self) -> bool:
        """Blocks begin with a test of their probe."""
        return self.library.get(words.PROBES) != 0

    @probes.setter
    def probes(self, value: bool) -> None:
        head = ("hot" if self._hot else "") + ("probe" if value else "") + "head"
        self.library.set(words.HEAD, 1 + ENDS.index(head))
        self.library.set(words.PROBES, value)

    def look_at_boundaries(self, *, ends: bool, targets: bool) -> None:
        """Leave blocks to Python that end at a boundary, for passes that are ``Selective``; or that
        lead to one, for those that are ``Redirecting``."""
        bits = (words.SELECTIVE if ends else 0) | (words.REDIRECTING if targets else 0)
        self.library.set(words.PASSES, self._places | bits)

    @property
    def _maker(self) -> "Maker":
        """What adds to the library; made when it lacks something."""
        if self._made is None:
            from backends.numba_jit.stencils.maker import Maker

            self._made = Maker(
                self.library,
                self.library.layout,
                self._lifter.lift_one,
                self.passes,
                checked=self._checked,
                rewritten=self.rewritten,
            )
        return self._made

    # -- reading the guest -------------------------------------------------------------------------

    def word_before(self, pc: int) -> int:
        """What is in front of an instruction, as a number; 0 if that cannot be fetched."""
        return int.from_bytes(self._bytes_before(pc), "little")

    def _bytes_before(self, pc: int) -> bytes:
        """What is in front of an instruction; nothing if that cannot be fetched."""
        size = self.library.word_bits // 8
        if pc < size:
            return b""
        try:
            return self._memory.fetch(pc - size, size)
        except GuestFault:
            return b""

    def left(self, key: BlockKey, head: int) -> Swi | Halt | None:
        """How the instruction at a key leaves the block at ``head``; None if it does so in another
        way, or cannot be fetched. Only the library is asked."""
        try:
            word = number_at(self._memory, self._lifter, key)
        except GuestFault:
            return None
        before = self.word_before(key.pc)
        asked = (word, before, key.pc, key.mode, head)
        found = self._exits.get(asked)
        if found is None:
            found = self._exit(word, before, key, head)
            if len(self._exits) == _MOST_EXITS:
                self._exits.clear()
            if found is not None:
                self._exits[asked] = found
        return found

    def _exit(self, word: int, before: int, key: BlockKey, head: int) -> Swi | Halt | None:
        """The same of an instruction that was fetched, with the word before it."""
        library = self.library
        library.set(words.HEAD_PC, head)
        shape = library.shapes.row(
            self._native.find(library.address, word, key.pc, before, key.mode)
        )
        if shape[EXIT] == words.HALTS:
            return Halt(library.reasons[shape[NUMBER]], key.pc)
        if shape[EXIT] != words.CALLS_SYSTEM:
            return None
        value_of = partial(self._native.value_of, library.address)
        resume = BlockKey(value_of(shape[TO0], word, key.pc, before), shape[MODE0])
        return Swi(value_of(shape[NUMBER], word, key.pc, before), resume)

    def reason(self, number: int) -> str:
        """The reason of a trap, by its number."""
        return self.library.reasons[number]

    def index_at(self, start: int, end: int, count: int, at: int) -> int:
        """Which instruction the code at ``at`` belongs to, of a block of ``count`` instructions
        whose place is from ``start`` to ``end``. For code without checks."""
        ends = (ctypes.c_uint32 * count).from_address(end - 4 * count)
        return bisect_right(ends, at - start)

    # -- drafting ----------------------------------------------------------------------------------

    def draft(self, key: BlockKey, boundaries: Collection[int]) -> Draft | None:
        """Look at the block at a key, whose first instruction can be fetched; None if it cannot be
        copied. What the library lacks is made."""
        if key.mode & ~(MODES | self._copied_modes):
            return None
        before = self.word_before(key.pc)
        count = self._find(key, before, boundaries)
        if count is None or self._lacks_stencils(count):
            if not self.library.has_room():
                return None
            with self._phases.within(Phase.STENCILS):
                self._prepare(key)
                count = self._look(key, before, boundaries)
        return self._describe(key, count) if count else None

    def _find(self, key: BlockKey, before: int, boundaries: Collection[int]) -> int | None:
        """Find the shapes of the block at a key. Returns how many there are, or None when one of
        them is not known."""
        most = min(self._lifter.max_insns, words.MOST_INSNS)
        header, rows = self.library.address, self.library.rows.cells
        found = self._native.find_shapes(header, self._memory.base, key.pc, most, before, key.mode)
        count = self._found = found & 0xFFFFFFFF
        if found >> 32:
            return None
        for index in range(1, count):
            if rows[index, words.AT // 8] in boundaries:
                count = index
                break
        if not self._places or not count:
            return count
        self._found = self._native.find_additions(header, count, key.pc, key.mode)
        if self._found < 0:
            return 0
        return None if self._found else count

    def _look(self, key: BlockKey, before: int, boundaries: Collection[int]) -> int:
        """Find the shapes of the block at a key, and lift those that are not known."""
        while (count := self._find(key, before, boundaries)) is None:
            self._maker.shape(self._sample(key, self._found))
        return count

    def _sample(self, key: BlockKey, index: int) -> "Sample":
        """The sample in a row of the block at a key."""
        word, *_, pc, front, mode = self.library.rows.row(index)
        if index in _ADDITIONS:
            mode = key.mode | _ADDITIONS[index]
        return word, pc, front, mode & ~self.library.changing, key.pc

    def _lacks_stencils(self, count: int) -> bool:
        """Whether a stencil is missing for the block whose shapes were found last."""
        return self._native.choose(self.library.address, count) >= 0

    def _prepare(self, key: BlockKey) -> None:
        """Make what the library lacks for the code from a key to the end of the page, as if no
        block were entered but by falling into it. Compiling many stencils at once takes a quarter
        of the time."""
        self._prepared_states.add(self.library.encoding(key.mode).mode)
        with self._maker.batch() as batch:
            for _, count in self._walk(key):
                self._want(count, batch)

    def _walk(self, key: BlockKey) -> Iterator[tuple[BlockKey, int]]:
        """The blocks from a key to the end of the page, as if none were entered but by falling
        into it: their keys, and how many instructions each has. The shapes of each are in the
        rows. In a program that has code of both states, what halts is taken for code of the
        other, or for data: it is the last."""
        end, state = key.pc // PAGE * PAGE + PAGE, self.library.encoding(key.mode)
        key = BlockKey(key.pc, frontend_mode(key.mode))
        while key.pc < end:
            count = self._look(key, self.word_before(key.pc), ())
            if not count:
                shape = self.library.rows.cells[0, words.ITS_SHAPE // 8]
                size = self.library.shapes.cells[shape, SIZE] or state.alignment
                key = BlockKey(key.pc + size, state.mode)
                continue
            after = self._after(count)
            yield key, count
            if len(self._prepared_states) > 1 and self._halts(count):
                return
            key = after

    def _halts(self, count: int) -> bool:
        """Whether the last of so many instructions halts, whose shapes were found last."""
        shape = self.library.rows.cells[count - 1, words.ITS_SHAPE // 8]
        return bool(self.library.shapes.cells[shape, EXIT] == words.HALTS)

    def _after(self, count: int) -> BlockKey:
        """The key behind the block of so many instructions, whose shapes were found last."""
        last = self.library.rows.row(count - 1)
        shape = self.library.shapes.row(last[words.ITS_SHAPE // 8])
        pc = (last[words.AT // 8] + shape[SIZE]) & 0xFFFFFFFF
        if shape[EXIT] == words.CONTINUES:
            return BlockKey(pc, self._mode_behind(shape, last))
        return BlockKey(pc, self.library.encoding(last[words.MODE // 8]).mode)

    def _mode_behind(self, shape: Sequence[int], row: Sequence[int]) -> int:
        """The mode behind the instruction in a row, which has a shape and continues."""
        if not shape[BEHIND]:
            return shape[MODE0]
        return self._value(shape[BEHIND] - 1, row)

    def _value(self, program: int, row: Sequence[int]) -> int:
        """The value of a program for the instruction in a row."""
        word, *_, pc, front, _ = row
        return self._native.value_of(self.library.address, program, word, pc, front)

    def _want(self, count: int, batch: "Batch") -> None:
        """Take the stencils that are missing for the block in the first rows."""
        while (at := self._native.choose(self.library.address, count)) >= 0:
            row = self.library.rows.row(at)
            batch.add(row[words.ITS_SHAPE // 8], row[words.CODE // 8])

    def draft_with(
        self, block: Block, added: "Sequence[Added]", boundaries: Collection[int]
    ) -> Draft | None:
        """Look at a block as ``draft`` does, for a copy with what was added to it."""
        from backends.numba_jit.stencils.additions import is_general

        draft = self.draft(block.key, boundaries)
        if draft is None or not _is_draft_of(draft, block):
            return None
        if not self._add(draft, added):
            return None
        if self._lacks_stencils(draft.insns):
            for addition in {one.addition for one in added if is_general(one.addition)}:
                self._prepare_addition(block.key, addition)
            self.draft(block.key, boundaries)
            self._add(draft, added)
        return draft._replace(given={one.insn: one.given for one in added})

    def _add(self, draft: Draft, added: "Sequence[Added]") -> bool:
        """Make additions to the block that was drafted last. Returns whether that was possible."""
        return all(self._add_one(draft.key, one.insn, one.addition) for one in added)

    def _add_one(self, key: BlockKey, index: int, addition: "Addition") -> bool:
        """Make an addition to an instruction of the block at a key, of which the shapes were found
        last. Returns whether that was possible."""
        library, rows = self.library, self.library.rows
        base = rows.cells[index, words.ITS_SHAPE // 8]
        shape = library.with_addition(base, addition)
        if not shape:
            if not library.has_room():
                return False
            shape = self._maker.shape_with(self._sample(key, index), base, addition)
        if library.shapes.cells[shape, EXIT] == words.REFUSED:
            return False
        rows.cells[index, words.ITS_SHAPE // 8] = shape
        return True

    def _prepare_addition(self, key: BlockKey, addition: "Addition") -> None:
        """Make the stencils of all instructions from a key to the end of the page with an
        addition: what is added to some is added to others."""
        with self._maker.batch() as batch:
            for start, count in self._walk(key):
                for index in range(count):
                    self._add_one(start, index, addition)
                self._want(count, batch)

    def _describe(self, key: BlockKey, count: int) -> Draft:
        last = self.library.rows.row(count - 1)
        shape = self.library.shapes.row(last[words.ITS_SHAPE // 8])
        ending, end = shape[EXIT], last[words.AT // 8] + shape[SIZE]
        targets: tuple[BlockKey, ...] = ()
        if ending == words.CONTINUES:
            targets = (self._after(count),)
        elif ending in (words.GOES, words.BRANCHES):
            ways = ((TO0, MODE0), (TO1, MODE1))[: 2 if ending == words.BRANCHES else 1]
            targets = tuple(
                BlockKey(self._value(shape[to], last), shape[mode]) for to, mode in ways
            )
        counts_less = key.mode & CONDITION_PASSED or ending == words.HALTS
        alone = count == 1 and ending != words.CONTINUES
        return Draft(
            key,
            count,
            count - 1 if counts_less else count,
            end - key.pc,
            len(self._bytes_before(key.pc)) if alone else 0,
            targets,
        )

    # -- making ------------------------------------------------------------------------------------

    def copy(self, draft: Draft, block_id: int, slots: Sequence[int]) -> "Code | None":
        """Copy the block that was drafted last, if there is room, and no code is too long."""
        if not self._provide_stencils(draft.insns):
            return None
        if self._places:
            self._name(draft)
        first, second = (*slots, 0, 0)[:2]
        job = (draft.insns, draft.counted, block_id, first | second << 32)
        start = self._native.place_block(self.library.address, *job)
        if not start:
            return None
        if self._places or draft.given:
            self._name_by_value(draft)
        outs = [self.library.get(words.OUT0), self.library.get(words.OUT1)]
        marks = self._native.marks_of(self.library.address, draft.insns, draft.key.pc)
        return Code(start, start + self.library.get(words.ROOM), marks, outs[: len(slots)])

    def _naming(self, draft: Draft, how: int) -> "Iterator[tuple[int, int, Given]]":
        """The rows of a block that use names in a way (NAMES): the stencil of each, the address of
        its code when the block has been made, and the values that names depend on."""
        from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD

        library, behind = self.library, 0
        for index in (*range(draft.insns), *_ADDITIONS):
            word, shape, stencil, code, pc, before, _ = library.rows.row(index)
            if shape and library.shapes.cells[shape, NAMES] == how:
                code = behind if index == words.GO_ROW else code
                leaves = {WORD: word, PC: pc, BEFORE: before, HEAD: draft.key.pc}
                yield stencil, code, {**leaves, **draft.given.get(index, {})}
            if index < draft.insns:
                behind = code + library.length(stencil)

    def _offset(self, name: "Name", leaves: "Given") -> int:
        """Where a counter is in the state buffer, or a side stack in its bank; or a number that is
        given."""
        if name.is_number:
            return int(name.text(leaves))
        bank, first, size = self._banks[name.bank]
        return first + size * bank.index(name.text(leaves))

    def _name(self, draft: Draft) -> None:
        """Write where the counters and side stacks are whose names are always the same."""
        values = self.library.name_values.cells
        for stencil, _, leaves in self._naming(draft, words.CONSTANT_NAMES):
            for number, name, *_ in self.library.names_of(stencil):
                values[number, 0] = self._offset(name, leaves)

    def _name_by_value(self, draft: Draft) -> None:
        """Write into the code of the block that was made last where its other counters and side
        stacks are: one name may be several in it."""
        for stencil, code, leaves in self._naming(draft, words.NAMES_BY_VALUE):
            for _, name, place, addend in self.library.names_of(stencil):
                offset = ctypes.c_uint32.from_address(code + place)
                offset.value = self._offset(name, leaves) + addend

    def _provide_stencils(self, count: int) -> bool:
        """Choose the stencils of the block that was drafted last; make those that are missing.
        Returns whether that was possible."""
        if not self._lacks_stencils(count):
            return True
        with self._phases.within(Phase.STENCILS), self._maker.batch() as batch:
            self._want(count, batch)
        shapes, rows = self.library.shapes.cells, self.library.rows.cells
        used = (rows[at, words.ITS_SHAPE // 8] for at in (*range(count), *_ADDITIONS))
        return all(shapes[shape, EXIT] != words.REFUSED for shape in used)

    def stub(self, record: int) -> "Code | None":
        """Make code that leaves with a record, if there is room."""
        return self._place_stub(self._record_out, record)

    def door(self, block_id: int) -> "Code | None":
        """Make code that goes on in the unit of a block, if there is room."""
        return self._place_stub(self._unit_out, block_id)

    def _place_stub(self, way_out: int, payload: int) -> "Code | None":
        start = self._native.place_stub(self.library.address, way_out, payload)
        return Code(start, start + words.UNIT, 0, []) if start else None

    def text(self, draft: Draft, block_id: int, slots: Sequence[int]) -> str:
        """The host code of the block that was drafted last, as it is made for these numbers."""
        from backends.numba_jit.stencils.listing import listing

        made = self.copy(draft, block_id, slots)
        if made is None:
            return ""
        start, end, *_ = made
        code = ctypes.string_at(start, self.library.get(words.MADE_BYTES))
        self.free(start, end)
        marks = [(start, "begin:")] if draft.counted or self.probes else []
        for row in map(self.library.rows.row, range(draft.insns)):
            word = row[words.WORD // 8]
            marks.append((row[words.CODE // 8], f"{row[words.AT // 8]:#010x}: {word:x}"))
        return listing(start, code, marks)

    def clear(self) -> None:
        """Take the code of all blocks back."""
        self.library.set(words.CURSOR, self.code.next)
        self.library.free.clear(MOST_UNITS)

    def free(self, start: int, end: int) -> None:
        """Take the code of a block back. Nothing leads into it."""
        self._native.free_block(self.library.address, start, end - start)

    @property
    def used(self) -> int:
        """Bytes of code from the first block to the last."""
        return self.library.get(words.CURSOR) - self.code.next

    def keep(self) -> None:
        """Keep the library on disk, if it has grown in this process. One that is nearly full is not
        kept: later guests begin with one that has room for their shapes."""
        keeps = self._keeps and self.library.fullness < MOST_KEPT
        if keeps and self.library.changed == os.getpid():
            with self._phases.within(Phase.LIBRARY):
                kept.update(self._file, self._stamp, self._with_others)
            self.library.changed = 0

    def _with_others(self, content: bytes | None) -> bytes | None:
        """The library with what others have added to the one on disk, to be kept; or None."""
        if content is not None and content != self._content:
            from backends.numba_jit.stencils.merging import merge

            merge(self.library, content, self._shape_of)
        if self.library.fullness >= MOST_KEPT:
            return None
        saved = self._content = self.library.save()
        return saved

    def _shape_of(self, sample: tuple[int, int, int, int, int], addition: "Addition") -> int:
        """The shape of a sample, with an addition. One that is not known is lifted."""
        word, pc, before, mode, head = sample
        self.library.set(words.HEAD_PC, head)
        found = self._native.find(self.library.address, word, pc, before, mode)
        base = found or self._maker.shape(sample)
        if not addition:
            return base
        found = self.library.with_addition(base, addition)
        return found or self._maker.shape_with(sample, base, addition)

    def close(self) -> None:
        """Keep the library, and give the memory back."""
        self.keep()
        self.library.close()
        self.code.close()


_shared: dict[bytes, dict[str, Stencil]] = {}


def _shared_stencils(stamp: bytes, make: Callable[[], bytes]) -> dict[str, Stencil]:
    """The stencils of ``shared_text``, read from disk or made, once for each stamp."""
    if stamp not in _shared:
        _shared[stamp] = read_stencils(cache.cached("stencil-ends", stamp, make))
    return _shared[stamp]


def _is_draft_of(draft: Draft, block: Block) -> bool:
    """Whether a draft is of all of a block. Lifting ends blocks elsewhere before an instruction
    that cannot be copied."""
    alike = draft.size == block.size and draft.targets == linkable(block)
    return alike and draft.counted == block.insn_count


def _compile_shared(layout: Layout) -> bytes:
    from backends.numba_jit.stencils.shared_text import compile_shared

    return compile_shared(layout)

"""The stencil library: shapes, their stencils, and what native code needs to copy them.

Everything is in tables of numbers, so that code is made without Python and the whole library can
be written to disk as it is. It is long because all tables and what their columns mean stand here.
"""

import marshal
import os
import struct
from collections.abc import Iterable, Iterator, Sequence

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.abi import LARGEST
from backends.numba_jit.stencils.rows import Rows
from backends.numba_jit.stencils.tree import MOST_NODES, MOST_PROGRAM_WORDS, Tree
from dbt.classes import attrs
from dbt.interfaces import Encoding, Layout
from dbt.ir.block import Halt, Swi
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backends.numba_jit.stencils.additions import Addition
    from backends.numba_jit.stencils.machine_code import Stencil
    from backends.numba_jit.stencils.names import Name
    from backends.numba_jit.stencils.template import Hole, Template

_NAMES = {
    "next": abi.NEXT, "fault": abi.FAULT, "swi": abi.SYSTEM, "halt": abi.HALT,
    "return": abi.RETURN, "jump": abi.JUMP, "link0": abi.LINK0, "link1": abi.LINK1,
    "count": abi.COUNT, "counter": abi.COUNTER, "hot": abi.HOT, "fuel": abi.FUEL,
    "trap": abi.TRAP, "block": abi.BLOCK, "watched": abi.WATCHED,
}  # fmt: skip
(
    EXIT, SIZE, FAULTS, READS, SURE, WRITES, TO0, MODE0, TO1, MODE1, VARIANT, NUMBER, NAMES, BEHIND,
) = range(14)  # fmt: skip
"""Columns of ``shapes``."""
FURTHER = abi.FURTHER // 8
"""A column of ``stencils``."""
MOST_SHAPES = 1 << 15
MOST_STENCILS = 1 << 16
MOST_PATCHES = 1 << 19
MOST_OFFSETS = 1 << 12
MOST_CODE_WORDS = 2 << 20
MOST_NAMES = 1 << 14
_LIMITS = (
    MOST_SHAPES, MOST_STENCILS, MOST_PATCHES, MOST_CODE_WORDS, MOST_OFFSETS, MOST_NODES,
    MOST_PROGRAM_WORDS, MOST_NAMES,
)  # fmt: skip
_LEAVING = frozenset({"load", "store", "trap_if", "check_align", "leave"})
"""Ops that may leave copied code amid a block."""
_MARSHAL = 2
"""A format in which the same objects are the same bytes. Stamps say which Python reads it, and the
digest of the whole that it is as it was written."""
_HEAD = "<9Q"
"""How a saved library begins: ``_counts``, and the bytes of the index that follows."""
MOST_UNITS = 2 + LARGEST * (abi.MOST_INSNS + 3) // abi.UNIT


class Library:
    """Shapes and stencils for one layout, of instructions of up to ``word_bits`` with these
    encodings and changing mode bits (``Frontend``)."""

    def __init__(
        self, layout: Layout, word_bits: int, encodings: Sequence[Encoding], changing: int = 0
    ) -> None:
        self.layout = layout
        self.word_bits, self.encodings, self.changing = word_bits, encodings, changing
        self.width = word_bits + changing.bit_count()
        """Bits of the number of an instruction."""
        self.tree = Tree(self.width, lambda word, mode: self.encoding(mode).index_of(word))
        self.shapes = Rows(MOST_SHAPES, abi.SHAPE // 8)
        self.stencils = Rows(MOST_STENCILS, abi.STENCIL // 8)
        self.patches = Rows(MOST_PATCHES, abi.PATCH // 8)
        self.offsets = Rows(MOST_OFFSETS, 1)
        self.codes = Rows(MOST_CODE_WORDS, 1)
        self.samples = Rows(MOST_SHAPES, 5)
        """A word of each shape, its pc, what was before it, the mode, and the block's pc."""
        self.name_values = Rows(MOST_NAMES, 1)
        self.changed = 0
        """The process in which something was added since it was read or written; 0: none."""
        self._shape_count = self._stencil_count = 1
        self._patch_count = self._word_count = self._offset_count = self._name_count = 0
        self.slot_tables: dict[tuple[str, ...], int] = {}
        """Where the offsets of slots begin, by their names."""
        self._reasons: list[str] = []
        self._with: dict[tuple[int, Addition], int] = {}
        """Shapes with an addition, by the shape without it."""
        self._additions: dict[int, Addition] = {}
        """Their additions."""
        self._names: dict[Name, int] = {}
        self._by_number: list[Name] = []
        self._index: bytes | memoryview = b""
        """The text that places, slot tables, reasons and names are to be read from, before they are
        used."""
        self._header = Rows(abi.HEADER_WORDS, 1)
        self.rows = Rows(abi.GO_ROW + 1, abi.ROW // 8)
        """One row for each instruction of the block that is made (``abi``)."""
        self._stack = Rows(abi.DEEPEST, 1)
        self.free = Rows(MOST_UNITS, 1)
        self.address = self._header.address
        for word, table in {
            abi.NODES: self.tree.nodes,
            abi.ROOTS: self.tree.roots,
            abi.PROGRAMS: self.tree.programs,
            abi.STACK: self._stack,
            abi.SHAPES: self.shapes,
            abi.STENCILS: self.stencils,
            abi.PATCHES: self.patches,
            abi.OFFSETS: self.offsets,
            abi.CODES: self.codes,
            abi.WORDS: self.rows,
            abi.FREE: self.free,
            abi.NAME_VALUES: self.name_values,
        }.items():
            self.set(word, table.address)
        first, last = encodings[0], encodings[-1]
        lowest = (changing & -changing).bit_length() - 1
        for word, value in {
            abi.INDEX: first.index,
            abi.ALIGNMENT: first.alignment,
            abi.STATE: last.mode,
            abi.STATE_BIT: last.location_bit,
            abi.WIDE_FROM: first.wide_from,
            abi.WIDE_INDEX: first.wide_index,
            abi.STATE_INDEX: last.index,
            abi.STATE_WIDE_FROM: last.wide_from,
            abi.STATE_WIDE_INDEX: last.wide_index,
            abi.STATE_ALIGNMENT: last.alignment,
            abi.MASK: (1 << word_bits) - 1,
            abi.BYTES: word_bits // 8,
            abi.CHANGING: changing,
            abi.CHANGING_UP: word_bits - lowest if changing else 0,
        }.items():
            self.set(word, value)
        self.set(abi.EVERY_FLAG, (1 << len(layout.flags)) - 1)
        self._bits = {name: 1 << bit for bit, name in enumerate(layout.flags)}

    def encoding(self, mode: int) -> Encoding:
        """How instructions are encoded in a mode."""
        last = self.encodings[-1]
        return last if mode & last.mode else self.encodings[0]

    # -- the header

    def get(self, word: int) -> int:
        """A word of the header (``abi``)."""
        return int(self._header.cells[word // 8, 0])

    def set(self, word: int, value: int) -> None:
        """Set a word of the header (``abi``)."""
        self._header.cells[word // 8, 0] = value

    # -- on disk

    def save(self) -> bytes:
        """Everything, for ``restore``."""
        self.read_index()
        counts = self._counts()
        names = [(name.bank, name.parts) for name in self._by_number]
        parts = self.tree.places, self.slot_tables, self._reasons, names, self._with
        index = marshal.dumps(parts, _MARSHAL)
        saved = bytearray(struct.pack(_HEAD, *counts, len(index)) + index)
        for table, count in self._stored(counts):
            saved += table.save(count)
        return bytes(saved)

    def read_index(self) -> None:
        """Read what only those need who add to the library. It takes a millisecond or two."""
        if self._index:
            from backends.numba_jit.stencils.names import Name

            read = marshal.loads(self._index)
            self.tree.places, self.slot_tables, self._reasons, names, self._with = read
            self._additions = {shape: addition for (_, addition), shape in self._with.items()}
            self._by_number = [Name(*name) for name in names]
            self._names = {name: number for number, name in enumerate(self._by_number)}
            self._index = b""  # who is interrupted reads it again

    @property
    def reasons(self) -> list[str]:
        """The reasons of halts and traps, by number."""
        self.read_index()
        return self._reasons

    def _counts(self) -> tuple[int, ...]:
        return (
            self._shape_count,
            self._stencil_count,
            self._patch_count,
            self._word_count,
            self._offset_count,
            self.tree.size,
            self.tree.used,
            self._name_count,
        )

    def restore(self, content: memoryview) -> None:
        """Take over what ``save`` has returned, in an empty library. Closes it."""
        *counts, size = struct.unpack_from(_HEAD, content)
        head = struct.calcsize(_HEAD)
        self._index = content[head : head + size]
        at = head + size
        for table, count in self._stored(counts):
            at += table.restore(content, at, count)
        (
            self._shape_count,
            self._stencil_count,
            self._patch_count,
            self._word_count,
            self._offset_count,
            self.tree.size,
            self.tree.used,
            self._name_count,
        ) = counts
        for number in range(self._name_count):
            self.name_values.cells[number, 0] = abi.UNNAMED
        self.changed = 0

    def _stored(self, counts: Sequence[int]) -> list[tuple[Rows, int]]:
        """The tables, and how many rows of each are in use."""
        shapes, stencils, patches, words, offsets, nodes, programs, _ = counts
        return [
            (self.shapes, shapes),
            (self.samples, shapes),
            (self.stencils, stencils),
            (self.patches, patches),
            (self.codes, words),
            (self.offsets, offsets),
            (self.tree.nodes, nodes),
            (self.tree.programs, programs),
            (self.tree.roots, abi.ROOTS_COUNT),
        ]

    def has_room(self) -> bool:
        """True when there is room for the shapes and stencils of a page."""
        return self.fullness < 7 / 8

    @property
    def fullness(self) -> float:
        """How much of the fullest table is in use."""
        return max(count / limit for count, limit in zip(self._counts(), _LIMITS, strict=True))

    # -- shapes

    @property
    def shape_count(self) -> int:
        """A number above those of all shapes, which begin with 1."""
        return self._shape_count

    def add_shape(
        self,
        sample: tuple[int, int, int, int, int],
        decisions: Iterable[tuple[Any, bool]],
        template: "Template | None",
        size: int,
    ) -> int:
        """A new shape, found from now on; without a template, one that is refused. ``sample``: a
        word of it, the word's pc, what is before it, the mode, and the block's pc."""
        shape = self._add(sample, template, size)
        self.tree.add(sample[0], sample[3], decisions, shape)
        return shape

    def add_shape_with(
        self,
        sample: tuple[int, int, int, int, int],
        base: int,
        addition: "Addition",
        template: "Template | None",
        size: int,
    ) -> int:
        """As ``add_shape``, for a shape that is ``base`` with an addition."""
        shape = self._add(sample, template, size)
        self._with[base, addition], self._additions[shape] = shape, addition
        return shape

    def with_addition(self, base: int, addition: "Addition") -> int:
        """The shape that is ``base`` with an addition, or 0."""
        self.read_index()
        return self._with.get((base, addition), 0)

    def addition_of(self, shape: int) -> "Addition":
        """The addition of a shape."""
        self.read_index()
        return self._additions.get(shape, ())

    def _add(
        self, sample: tuple[int, int, int, int, int], template: "Template | None", size: int
    ) -> int:
        """Fill in a new shape."""
        self.read_index()
        shape = self._shape_count
        self._shape_count += 1
        self.changed = os.getpid()
        self.samples.put(shape, sample)
        row = [0] * (abi.SHAPE // 8)
        row[SIZE] = size
        if template is None:
            row[EXIT] = abi.REFUSED
        else:
            self._describe(row, template)
        self.shapes.put(shape, row)
        return shape

    def refuse(self, shape: int) -> None:
        """Find a shape as one that cannot be copied from now on. There may be blocks that have
        it."""
        self.shapes.cells[shape, EXIT] = abi.REFUSED
        self.changed = os.getpid()

    def _describe(self, row: list[int], template: "Template") -> None:
        row[EXIT] = template.kind
        names = [hole.name for hole in template.holes.values() if hole.name]
        if names:
            constant = all(name.constant for name in names)
            row[NAMES] = abi.CONSTANT_NAMES if constant else abi.NAMES_BY_VALUE
        match template.exit:
            case Swi():
                assert template.number is not None
                row[NUMBER] = self.tree.program(template.number)
            case Halt(reason=reason):
                row[NUMBER] = self.reason_number(reason)
        from dbt.ir import ops

        for inst in template.insts:
            flag = self._bits.get(str(inst.imm[0])) if inst.imm else None
            if inst.op is ops.GET and flag:
                row[READS] |= flag
            elif inst.op is ops.SET and flag:
                row[WRITES] |= flag
                if inst.when is None:
                    row[SURE] |= flag
            elif inst.op.name in _LEAVING or inst.op.has_status:
                row[FAULTS] = 1
        if template.exit is None:
            if isinstance(template.behind, int):
                row[MODE0] = template.behind
            else:
                row[BEHIND] = 1 + self.tree.program(template.behind)
        for column, (term, mode) in zip((TO0, TO1), template.targets, strict=False):
            row[column] = self.tree.program(term)
            row[column + 1] = mode

    def reason_number(self, reason: str) -> int:
        """The number of the reason of a halt or a trap."""
        self.read_index()
        if reason not in self._reasons:
            self._reasons.append(reason)
        return self._reasons.index(reason)

    def without_dead_flags(self, template: "Template", live: int) -> "Template":
        """A template without the flags that it writes and that are not live."""
        from dbt.ir import ops

        dead = {name for name, bit in self._bits.items() if not bit & live}
        insts = [i for i in template.insts if not (i.op is ops.SET and i.imm[0] in dead)]
        return attrs.evolve(template, insts=insts)

    # -- stencils

    def reserve(self, shape: int, live: int) -> int:
        """The number of a new stencil of a shape, for the flags that it writes and are live behind
        it. It is chosen from now on, and has to be filled before it is copied."""
        number = self._stencil_count
        self._stencil_count += 1
        further = self.shapes.cells[shape, VARIANT]
        self.stencils.put(number, (0, 0, 0, 0, live, further))
        self.shapes.cells[shape, VARIANT] = number
        return number

    @property
    def next_stencil(self) -> int:
        """The number that ``reserve`` returns next."""
        return self._stencil_count

    def take_back(self, first: int) -> None:
        """Forget the stencils from this number on. The last ``reserve`` may not have returned."""
        shapes, stencils = self.shapes.cells, self.stencils.cells
        for shape in range(self._shape_count):
            while shapes[shape, VARIANT] >= first:
                shapes[shape, VARIANT] = stencils[shapes[shape, VARIANT], FURTHER]
        self._stencil_count = first

    def fill(self, number: int, stencil: "Stencil", holes: "dict[str, Hole]") -> None:
        """Give a reserved stencil its code; patches of ``s.h`` are given the hole ``h``."""
        self.read_index()
        patches = []
        for patch in stencil.patches:
            what, program, table = self._given(patch.name, holes)
            patches.append(
                (patch.offset, what, program, patch.addend, patch.relative, table, patch.size)
            )
        self.put_stencil(number, stencil.code, patches)

    def put_stencil(self, number: int, code: bytes, patches: Iterable[Sequence[int]]) -> None:
        """Give a reserved stencil its code and the rows of its patches."""
        self.read_index()
        self.changed = os.getpid()
        start, first = 8 * self._word_count, self._patch_count
        padded = code + bytes(-len(code) % 8)
        for at in range(0, len(padded), 8):
            word = int.from_bytes(padded[at : at + 8], "little", signed=True)
            self.codes.cells[self._word_count, 0] = word
            self._word_count += 1
        for row in patches:
            self.patches.put(self._patch_count, row)
            self._patch_count += 1
        self.stencils.put(number, (start, len(code), first, self._patch_count))

    def _given(self, name: str, holes: "dict[str, Hole]") -> tuple[int, int, int]:
        if name in _NAMES:
            return _NAMES[name], 0, 0
        hole = holes[name.rpartition(".")[2]]
        if hole.name:
            return abi.NAME, 0, self.name_number(hole.name)
        program = self.tree.program(hole.term)
        if not hole.slots:
            return abi.VALUE, program, 0
        return abi.SLOT, program, self.slot_table(hole.slots)

    def name_number(self, name: "Name") -> int:
        """The number of a name."""
        number = self._names.get(name)
        if number is None:
            number = self._name_count
            self.name_values.cells[number, 0] = abi.UNNAMED
            self._by_number.append(name)
            self._name_count += 1
            self._names[name] = number
        return number

    def patches_of(self, stencil: int) -> list[list[int]]:
        """The rows of a stencil's patches."""
        _, _, first, past, *_ = self.stencils.row(stencil)
        return [self.patches.row(at) for at in range(first, past)]

    def code_of(self, stencil: int) -> bytes:
        """The code of a stencil, before it is patched."""
        start, length, *_ = self.stencils.row(stencil)
        return bytes(self.codes.save(self._word_count)[start : start + length])

    def length(self, stencil: int) -> int:
        """Bytes of code of a stencil."""
        return int(self.stencils.cells[stencil, abi.LENGTH // 8])

    def names_of(self, stencil: int) -> "Iterator[tuple[int, Name, int, int]]":
        """The names that a stencil uses: the number of each, itself, the place of its offset in the
        stencil's code, and what is added to the offset."""
        self.read_index()
        patches = self.patches.cells
        _, _, first, past, *_ = self.stencils.row(stencil)
        for at in range(first, past):
            if patches[at, abi.WHAT // 8] == abi.NAME:
                number = patches[at, abi.TABLE // 8]
                place, addend = patches[at, abi.PLACE // 8], patches[at, abi.ADDEND // 8]
                yield number, self._by_number[number], place, addend

    def name(self, number: int) -> "Name":
        """The name that has a number."""
        return self._by_number[number]

    def slot_table(self, names: tuple[str, ...]) -> int:
        """Where the offsets of these slots begin in ``offsets``."""
        at = self.slot_tables.get(names)
        if at is None:
            at = self._offset_count
            for index, name in enumerate(names):
                self.offsets.cells[at + index, 0] = self.layout.by_name[name].offset
            self._offset_count += len(names)
            self.slot_tables[names] = at  # an interrupted table is not known
        return at

    def close(self) -> None:
        """Give the memory back."""
        counts = self._counts()
        tables = [table for table, _ in self._stored(counts)]
        for table in (*tables, self._header, self.rows, self._stack, self.free, self.name_values):
            table.close()

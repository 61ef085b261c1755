"""The stencil library: shapes, their stencils, and what native code needs to copy them.

Everything is in arrays of numbers, so that code is made without Python and the whole library can be
written to disk as it is.
"""

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np

from backends.numba_jit.stencils import abi, terms
from backends.numba_jit.stencils.abi import LARGEST
from backends.numba_jit.stencils.machine_code import Stencil
from backends.numba_jit.stencils.template import Hole, Template
from backends.numba_jit.stencils.tree import Tree
from dbt.interfaces import Layout
from dbt.ir import ops
from dbt.ir.block import BlockKey, Branch, Call, Goto, Halt, Swi

_NAMES = {
    "next": abi.NEXT, "fault": abi.FAULT, "swi": abi.SYSTEM, "halt": abi.HALT,
    "return": abi.RETURN, "jump": abi.JUMP, "link0": abi.LINK0, "link1": abi.LINK1,
    "count": abi.COUNT, "counter": abi.COUNTER, "hot": abi.HOT, "fuel": abi.FUEL,
}  # fmt: skip
EXIT, SIZE, FAULTS, READS, SURE, WRITES, TO0, MODE0, TO1, MODE1 = range(10)
"""Columns of ``shapes``."""
MOST_SHAPES = 1 << 15
MOST_STENCILS = 1 << 16
MOST_PATCHES = 1 << 19
MOST_BYTES = 16 << 20
MOST_UNITS = 2 + LARGEST * (abi.MOST_INSNS + 1) // abi.UNIT


class Library:
    """Shapes and stencils for one layout."""

    def __init__(self, layout: Layout, width: int, index: int) -> None:
        self.layout = layout
        self.width = width
        self.tree = Tree(width, index)
        self.shapes = np.zeros((MOST_SHAPES, abi.SHAPE // 8), np.int64)
        self.variants = np.zeros((MOST_SHAPES, 1 << len(layout.flags)), np.int64)
        self.stencils = np.zeros((MOST_STENCILS, abi.STENCIL // 8), np.int64)
        self.patches = np.zeros((MOST_PATCHES, abi.PATCH // 8), np.int64)
        self.offsets = np.zeros(1 << 12, np.int64)
        self.blob = np.zeros(MOST_BYTES, np.uint8)
        self.samples = np.zeros((MOST_SHAPES, 4), np.int64)
        """A word of each shape, its pc, what was before it, and the mode."""
        self.changed = False
        """Something was added since ``restore``."""
        self._shape_count = self._stencil_count = 1
        self._patch_count = self._byte_count = self._offset_count = 0
        self._slot_tables: dict[tuple[str, ...], int] = {}
        self.header = np.zeros(abi.HEADER_WORDS, np.int64)
        self._words = np.zeros((abi.MOST_INSNS + 1, abi.ROW // 8), np.int64)
        self._stack = np.zeros(terms.DEEPEST, np.int64)
        self.free = np.zeros(MOST_UNITS, np.int64)
        for word, array in {
            abi.NODES: self.tree.nodes,
            abi.ROOTS: self.tree.roots,
            abi.PROGRAMS: self.tree.programs,
            abi.STACK: self._stack,
            abi.SHAPES: self.shapes,
            abi.VARIANTS: self.variants,
            abi.STENCILS: self.stencils,
            abi.PATCHES: self.patches,
            abi.OFFSETS: self.offsets,
            abi.CODES: self.blob,
            abi.WORDS: self._words,
            abi.FREE: self.free,
        }.items():
            self.header[word // 8] = array.ctypes.data
        self.header[abi.INDEX // 8] = index
        self.header[abi.MASK // 8] = (1 << width) - 1
        self.header[abi.BYTES // 8] = width // 8
        self.header[abi.EVERY_FLAG // 8] = (1 << len(layout.flags)) - 1
        self.rows = self._words
        """One row for each instruction of the block that is made (``abi``)."""
        self.address = self.header.ctypes.data
        self._bits = {name: 1 << bit for bit, name in enumerate(layout.flags)}

    # -- on disk

    def save(self) -> bytes:
        """Everything, for ``restore``."""
        counts = (
            self._shape_count,
            self._stencil_count,
            self._patch_count,
            self._byte_count,
            self._offset_count,
            self.tree.size,
            self.tree.used,
        )
        index = repr((counts, self.tree.places, self._slot_tables)).encode()
        head = len(index).to_bytes(8, "little") + index
        return head + b"".join(array[:count].tobytes() for array, count in self._stored(counts))

    def restore(self, content: bytes) -> None:
        """Take over what ``save`` has returned, in an empty library."""
        size = int.from_bytes(content[:8], "little")
        counts, self.tree.places, self._slot_tables = ast.literal_eval(
            content[8 : 8 + size].decode()
        )
        at = 8 + size
        for array, count in self._stored(counts):
            part = array[:count]
            part[...] = np.frombuffer(content, array.dtype, part.size, at).reshape(part.shape)
            at += part.nbytes
        (
            self._shape_count,
            self._stencil_count,
            self._patch_count,
            self._byte_count,
            self._offset_count,
            self.tree.size,
            self.tree.used,
        ) = counts
        self.changed = False

    def _stored(self, counts: tuple[int, ...]) -> list[tuple[Any, int]]:
        """The arrays, and how much of each is in use."""
        shapes, stencils, patches, bytes_, offsets, nodes, programs = counts
        return [
            (self.shapes, shapes),
            (self.variants, shapes),
            (self.samples, shapes),
            (self.stencils, stencils),
            (self.patches, patches),
            (self.blob, bytes_),
            (self.offsets, offsets),
            (self.tree.nodes, nodes),
            (self.tree.programs, programs),
            (self.tree.roots, len(self.tree.roots)),
        ]

    # -- shapes

    def add_shape(
        self,
        sample: tuple[int, int, int, int],
        decisions: Iterable[tuple[Any, bool]],
        template: Template | None,
        size: int,
    ) -> int:
        """A new shape, found from now on; without a template, one that is refused. ``sample``: a
        word of it, the word's pc, what is before it, and the mode."""
        shape = self._shape_count
        self._shape_count += 1
        self.changed = True
        self.samples[shape] = sample
        row = self.shapes[shape]
        row[SIZE] = size
        if template is None:
            row[EXIT] = abi.REFUSED
        else:
            self._describe(row, template)
        self.tree.add(sample[0], sample[3], decisions, shape)
        return shape

    def _describe(self, row: Any, template: Template) -> None:
        row[EXIT] = _exit_kind(template)
        for inst in template.insts:
            flag = self._bits.get(str(inst.imm[0])) if inst.imm else None
            if inst.op is ops.GET and flag:
                row[READS] |= flag
            elif inst.op is ops.SET and flag:
                row[WRITES] |= flag
                if inst.when is None:
                    row[SURE] |= flag
            elif inst.op in (ops.LOAD, ops.STORE, ops.TRAP_IF, ops.CHECK_ALIGN):
                row[FAULTS] = 1
        for column, (term, mode) in zip((TO0, TO1), template.targets, strict=False):
            row[column] = self.tree.program(term)
            row[column + 1] = mode

    def without_dead_flags(self, template: Template, live: int) -> Template:
        """A template without the flags that it writes and that are not live."""
        dead = {name for name, bit in self._bits.items() if not bit & live}
        insts = [i for i in template.insts if not (i.op is ops.SET and i.imm[0] in dead)]
        return Template(insts, template.exit, template.holes, template.targets)

    # -- stencils

    def add(self, stencil: Stencil, holes: dict[str, Hole]) -> int:
        """A new stencil; patches of ``s.h`` are given the hole ``h``."""
        number = self._stencil_count
        self._stencil_count += 1
        self.changed = True
        start, first = self._byte_count, self._patch_count
        self._byte_count += len(stencil.code)
        self.blob[start : self._byte_count] = np.frombuffer(stencil.code, np.uint8)
        for patch in stencil.patches:
            what, program, table = self._given(patch.name, holes)
            self.patches[self._patch_count] = (
                patch.offset, what, program, patch.addend, patch.relative, table,
                patch.size,
            )  # fmt: skip
            self._patch_count += 1
        self.stencils[number] = (start, len(stencil.code), first, self._patch_count)
        return number

    def _given(self, name: str, holes: dict[str, Hole]) -> tuple[int, int, int]:
        if name in _NAMES:
            return _NAMES[name], 0, 0
        hole = holes[name.rpartition(".")[2]]
        program = self.tree.program(hole.term)
        if not hole.slots:
            return abi.VALUE, program, 0
        return abi.SLOT, program, self._slot_table(hole.slots)

    def _slot_table(self, names: tuple[str, ...]) -> int:
        at = self._slot_tables.get(names)
        if at is None:
            at = self._slot_tables[names] = self._offset_count
            for name in names:
                self.offsets[self._offset_count] = self.layout.by_name[name].offset
                self._offset_count += 1
        return at


def _exit_kind(template: Template) -> int:
    match template.exit:
        case None:
            return abi.CONTINUES
        case Goto() | Call(target=BlockKey()):
            return abi.GOES
        case Branch():
            return abi.BRANCHES
        case Swi():
            return abi.CALLS_SYSTEM
        case Halt():
            return abi.HALTS
    return abi.COMPUTES

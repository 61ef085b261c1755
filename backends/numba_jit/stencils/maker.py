"""Makes what the library does not have yet: shapes by lifting, stencils by LLVM."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.machine_code import read_stencils
from backends.numba_jit.stencils.stencil_text import module_text
from backends.numba_jit.stencils.template import Template, Unfit, make_template
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import Layout
from dbt.ir.block import Block, BlockKey
from dbt.ir.symbolic import BEFORE, PC, WORD, Trace

LiftOne = Callable[[BlockKey, Any, Any], tuple[Block, bool]]
"""``Frontend.lift_one``."""
_LIMIT = 0xFFFFFFFF


class Maker:
    """Adds to a library."""

    def __init__(self, library: Library, layout: Layout, lift_one: LiftOne) -> None:
        self._library = library
        self._layout = layout
        self._lift_one = lift_one
        self._objects: ObjectMaker | None = None
        self.seconds = 0.0

    def shape(self, word: int, pc: int, before: int, mode: int) -> int:
        """Lift a word whose shape is not known. Returns the shape."""
        sample = (word, pc, before, mode)
        trace, block, template = self._lift(sample)
        decisions = trace.decisions.items()
        return self._library.add_shape(sample, decisions, template, int(block.size))

    def _lift(self, sample: tuple[int, int, int, int]) -> tuple[Trace, Block, Template | None]:
        """Lift a word from Numbers."""
        word, pc, before, mode = sample
        trace = Trace()
        key: Any = BlockKey(trace.number(PC, pc, _LIMIT), mode)  # type: ignore[arg-type]
        width = (1 << self._library.width) - 1
        block, ends = self._lift_one(
            key, trace.number(WORD, word, width), trace.number(BEFORE, before, width)
        )
        try:
            return trace, block, make_template(block, ends=ends)
        except Unfit:
            return trace, block, None

    def _template(self, shape: int) -> Template:
        word, pc, before, mode = self._library.samples.row(shape)
        template = self._lift((word, pc, before, mode))[2]
        assert template is not None
        return template

    def stencils(self, wanted: Sequence[tuple[int, int]]) -> None:
        """Compile stencils: a shape, and the flags that are live behind it, for each."""
        began = time.perf_counter()
        if self._objects is None:
            self._objects = ObjectMaker()
        library = self._library
        templates = [
            library.without_dead_flags(self._template(shape), live) for shape, live in wanted
        ]
        found = read_stencils(
            self._objects.compile(module_text(self._layout, templates), "stencil")
        )
        for index, (shape, live) in enumerate(wanted):
            library.add(found[f"s{index}"], templates[index].holes, shape, live)
        self.seconds += time.perf_counter() - began

"""Makes what the library does not have yet: shapes by lifting, stencils by LLVM."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.machine_code import Stencil, read_stencils
from backends.numba_jit.stencils.restart import is_restartable
from backends.numba_jit.stencils.stencil_text import module_text, nothing_text
from backends.numba_jit.stencils.template import Template, Unfit, make_template
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import Layout
from dbt.ir import ops
from dbt.ir.block import Block, BlockKey
from dbt.ir.symbolic import BEFORE, PC, WORD, Trace

LiftOne = Callable[[BlockKey, Any, Any], tuple[Block, bool]]
"""``Frontend.lift_one``."""
_LIMIT = 0xFFFFFFFF
MOST_LOADS = 10
"""Of an instruction without checks: all have to be made before a register is written."""
AT_ONCE = 200
"""Stencils that are compiled at once."""


class Maker:
    """Adds to a library. ``checked``: its stencils test the guest's permissions."""

    def __init__(
        self, library: Library, layout: Layout, lift_one: LiftOne, *, checked: bool = True
    ) -> None:
        self._library = library
        self._layout = layout
        self._lift_one = lift_one
        self._checked = checked
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
            template = make_template(block, ends=ends)
            if not self._checked and sum(i.op is ops.LOAD for i in template.insts) > MOST_LOADS:
                raise Unfit("more loads than registers of the host")
            return trace, block, template
        except Unfit:
            return trace, block, None

    def _template(self, shape: int) -> Template:
        word, pc, before, mode = self._library.samples.row(shape)
        template = self._lift((word, pc, before, mode))[2]
        assert template is not None
        return template

    @contextlib.contextmanager
    def batch(self) -> Iterator["Batch"]:
        """Take stencils that are wanted, and compile them at the end."""
        batch, first = Batch(self._library), self._library.next_stencil
        try:
            yield batch
            self._compile(batch.wanted)
        except BaseException:
            self._library.take_back(first)
            raise

    def _compile(self, wanted: Sequence[tuple[int, int, int]]) -> None:
        """Compile stencils: the shape, the flags that are live behind it and the number of each."""
        began = time.perf_counter()
        library = self._library
        templates = [
            library.without_dead_flags(self._template(shape), live) for shape, live, _ in wanted
        ]
        for first in range(0, len(wanted), AT_ONCE):
            part = templates[first : first + AT_ONCE]
            for index, stencil in enumerate(self._stencils(part)):
                library.fill(wanted[first + index][2], stencil, part[index].holes)
        self.seconds += time.perf_counter() - began

    def _stencils(self, templates: list[Template]) -> list[Stencil]:
        """Compile templates. What could not be left at each of its accesses is always left."""
        count = len(templates)
        found = self._compiled(module_text(self._layout, templates, checked=self._checked), count)
        if self._checked:
            return found
        return [
            stencil if not _accesses(template) or is_restartable(stencil.code) else self._nothing
            for template, stencil in zip(templates, found, strict=True)
        ]

    @functools.cached_property
    def _nothing(self) -> Stencil:
        return self._compiled(nothing_text(self._layout), 1)[0]

    def _compiled(self, text: str, count: int) -> list[Stencil]:
        found = read_stencils(self._object_maker.compile(text, "stencil"))
        return [found[f"s{index}"] for index in range(count)]

    @functools.cached_property
    def _object_maker(self) -> ObjectMaker:
        return ObjectMaker()


def _accesses(template: Template) -> bool:
    return any(inst.op in (ops.LOAD, ops.STORE) for inst in template.insts)


class Batch:
    """Stencils that are wanted: a shape, the flags that are live behind it, and a number."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.wanted: list[tuple[int, int, int]] = []

    def add(self, shape: int, live: int) -> None:
        """Want one more. It is chosen from now on."""
        self.wanted.append((shape, live, self._library.reserve(shape, live)))

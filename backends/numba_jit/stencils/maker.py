"""Makes what the library does not have yet: shapes by lifting, stencils by LLVM."""

import contextlib
import time
from collections.abc import Iterator, Sequence

from backends.numba_jit.stencils.abi import LARGEST
from backends.numba_jit.stencils.additions import Addition, apply_addition
from backends.numba_jit.stencils.instrumented import Instrumented, LiftOne, Sample
from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.machine_code import Stencil, read_stencils
from backends.numba_jit.stencils.restart import is_restartable, uses_stack
from backends.numba_jit.stencils.stencil_text import Module, module_text, nothing_text
from backends.numba_jit.stencils.template import Template, Unfit, make_template
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import Layout, Local
from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Goto
from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD, Trace
from dbt.lazy import lazy_property

_LIMIT = 0xFFFFFFFF
MOST_LOADS = 10
"""Of an instruction without checks: all have to be made before a register is written."""
AT_ONCE = 200
"""Stencils that are compiled at once."""


class Maker:
    """Adds to a library. ``checked``: all its stencils test the guest's permissions. ``rewritten``:
    shapes may have additions."""

    def __init__(
        self,
        library: Library,
        layout: Layout,
        lift_one: LiftOne,
        passes: Sequence[Local] = (),
        *,
        checked: bool = True,
        rewritten: bool = False,
    ) -> None:
        self._library = library
        self._layout = layout
        self._instrumented = Instrumented(lift_one, passes, layout)
        self._whole = rewritten or bool(passes)
        self._checked = checked
        self.seconds = 0.0
        self._new: dict[int, Template] = {}
        """Templates of the shapes made since stencils were compiled last."""

    def shape(self, sample: Sample) -> int:
        """Lift a word whose shape is not known. Returns the shape."""
        trace, block, template = self._lift(sample)
        decisions = list(trace.decisions.items())
        if template and not self._instrumented.agrees(block, trace, sample):
            template = None
        shape = self._library.add_shape(sample, decisions, template, int(block.size))
        if template:
            self._new[shape] = template
        return shape

    def shape_with(self, sample: Sample, base: int, addition: Addition) -> int:
        """Make a shape with an addition, of a word that has the shape ``base``."""
        _, block, template = self._lift(sample, addition)
        return self._library.add_shape_with(sample, base, addition, template, int(block.size))

    def _lift(
        self, sample: Sample, addition: Addition = ()
    ) -> tuple[Trace, Block, Template | None]:
        """Lift a sample from Numbers, and make an addition. There is no template if that is not
        possible."""
        trace, library = Trace(), self._library
        block = Block(BlockKey(0), [], Goto(BlockKey(0)))
        most = {
            WORD: (1 << library.width) - 1,
            BEFORE: (1 << library.word_bits) - 1,
            PC: _LIMIT,
            HEAD: _LIMIT,
        }
        try:
            block, own, ends = self._instrumented.lift(
                sample, lambda leaf, value: trace.number(leaf, value, most[leaf])
            )
            if addition:
                apply_addition(block, addition, lambda leaf: trace.number(leaf, 0, _LIMIT))
            template = make_template(block, trace, own, ends=ends)
            if not self._checked and sum(i.op is ops.LOAD for i in template.insts) > MOST_LOADS:
                raise Unfit("more loads than registers of the host")
            return trace, block, template
        except Unfit:
            return trace, block, None
        except Exception:
            if not self._whole:
                raise
            return trace, block, None  # a pass needs an int

    def _template(self, shape: int) -> Template:
        if shape in self._new:
            return self._new[shape]
        word, pc, before, mode, head = self._library.samples.row(shape)
        addition = self._library.addition_of(shape)
        template = self._lift((word, pc, before, mode, head), addition)[2]
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
                shape, _, number = wanted[first + index]
                if stencil is None or stencil.most > LARGEST:
                    library.refuse(shape)
                else:
                    library.fill(number, stencil, part[index].holes)
        self._new.clear()
        self.seconds += time.perf_counter() - began

    def _stencils(self, templates: list[Template]) -> Sequence[Stencil | None]:
        """Compile templates. What could not be left at each of its accesses is always left. Beside
        passes it makes tests of its own, for the evaluator would do nothing that they add; None if
        it cannot even be left where the host has lost a page, or has constants apart from its
        code."""
        found = self._compiled(templates, checked=self._checked)
        if self._checked:
            return found
        wrong = [
            index
            for index, (template, stencil) in enumerate(zip(templates, found, strict=True))
            if stencil and _accesses(template) and not _is_restartable(stencil)
        ]
        if not self._whole:
            others: list[Stencil | None] = [self._nothing] * len(wrong)
        else:
            tested = self._compiled([templates[index] for index in wrong], checked=True)
            others = [
                None if stencil is None or uses_stack(stencil.code) else stencil
                for stencil in tested
            ]
        for index, stencil in zip(wrong, others, strict=True):
            found[index] = stencil
        return found

    def _module(self, *, checked: bool) -> Module:
        return Module(
            self._layout,
            self._library.reason_number,
            whole=self._whole,
            checked=checked,
            ordered=not self._checked,
        )

    @lazy_property
    def _nothing(self) -> Stencil:
        (nothing,) = self._read(nothing_text(self._module(checked=False)), 1)
        assert nothing is not None
        return nothing

    def _compiled(self, templates: list[Template], *, checked: bool) -> list[Stencil | None]:
        if not templates:
            return []
        return self._read(module_text(self._module(checked=checked), templates), len(templates))

    def _read(self, text: str, count: int) -> list[Stencil | None]:
        found = read_stencils(self._object_maker.compile(text, "stencil"))
        return [found.get(f"s{index}") for index in range(count)]

    @lazy_property
    def _object_maker(self) -> ObjectMaker:
        return ObjectMaker()


def _accesses(template: Template) -> bool:
    return any(inst.op in ops.ACCESSES for inst in template.insts)


def _is_restartable(stencil: Stencil) -> bool:
    return is_restartable(stencil.code, {patch.offset for patch in stencil.patches})


class Batch:
    """Stencils that are wanted: a shape, the flags that are live behind it, and a number."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.wanted: list[tuple[int, int, int]] = []

    def add(self, shape: int, live: int) -> None:
        """Want one more. It is chosen from now on."""
        self.wanted.append((shape, live, self._library.reserve(shape, live)))

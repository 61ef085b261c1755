"""Tiers 1 and 2: blocks compiled to units, a batch of them in one LLVM module."""

import ctypes
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from backends.native.arena import Arena
from backends.native.exception_table import SECTION, ExceptionTable
from backends.native.link import Library, code_size, link
from backends.numba_jit.dispatch import dispatchers, to_copy
from backends.numba_jit.installed import Installed
from backends.numba_jit.records import Records
from backends.numba_jit.units.emitter import emit_unit
from backends.numba_jit.units.flag_slots import MATERIALISE
from backends.numba_jit.units.floats import Floats
from backends.numba_jit.units.frame import (
    FOOTER,
    LEAVE,
    LEAVE_COPY,
    LEAVE_JUMP,
    LEAVE_RETURN,
    PINS,
    Frame,
)
from backends.numba_jit.units.invoke import is_quiet
from backends.numba_jit.units.kept import compiled
from backends.numba_jit.units.objects import ObjectMaker
from backends.numba_jit.units.region import emit_region, find_regions
from backends.numba_jit.units.unit_text import Module
from dbt.classes import attrs
from dbt.interfaces import Context, HostCode
from dbt.ir.block import BlockKey

_SHARED: dict[str, bytes] = {}
"""Object code that all units of a machine share, by its text: machines are of few kinds."""


@attrs.frozen(eq=False)
class Region:
    """The blocks of a region, and by link slot the ids of those that it takes to be linked."""

    members: Sequence[Installed]
    slots: Mapping[int, int]


@attrs.frozen(eq=False)
class Made:
    """The object code of units, the records that it refers to, and for each block the name of its
    unit; "" for blocks that are only within regions. ``keys``: by function the key of its block, of
    a region that of the first."""

    image: bytes
    records: list[int]
    names: list[str]
    keys: Mapping[str, BlockKey]
    regions: Sequence[Region]
    code_bytes: int
    """Of machine code."""
    reused: bool = False
    """The object code was on disk."""


@attrs.define(eq=False)
class _Batch:
    """Units that live and die together."""

    library: Library
    records: list[int]
    keys: Mapping[str, BlockKey]
    fixed_up: "array[int]"
    """The instructions of the units that have a fixup."""
    live: int


class UnitCompiler:
    """Compiles blocks for one machine and owns their code.

    With ``dispatching``, units go on through a dispatcher of their own where ``tables.Tables`` say
    that no decision of the loop is needed.

    ``unlinked_address`` is the code pointer at which direct exits end that are not linked: their
    look-ups write EXIT_CODE and jump there.

    ``enter_address`` is a C function ``i64 enter(u64 code, u64 state_address)`` (``abi.py`` says
    what it returns). Not thread safe, but for ``make``.
    """

    def __init__(
        self,
        context: Context,
        records: Records,
        pins: int = PINS,
        *,
        dispatching: bool = False,
    ) -> None:
        self._context = context
        self._records = records
        self._maker = ObjectMaker()
        self._arena = Arena()
        self._floats = Floats(self._maker, self._arena)
        self.frame = Frame(context.state.layout, pins)
        self._batches: dict[int, _Batch] = {}
        self.checked = True
        """Optimised code that is made from now on tests the permissions of guest memory itself."""
        self.exceptions = ExceptionTable()
        """The fixups of code without such tests."""
        self.code_bytes = 0
        """Machine code made so far, also what was given up since."""
        text = self.frame.shared()
        ways = {"link": "leave", "return": "leave", "jump": "leave", "copy": "leave"}
        if dispatching:
            ways = {kind: f"dispatch_{kind}" for kind in ways}
            on = self.frame.signature, self.frame.ways_of_units()
            text += dispatchers(*on) + to_copy(*on)
        text += FOOTER
        self._shared = link(self._shared_object(text), self._arena)
        self.enter_address = self._shared.address("enter")
        self.unlinked_address = self._shared.address(ways["link"])
        self._ways = {
            LEAVE: "leave", LEAVE_RETURN: ways["return"], LEAVE_JUMP: ways["jump"],
            LEAVE_COPY: ways["copy"],
        }  # fmt: skip
        if self.frame.lazy_flags:
            self._ways[MATERIALISE] = "materialise"

    def _shared_object(self, text: str) -> bytes:
        """The object code of a text, which is kept on disk."""
        if text not in _SHARED:
            _SHARED[text], _ = compiled(self._maker, "units", text, "optimised")
        return _SHARED[text]

    def _write_word(self, offset: int, value: int) -> None:
        ctypes.c_uint64.from_address(self._context.state.address + offset).value = value

    def compile(
        self, batch: Sequence[Installed], level: str, linked: Mapping[int, int] | None = None
    ) -> list[int]:
        """Code pointers of units for blocks, in order. ``level`` is ``quick``, ``optimised``, or
        ``region``: then blocks that are ``linked`` to each other become one function."""
        return self.load(self.make(batch, level, linked=linked))

    def make(
        self,
        batch: Sequence[Installed],
        level: str,
        entered: Collection[int] | None = None,
        *,
        counts: bool = False,
        calls: bool = True,
        linked: Mapping[int, int] | None = None,
        kept: bool = False,
    ) -> "Made":
        """Compile units for blocks, without putting them where they can run. ``level`` is as for
        ``compile``. With ``kept`` their object code is taken from disk, and kept there. In a
        region, only the blocks where control is expected to arrive get a unit, and those whose ids
        are in ``entered``; None: all. With ``counts`` units count their executions until they are
        hot. ``calls`` and ``linked`` are as for ``find_regions``. One thread at a time may do so
        for each level, while another uses all other methods but ``explain``."""
        text, module, names, keys, regions = self._emit(
            batch, entered, level, counts=counts, calls=calls, linked=linked
        )
        if not batch:
            return Made(b"", module.made, names, keys, regions, 0)
        reused, symbols = False, module.inlined.values()
        if kept:
            image, reused = compiled(self._maker, "hot", text, level, symbols)
        else:
            image = self._maker.compile(text, level, symbols)
        return Made(image, module.made, names, keys, regions, code_size(image), reused)

    def load(self, made: "Made") -> list[int]:
        """Code pointers of units that were made, in the order of their blocks; 0 for blocks without
        one. No unit may run. Raises MemoryError."""
        if not made.names:
            return []
        for offset, name in self._ways.items():
            self._write_word(offset, self._shared.address(name))
        self.code_bytes += made.code_bytes
        library = link(made.image, self._arena, self._floats.address)
        pointers = [library.address(name) if name else 0 for name in made.names]
        found = [pointer for pointer in pointers if pointer]
        try:
            fixed_up = self.exceptions.add(*library.sections.get(SECTION, (0, 0)))
        except MemoryError:
            library.close()
            raise
        units = _Batch(library, made.records, made.keys, fixed_up, len(found))
        self._batches.update(dict.fromkeys(found, units))
        return pointers

    def code(self, pointers: Iterable[int]) -> Iterator[HostCode]:
        """The functions of the batches that these units are in, and what all units share."""
        for name, address in self._shared.addresses.items():
            yield HostCode("unit", name, None, address, self._shared.sizes[name])
        batches = {id(batch): batch for batch in map(self._batches.get, pointers) if batch}
        for batch in batches.values():
            sizes = batch.library.sizes
            for name, address in batch.library.addresses.items():
                tier = "region" if name[0] == "r" else "unit"
                yield HostCode(tier, "", batch.keys[name], address, sizes[name])

    def _emit(
        self,
        batch: Sequence[Installed],
        entered: Collection[int] | None,
        level: str,
        *,
        counts: bool = False,
        calls: bool = True,
        linked: Mapping[int, int] | None = None,
    ) -> tuple[str, Module, list[str], dict[str, BlockKey], list[Region]]:
        context = self._context
        module = Module(self.frame, context, self._records, linked or {})
        module.checked = self.checked or level == "quick"
        module.folds = context.lifter is not None and not context.passes
        symbols = {installed.key: f"u{index}" for index, installed in enumerate(batch)}
        quiet = list(filter(self._is_quiet, batch))
        groups: list[list[Installed]] = []
        if level == "region":
            groups = find_regions(quiet, context.key_of, module.linked, calls=calls)
        made: list[Region] = []
        texts: list[str] = []
        entries: dict[BlockKey, str] = {}
        for index, group in enumerate(groups):
            text, found, slots = emit_region(module, group, symbols, f"r{index}", entered)
            texts.append(text)
            entries |= found
            made.append(Region(group, slots))
        inside = {id(installed) for group in groups for installed in group}
        names = []
        for index, installed in enumerate(batch):
            if id(installed) in inside:
                names.append(entries.get(installed.key, ""))
            else:
                names.append(f"u{index}")
                texts.append(emit_unit(module, installed, f"u{index}", counts=counts))
        texts += [f"declare {text}" for text in module.intrinsics.values()]
        keys = {symbol: key for key, symbol in symbols.items()}
        keys.update({f"r{index}": group[0].key for index, group in enumerate(groups)})
        return "\n".join([*texts, FOOTER]), module, names, keys, made

    def _is_quiet(self, installed: Installed) -> bool:
        """Whether a block can be in a region: nobody looks at the state within it."""
        return not installed.probes and is_quiet(self._context.functions, installed.block.insts)

    def drop(self, pointers: Iterable[int]) -> None:
        """Give up units. Code and records go when all units of a batch are given up.

        Nothing may enter them any more; unknown pointers are ignored.
        """
        for pointer in pointers:
            batch = self._batches.pop(pointer, None)
            if batch is None:
                continue
            batch.live -= 1
            if not batch.live:
                self.exceptions.remove(batch.fixed_up)
                batch.library.close()
                self._records.drop(batch.records)

    def explain(self, installed: Installed, level: str = "optimised") -> Mapping[str, str]:
        """The LLVM text and the host assembly of a block's unit, as that of block 0 without a
        probe."""
        alone = attrs.evolve(installed, block_id=0, probes=False)
        text, module, *_ = self._emit([alone], None, level)
        self._records.drop(module.made)
        assembly = self._maker.assembly(text, level, module.inlined.values())
        return {
            "llvm": text,
            "out_asm": re.sub(r"(?m)^\s+\.(?!LBB).*\n|^\.Lfunc.*\n", "", assembly),
        }

    def close(self) -> None:
        """Free all code."""
        self.drop(list(self._batches))
        self._arena.close()

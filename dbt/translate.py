"""The life of a block, from guest bytes to what a backend installs, in order."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence

from dbt import choices
from dbt.interfaces import (
    CodeReader,
    Frontend,
    Layout,
    Pass,
    Rewritten,
    is_at_heads,
    sees_whole_blocks,
)
from dbt.ir.block import Block, BlockKey
from dbt.log import QUIET, Log
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.passes.pipeline import Pipeline


def place(where: int | str, location: int) -> str:
    """A location for messages: its address, after the text that it was given by if that differs."""
    address = f"{location:#x}"
    known = not isinstance(where, str) or where == address
    return address if known else f"{choices.shown(where)}, {address}"


def block_at(frontend: Frontend, where: int | str, location: int) -> BlockKey:
    """The key of the block that begins at ``location``. ``where`` is how the user named it.

    Raises UsageError, which names ``where``, for a location at which no block can begin: it is not
    aligned.
    """
    key = frontend.key_of(location)
    if frontend.location_of(key) != location:
        named = place(where, location)
        raise UsageError(f"no instruction begins at {named}: the address is not aligned")
    return key


IR_ITEMS = frozenset({"in_asm", "ir", "ir_instr", "ir_opt"})
"""Dump items whose text ``Translator.translate`` writes."""


def _no_stub(key: BlockKey) -> None:
    """``stub`` when there are no hooks."""


class Translator:
    """Makes blocks: lifts, instruments, optimises, and verifies after each stage if ``verify``.

    ``stub`` is asked first. It returns a block of the hooks' that replaces the guest's at a key, or
    None.
    """

    def __init__(
        self,
        frontend: Frontend,
        code: CodeReader,
        instrument: Sequence[Pass] = (),
        pipeline: "Pipeline | None" = None,
        *,
        verify: bool = False,
        log: Log = QUIET,
        layout: Layout | None = None,
    ) -> None:
        self.frontend = frontend
        self.code = code
        self.instrument = list(instrument)
        self._pipeline = pipeline
        self.verify = verify
        self.log = log
        self.layout = layout or frontend.layout
        """The guest state: what the frontend declares, and more when hooks need it."""
        self.stub: Callable[[BlockKey], Block | None] = _no_stub
        self.lift_seconds = 0.0
        self.pass_seconds = 0.0

    @property
    def pipeline(self) -> "Pipeline":
        """The optimisations, which are imported when the first block is made from IR."""
        if self._pipeline is None:
            from dbt.passes.pipeline import Pipeline

            self._pipeline = Pipeline.default()
        return self._pipeline

    def translate(
        self, key: BlockKey, boundaries: Collection[int] = (), *, heads: bool | None = None
    ) -> Block:
        """Makes one block, ready to install. It does not extend across a pc in ``boundaries``.
        ``heads``: only passes that add to the front of blocks are run, or only the others. Raises
        GuestFault when the code at its pc cannot be fetched."""
        stub = self.stub(key)
        if stub is not None:
            if self.verify:
                self._verify(stub)
            return stub
        started = time.perf_counter()
        for item, block in self._life(key, boundaries, heads=heads):
            if item == "ir":
                self.lift_seconds += (lifted := time.perf_counter()) - started
                if self.log.items:
                    self._dump_asm(block)
            if self.log.items and self.log.wants(item, key.pc):
                self.log.write(item, _printed(block))
            if self.verify:
                self._verify(block)
        self.pass_seconds += time.perf_counter() - lifted
        return block

    def is_plain(self, key: BlockKey) -> bool:
        """True when the block at a key is the guest's own, as the frontend lifts it, but for passes
        that are ``Local``, ``Selective`` or ``Redirecting``."""
        return self.all_plain() and self.stub(key) is None

    def all_plain(self) -> bool:
        """True when that holds for all keys without a stub, which are boundaries."""
        return self._is_neutral and not any(map(sees_whole_blocks, self.instrument))

    @property
    def _is_neutral(self) -> bool:
        """True when nobody can tell whether optimisations have run."""
        return self._pipeline is None or self._pipeline.is_neutral

    def rewrite(self, key: BlockKey, boundaries: Collection[int] = ()) -> Rewritten | None:
        """The block at a key, rewritten by passes and not optimised, as ``translate`` would make
        it; None if somebody wants to see its stages, or it is no block of the guest."""
        if self.verify or self.log.items or not self._is_neutral or self.stub(key) is not None:
            return None
        started = time.perf_counter()
        block = self.frontend.lift(self.code, key, boundaries)
        rewritten = Rewritten.before_passes(block, self._optimise)
        self.lift_seconds += (lifted := time.perf_counter()) - started
        self._instrument(block)
        self.pass_seconds += time.perf_counter() - lifted
        return rewritten

    def _optimise(self, block: Block) -> None:
        """Do what ``rewrite`` has left out."""
        started = time.perf_counter()
        self.pipeline.run(block)
        self.pass_seconds += time.perf_counter() - started

    def _life(
        self, key: BlockKey, boundaries: Collection[int], *, heads: bool | None = None
    ) -> Iterator[tuple[str, Block]]:
        """Yields the name of each stage, and the block after it. It is the same block each time."""
        block = self.frontend.lift(self.code, key, boundaries)
        yield "ir", block
        self._instrument(block, heads=heads)
        yield "ir_instr", block
        self.pipeline.run(block)
        yield "ir_opt", block

    def _verify(self, block: Block) -> None:
        """Raise VerifyError unless a block obeys the rules of the IR."""
        from dbt.ir.verifier import verify

        verify(block, self.layout)

    def _instrument(self, block: Block, *, heads: bool | None = None) -> None:
        """Run the users' passes and verify after each, whether or not ``verify`` is set."""
        if not self.instrument:
            return
        from dbt.ir.verifier import VerifyError
        from dbt.passes.registry import name_of

        for pass_ in self.instrument:
            if heads is not None and is_at_heads(pass_) != heads:
                continue
            pass_.run(block)
            try:
                self._verify(block)
            except VerifyError as error:
                error.args = (f"{name_of(pass_)}: {error}",)
                raise

    def listing(self, block: Block) -> str:
        """The guest instructions of a block, disassembled, one per line."""
        listed = self.frontend.listing(self.code, block.key, block.size)
        return "\n".join(f"{pc:#010x}  {text}" for pc, text in listed)

    def _dump_asm(self, block: Block) -> None:
        if self.log.wants("in_asm", block.key.pc):
            self.log.write("in_asm", self.listing(block))

    def stages(self, key: BlockKey, boundaries: Collection[int] = ()) -> dict[str, str]:
        """The text of a block after each stage, by the stage's name, as ``explain`` prints it."""
        texts: dict[str, str] = {}
        for item, block in self._life(key, boundaries):
            texts = texts or {"in_asm": self.listing(block)}
            texts[item] = _printed(block)
            self._verify(block)
        return texts


def _printed(block: Block) -> str:
    from dbt.ir.printer import print_block

    return print_block(block)

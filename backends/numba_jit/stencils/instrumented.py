"""Samples of what stencils are made for, lifted and instrumented.

A sample is one instruction; or what passes add to the front of a block, or to the end of one that
goes on at the next.
"""

from collections.abc import Callable, Container, Sequence
from typing import Any, TypeAlias

from backends.numba_jit.stencils import abi
from dbt.interfaces import Layout, Local, Place
from dbt.ir.block import Block, BlockKey, Goto, Inst
from dbt.ir.ops import INSN
from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD

LiftOne = Callable[[BlockKey, Any, Any], tuple[Block, bool]]
"""``Frontend.lift_one``."""
Sample: TypeAlias = tuple[int, int, int, int, int]
"""A word, its pc, what is before it, the mode and the block's pc, as ``abi`` has them in rows."""
Leaf = Callable[[str, int], Any]
"""Returns the number to use for a leaf of terms that has this value: itself, or a Number."""


def _itself(leaf: str, value: int) -> int:
    del leaf
    return value


class Instrumented:
    """Lifts samples and runs passes on them."""

    def __init__(self, lift_one: LiftOne, passes: Sequence[Local], layout: Layout) -> None:
        self._lift_one, self._passes, self._layout = lift_one, passes, layout

    def lift(self, sample: Sample, leaf: Leaf) -> tuple[Block, Container[Inst], bool]:
        """The block of a sample, those of its instructions that are the guest's, and whether it
        ends blocks."""
        word, pc, before, mode, head = sample
        plain = mode & ~(abi.HEAD_MODE | abi.GO_MODE)
        if mode & abi.HEAD_MODE:
            at, size = leaf(PC, pc), leaf(WORD, word)
            mark = Inst(INSN, (), None, (at, size))
            block = Block(BlockKey(at, plain), [mark], Goto(BlockKey(at + size)))
            self._run("head", block)
            return block, (), False
        if mode & abi.GO_MODE:
            block = Block(BlockKey(leaf(HEAD, head), plain), [], Goto(BlockKey(leaf(PC, pc))))
            self._run("exit", block)
            return block, (), True
        key = BlockKey(leaf(PC, pc), mode)
        block, ends = self._lift_one(key, leaf(WORD, word), leaf(BEFORE, before))
        own = frozenset(block.insts)
        self._run("instruction", block)
        if ends:
            block.key = BlockKey(leaf(HEAD, head), mode)
            self._run("exit", block)
        return block, own, ends

    def check(self, sample: Sample) -> None:
        """Run the passes as they are run on blocks. Raises what they raise, and VerifyError for
        what they must not do."""
        if self._passes:
            self.lift(sample, _itself)

    def _run(self, place: Place, block: Block) -> None:
        for pass_ in self._passes:
            if pass_.place == place:
                pass_.run(block)

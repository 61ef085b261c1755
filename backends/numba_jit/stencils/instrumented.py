"""Samples of what stencils are made for, lifted and instrumented.

A sample is one instruction; or what passes add to the front of a block, or to the end of one that
goes on at the next.
"""

from collections.abc import Callable, Container, Sequence
from typing import Any, TypeAlias

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.names import Name
from backends.numba_jit.stencils.template import Unfit
from dbt.classes import attrs
from dbt.interfaces import Layout, Local, Place, loads_safely
from dbt.ir.block import Block, BlockKey, Const, Goto, Inst
from dbt.ir.ops import INSN, LOAD
from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD, Choice, Number, Trace, parts

LiftOne = Callable[[BlockKey, Any, Any], tuple[Block, bool]]
"""``Frontend.lift_one``."""
Sample: TypeAlias = tuple[int, int, int, int, int]
"""A word, its pc, what is before it, the mode and the block's pc, as ``abi`` has them in rows. What
the word has of the mode (``Frontend.changing``) is left out of that."""
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
        """The block of a sample, those of its instructions that are the guest's or loads that
        cannot fault, and whether it ends blocks."""
        word, pc, before, mode, head = sample
        plain = mode & ~(abi.HEAD_MODE | abi.GO_MODE)
        if mode & abi.HEAD_MODE:
            at, size = leaf(PC, pc), leaf(WORD, word)
            mark = Inst(INSN, (), None, (at, size))
            block = Block(BlockKey(at, plain), [mark], Goto(BlockKey(at + size)))
            self._run("head", block)
            self._refuse_if_seen("head", block)
            return block, (), False
        if mode & abi.GO_MODE:
            next_ = Goto(BlockKey(leaf(PC, pc)))
            block = Block(BlockKey(leaf(HEAD, head), plain), [], next_)
            self._run("exit", block)
            if block.exit is not next_:
                raise Unfit("a block that goes on at the next does not do so any more")
            self._refuse_if_seen("exit", block)
            return block, (), True
        key = BlockKey(leaf(PC, pc), mode)
        block, ends = self._lift_one(key, leaf(WORD, word), leaf(BEFORE, before))
        own = set(block.insts)
        at_head = BlockKey(leaf(HEAD, head), mode) if ends else key
        for pass_ in self._passes:  # one may see what those before it have added
            if pass_.place == "instruction" or (ends and pass_.place == "exit"):
                block.key = key if pass_.place == "instruction" else at_head
                others = set(block.insts)
                pass_.run(block)
                if loads_safely(pass_):
                    own.update(i for i in block.insts if i.op is LOAD and i not in others)
        block.key = at_head
        return block, own, ends

    def agrees(self, block: Block, trace: Trace, sample: Sample) -> bool:
        """Whether passes make of a sample what they made of it with Numbers, in a block, and that
        obeys the rules of the IR. If not, they have to see whole blocks."""
        from dbt.ir.verifier import verify

        if not self._passes:
            return True
        try:
            ordinary = self.lift(sample, _itself)[0]
            verify(_alone(ordinary), self._layout)
        except Exception:  # they raise it again if this is executed
            return False
        return contents(block, trace, sample) == contents(ordinary, trace, sample)

    def _refuse_if_seen(self, place: Place, block: Block) -> None:
        """Raise Unfit if passes that treat instructions add to what passes before them have added
        in a place: here they are run on the guest's own only."""
        added = [inst for inst in block.insts if inst.op is not INSN]
        seen = Block(block.key, list(added), block.exit)
        places = [pass_.place for pass_ in self._passes]
        for pass_ in self._passes[places.index(place) :] if place in places else ():
            if pass_.place == "instruction":
                pass_.run(seen)
        if seen.insts != added:
            raise Unfit("a pass adds to what another has added")

    def _run(self, place: Place, block: Block) -> None:
        for pass_ in self._passes:
            if pass_.place == place:
                pass_.run(block)


def _alone(block: Block) -> Block:
    """A block whose instructions may be the last ones of a longer block, as one of its own."""
    first = next((inst.imm[0] for inst in block.insts if inst.op is INSN), block.key.pc)
    return attrs.evolve(block, key=BlockKey(int(first), block.key.mode))


def contents(block: Block, trace: Trace, sample: Sample) -> list[Any]:
    """What a block has, with the values of a sample in place of Numbers."""
    word, pc, before, _, head = sample
    leaves = {WORD: word, PC: pc, BEFORE: before, HEAD: head}
    places = {inst: place for place, inst in enumerate(block.insts)}

    def value(of: Any) -> Any:
        match of:
            case Number():
                return of.value
            case Choice():
                return of.names[of.number.value]
            case str():
                return Name("", parts(trace, of)).text(leaves)
            case Const():
                return of.type, value(of.value)
            case Inst():
                return "%", places.get(of)
            case BlockKey():
                return value(of.pc), of.mode
        return of

    insts = [
        (i.op, i.type, *map(value, i.args), "imm", *map(value, i.imm), "when", value(i.when))
        for i in block.insts
    ]
    fields = [value(getattr(block.exit, field.name)) for field in attrs.fields(type(block.exit))]
    return [insts, type(block.exit), fields]

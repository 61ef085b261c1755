"""An instruction that was lifted from Numbers stands for every word that decides as it did."""

from collections.abc import Callable
from random import Random
from typing import Any

import attrs
import pytest

from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Const, Inst, Value
from dbt.ir.printer import block_lines
from dbt.ir.symbolic import BEFORE, PC, WORD, Choice, Number, Trace, evaluate
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32
from frontends.arm.encodings.t32 import T32
from frontends.arm.keys import THUMB

WORDS = 24
"""Words drawn for each row."""
LIMIT = 0xFFFFFFFF
TELLING = (0xE1A0E00F, 0x028FE000, 0xE8BD0FF0, 0xE49D3004, 0)
"""What may be before an instruction and tell what kind of jump it is."""


class Filler:
    """Fills the holes of a block: its Numbers become the values of their terms."""

    def __init__(self, leaves: dict[str, int]) -> None:
        self._leaves = leaves
        self._made: dict[Inst, Inst] = {}

    def number(self, given: Any) -> Any:
        match given:
            case Number():
                return evaluate(given.term, self._leaves)
            case Choice():
                return given.names[evaluate(given.number.term, self._leaves)]
            case BlockKey():
                return BlockKey(self.number(given.pc), self.number(given.mode))
            case Const() | Inst():
                return self.value(given)
        return given

    def value(self, given: Value | None) -> Any:
        if isinstance(given, Const):
            return Const(self.number(given.value), given.type)
        return self._made[given] if given is not None else None

    def block(self, block: Block) -> Block:
        insts = []
        for inst in block.insts:
            imm = tuple(map(self.number, inst.imm))
            args = tuple(map(self.value, inst.args))
            made = Inst(inst.op, args, inst.type, imm, self.value(inst.when))
            self._made[inst] = made
            insts.append(made)
        exit_ = type(block.exit)
        fields = {f.name: self.number(getattr(block.exit, f.name)) for f in attrs.fields(exit_)}
        return Block(self.number(block.key), insts, exit_(**fields), block.size)


@pytest.mark.parametrize("row", A32.rows, ids=lambda row: row.name)
def test_other_words_of_a_shape_are_lifted_alike(row: Any) -> None:
    random = Random(row.name)

    def draw() -> tuple[int, int]:
        return A32.draw(random, row), random.getrandbits(30) << 2

    are_lifted_alike(draw, random, 0)


@pytest.mark.parametrize("row", T32.rows, ids=lambda row: row.name)
def test_other_words_of_a_shape_of_thumb_code_are_lifted_alike(row: Any) -> None:
    """ITSTATE is part of their numbers."""
    random = Random(row.name)

    def draw() -> tuple[int, int]:
        state = random.choice((0, random.getrandbits(8)))
        return T32.draw(random, row) | state << 32, random.getrandbits(31) << 1

    are_lifted_alike(draw, random, THUMB)


def are_lifted_alike(draw: Callable[[], tuple[int, int]], random: Random, state: int) -> None:
    """Compares words lifted alone with what the shape that they have says. ``draw`` gives a word
    and a pc."""
    frontend = ArmFrontend()
    limits = {WORD: (1 << 40) - 1, PC: LIMIT, BEFORE: LIMIT}
    shapes: list[tuple[int, Trace, Block, bool]] = []
    for _ in range(WORDS):
        (word, pc), mode = draw(), state | random.choice((0, 0, CONDITION_PASSED))
        before = random.choice((*TELLING, random.getrandbits(32)))
        leaves = {WORD: word, PC: pc, BEFORE: before}
        found = [shape for shape in shapes if shape[0] == mode and decides_alike(shape[1], leaves)]
        assert len(found) < 2
        if not found:
            trace = Trace()
            names = {
                name: trace.number(name, value, limits[name]) for name, value in leaves.items()
            }
            key = BlockKey(names[PC], mode)  # type: ignore[arg-type]
            found = [(mode, trace, *frontend.lift_one(key, names[WORD], names[BEFORE]))]
            shapes += found
        expected, ends = frontend.lift_one(BlockKey(pc, mode), word, before)
        _, _, block, symbolic_ends = found[0]
        assert block_lines(Filler(leaves).block(block)) == block_lines(expected)
        assert symbolic_ends is ends


def decides_alike(trace: Trace, leaves: dict[str, int]) -> bool:
    """Whether a word gives the answers of a trace."""
    return all(evaluate(term, leaves) == answer for term, answer in trace.decisions.items())


def test_one_instruction_is_lifted_as_in_a_block() -> None:
    class Code:
        def fetch(self, address: int, size: int) -> bytes:
            del address
            return b"".join(word.to_bytes(4, "little") for word in (0xE0810002,) * (size // 4))

    frontend = ArmFrontend()
    frontend.max_insns = 1
    block, ends = frontend.lift_one(BlockKey(0x8000), 0xE0810002, 0xE0810002)
    assert block_lines(block) == block_lines(frontend.lift(Code(), BlockKey(0x8000)))
    assert not ends

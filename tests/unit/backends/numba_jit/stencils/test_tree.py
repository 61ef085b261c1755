"""The decision tree: words that decide alike find one shape, and others none."""

import ctypes
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.native import Native
from dbt.interfaces import Encoding
from dbt.ir.symbolic import BEFORE, PC, WORD, Term, evaluate
from frontends.arm.registers import LAYOUT

INDEX = 0x0000000F
Decisions = tuple[tuple[Term, bool], ...]
Sample = tuple[int, int, int, int]
"""A word, its pc, what is before it, and the mode."""


class Finder:
    """A library without templates, and a word that is looked for in it."""

    def __init__(self) -> None:
        self.library = Library(LAYOUT, 32, [Encoding(0, 0, 4, INDEX)])
        self._native = Native()
        self._word = ctypes.c_uint64()

    def add(self, sample: Sample, decisions: Decisions) -> int:
        return self.library.add_shape(sample, decisions, None, 4)

    def find(self, sample: Sample) -> int:
        word, pc, before, mode = sample
        self._word.value = word | 0xFEDCBA98 << 32
        memory = ctypes.addressof(self._word) - pc
        self._native.find_shapes(self.library.address, memory, pc, 1, before, mode)
        return int(self.library.rows.cells[0, abi.ITS_SHAPE // 8])


@pytest.fixture
def finder() -> Iterator[Finder]:
    made = Finder()
    yield made
    made.library.close()


def decide(seed: int, sample: Sample) -> Decisions:
    """What a random way of lifting asks of a word: the next question depends on the answers."""
    word, pc, before, mode = sample
    leaves, path = {WORD: word, PC: pc, BEFORE: before}, f"{seed} {word & INDEX} {mode}"
    decisions: dict[Term, bool] = {}
    for _ in range(Random(path).randrange(6)):
        random = Random(path)
        field: Term = ("and", ("shr", random.choice([WORD, WORD, BEFORE]), random.randrange(10)), 3)
        term: Term = random.choice([
            ("eq", field, random.randrange(4)),
            ("eq", field, evaluate(field, leaves)),  # used as an index: asked for its own value
            ("eq", ("ones", field), random.randrange(3)),
            ("lt", field, ("and", WORD, 7)),
            ("lt", ("and", PC, 12), field),
        ])  # fmt: skip
        answer = decisions[term] = bool(evaluate(term, leaves))
        path += f" {term} {answer}"
    return tuple(decisions.items())


SAMPLES = st.tuples(
    st.integers(0, 0xFFF),
    st.integers(0, 3).map(lambda word: 0x1000 + 4 * word),
    st.integers(0, 0xFFF),
    st.integers(0, 3),
)


@given(st.integers(0, 1 << 20), st.lists(SAMPLES, min_size=1, max_size=60), st.lists(SAMPLES))
def test_like_a_dict(seed: int, added: list[Sample], others: list[Sample]) -> None:
    finder, known = Finder(), dict[tuple[int, int, Decisions], int]()

    def kind(sample: Sample) -> tuple[int, int, Decisions]:
        return sample[0] & INDEX, sample[3], decide(seed, sample)

    for sample in added:
        assert finder.find(sample) == known.get(kind(sample), 0)
        if kind(sample) not in known:
            known[kind(sample)] = finder.add(sample, decide(seed, sample))
        assert finder.find(sample) == known[kind(sample)]
    for sample in (*added, *others):
        assert finder.find(sample) == known.get(kind(sample), 0)
    finder.library.close()


def test_each_root_and_mode_by_itself(finder: Finder) -> None:
    """Also those whose search begins in the same row, or in the last one."""
    modes = range(0, 1 << 12, 3)
    added = {(word, mode): finder.add((word, 0, 0, mode), ()) for word in (0, 5) for mode in modes}
    assert len(set(added.values())) == len(added) > abi.ROOTS_COUNT // 4
    for (word, mode), shape in added.items():
        assert finder.find((word | 0xFFF0, 0x8000, 7, mode)) == shape
        assert finder.find((word | 0xFFF0, 0x8000, 7, mode + 1)) == 0
        assert finder.find((word + 1, 0x8000, 7, mode)) == 0


def test_what_the_root_tells_is_not_asked(finder: Finder) -> None:
    shape = finder.add((0x25, 0, 0, 0), ((("eq", ("and", WORD, INDEX), 5), True),))
    nodes = finder.library.tree.size
    assert finder.find((0x35, 0, 0, 0)) == shape
    assert nodes == 2  # the leaf alone

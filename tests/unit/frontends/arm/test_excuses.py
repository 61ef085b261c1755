"""What differs from the oracle is excused only where the oracle is wrong."""

import attrs
import pytest
from support.arm_batches import Batch
from support.arm_fuzz_memory import DATA_SIZE, Finish
from support.arm_oracle import CODE_SIZE, EXACT_SUM, MARGIN, Case, Oracle, Q, excused, pc_of
from support.arm_runners import Evaluator

from frontends.arm.encodings import A32

SMALLEST, MINUS_ONE = 0x80008000, 0xFFFFFFFF
SMLAD_R0_R1_R2_R3, SMLADX_R0_R1_R2_R3 = 0xE7003211, 0xE7003231


def both(word: int, *registers: int) -> tuple[Case, Finish, Finish]:
    """A case with r1 and those behind it, and what the evaluator and the oracle make of it."""
    found = A32.match(word)
    assert found is not None
    first = (0, *registers)
    case = Case(found[0], pc_of(0), (word,), first + (0,) * (15 - len(first)), 0, 0, 0)
    code = (bytes(MARGIN) + word.to_bytes(4, "little")).ljust(CODE_SIZE, b"\0")
    oracle, evaluator = Oracle(), Evaluator()
    oracle.load(code, bytes(DATA_SIZE))
    evaluator.load(Batch(code, bytes(DATA_SIZE), (case,), 1))
    return case, evaluator.run(case), oracle.run(case)


@pytest.mark.parametrize("word", [SMLAD_R0_R1_R2_R3, SMLADX_R0_R1_R2_R3])
def test_the_oracle_sums_the_products_of_smlad_first(word: int) -> None:
    case, ours, theirs = both(word, SMALLEST, SMALLEST, MINUS_ONE)
    assert ours.registers[0] == 0x7FFFFFFF
    assert (ours.cpsr & Q, theirs.cpsr & Q) == (0, Q)
    assert excused(case, ours, theirs) == EXACT_SUM


@pytest.mark.parametrize(
    "registers",
    [(SMALLEST, SMALLEST, 0), (SMALLEST, SMALLEST, 1), (0x7FFF7FFF, 0x7FFF7FFF, 0x7FFFFFFF)],
)
def test_another_sum_of_smlad_has_to_agree(registers: tuple[int, ...]) -> None:
    case, ours, theirs = both(SMLAD_R0_R1_R2_R3, *registers)
    assert ours == theirs
    assert ours.cpsr & Q
    assert excused(case, attrs.evolve(ours, cpsr=0), theirs) is None


def test_the_excuse_is_for_q_alone() -> None:
    case, ours, theirs = both(SMLAD_R0_R1_R2_R3, SMALLEST, SMALLEST, MINUS_ONE)
    wrong = attrs.evolve(ours, registers=(0, *ours.registers[1:]))
    assert excused(case, wrong, theirs) is None
    assert excused(case, attrs.evolve(ours, cpsr=1 << 31), theirs) is None
    assert excused(case, theirs, ours) is None
    other = attrs.evolve(case, row=A32.by_name["SMLSD"])
    assert excused(other, ours, theirs) is None

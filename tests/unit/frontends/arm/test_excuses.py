"""What differs from the oracle is excused only where the oracle is wrong."""

import attrs
import pytest
from support.arm_batches import Batch
from support.arm_fuzz_memory import DATA_SIZE, Finish
from support.arm_oracle import CODE_SIZE, IT_BITS, MARGIN, Case, Oracle, Q, pc_of
from support.arm_runners import Evaluator
from support.fuzz_states import EXACT_SUM, STATES

SMALLEST, MINUS_ONE = 0x80008000, 0xFFFFFFFF
SMLAD, SMLADX = 0xE7003211, 0xE7003231  # r0, r1, r2, r3
T32_SMLAD = 0x3002FB21
MOV_R1_R2, MVN_R4_R0 = 0xE1A01002, 0xE1E04000
IT_NE, T32_MRC_PMUSER = 0xBF18, 0x2F1EEE19  # r2
T32_STREX = 0x2300E841  # strex r3, r2, [r1]


class Both:
    """A case with r1 and those behind it, and what the evaluator and the oracle make of it."""

    def __init__(self, words: tuple[int, ...], *registers: int, state: str = "arm") -> None:
        self.state = STATES[state]
        found = self.state.table.match(words[-1])
        assert found is not None
        values = (0, *registers, *[0] * (14 - len(registers)))
        self.case = Case(
            found[0], pc_of(0), words, values, 0, 0, 0, len(words) > 1, thumb=state == "thumb"
        )
        code = (bytes(MARGIN) + self.case.code).ljust(CODE_SIZE, b"\0")
        self.oracle, evaluator = Oracle(), Evaluator()
        self.oracle.load(code, bytes(DATA_SIZE))
        evaluator.load(Batch(code, bytes(DATA_SIZE), (self.case,), len(words)))
        self.ours, self.theirs = evaluator.run(self.case), self.oracle.run(self.case)

    def excuse(self, ours: Finish | None = None, **changed: object) -> str | None:
        """The excuse for this difference, or for another result of ours."""
        case = attrs.evolve(self.case, **changed)  # type: ignore[arg-type]
        return self.state.excuse(case, ours or self.ours, self.theirs, self.oracle)


@pytest.mark.parametrize(
    ("words", "state", "r1"),
    [
        ((SMLAD,), "arm", SMALLEST),
        ((SMLADX,), "arm", SMALLEST),
        ((T32_SMLAD,), "thumb", SMALLEST),
        ((MOV_R1_R2, SMLAD, MVN_R4_R0), "arm", 0),
    ],
)
def test_the_oracle_sums_the_products_of_smlad_first(
    words: tuple[int, ...], state: str, r1: int
) -> None:
    both = Both(words, r1, SMALLEST, MINUS_ONE, state=state)
    assert both.ours.registers[0] == 0x7FFFFFFF
    assert (both.ours.cpsr & Q, both.theirs.cpsr & Q) == (0, Q)
    assert both.excuse() == EXACT_SUM


@pytest.mark.parametrize(
    "registers",
    [(SMALLEST, SMALLEST, 0), (SMALLEST, SMALLEST, 1), (0x7FFF7FFF, 0x7FFF7FFF, 0x7FFFFFFF)],
)
def test_another_sum_of_smlad_has_to_agree(registers: tuple[int, ...]) -> None:
    both = Both((SMLAD,), *registers)
    assert both.ours == both.theirs
    assert both.ours.cpsr & Q
    assert both.excuse(attrs.evolve(both.ours, cpsr=0)) is None


def test_the_excuse_is_for_q_alone() -> None:
    both = Both((SMLAD,), SMALLEST, SMALLEST, MINUS_ONE)
    assert both.excuse(attrs.evolve(both.ours, registers=(0, *both.ours.registers[1:]))) is None
    assert both.excuse(attrs.evolve(both.ours, cpsr=1 << 31)) is None
    assert both.excuse(both.theirs) is None
    smlsd = SMLAD | 0x40
    assert both.excuse(words=(smlsd,)) is None


def test_the_oracle_keeps_itstate_at_a_register_of_the_pmu() -> None:
    both = Both((IT_NE, T32_MRC_PMUSER), state="thumb")
    assert (both.ours.cpsr & IT_BITS, bool(both.theirs.cpsr & IT_BITS)) == (0, True)
    excuse = both.excuse()
    assert excuse is not None
    assert excuse.startswith("ITAdvance")
    assert both.excuse(attrs.evolve(both.ours, registers=(1, *both.ours.registers[1:]))) is None


def test_the_oracle_may_store_with_a_status_of_1() -> None:
    both = Both((T32_STREX,), 0x200000, state="thumb")
    assert both.ours == both.theirs
    assert both.ours.registers[3] == 1
    stored = attrs.evolve(both.ours, data=b"\1" + both.ours.data[1:])
    both.theirs, ours = stored, both.ours
    excuse = both.excuse()
    assert excuse is not None
    assert "nothing was stored" in excuse
    assert both.excuse(attrs.evolve(ours, location=ours.location + 2)) is None
    registers = (*ours.registers[:3], 0, *ours.registers[4:])
    both.theirs = attrs.evolve(stored, registers=registers)
    assert both.excuse(attrs.evolve(ours, registers=registers)) is None

"""Stencils of every row of the ARM tables do what the evaluator does. See
``support.stencil_trials``, which tries as many words as one likes."""

import pytest
from support.stencil_trials import OVERWRITES_FLAGS, PAGES, ROWS, Bench, Trial, campaign

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.copier import Copier, Draft
from dbt.interfaces import PAGE
from dbt.ir.block import BlockKey
from frontends.arm.encodings import A32, neon

WORDS = 4
STUB = 10
"""Bytes of one."""
REFUSED = {"RBIT", "VCVT_fixed", "VMAXNM"}
"""Rows that are not copied: LLVM keeps constants of RBIT apart from the code, those of the second
are operands of a function, and `fmax` is no function of copied code."""
VECTORS = {row.name for row in neon.a32()}
"""Rows of Advanced SIMD. Which of them need constants apart from their code depends on the host."""
COPIED = {
    "VAND", "VORR", "VEOR", "VSWP", "VLD1_multiple1", "VLD1_multiple2", "VLD1_multiple3",
    "VLD1_multiple4", "VLD1_lane32", "VLD1_all", "VLD4_lane8",
}  # fmt: skip


def test_every_row_does_what_the_evaluator_does() -> None:
    report = campaign(WORDS, seed=1)
    assert report.differences == []
    assert report.refused.keys() - VECTORS == REFUSED
    assert report.copied.keys() | report.refused.keys() == ROWS.keys()
    assert not report.refused.keys() & COPIED
    ways = {f"Left {way}" for way in ("Goto", "Branch", "Call", "Return", "Jump", "Swi", "Halt")}
    assert report.kinds.keys() == {*ways, "Fault"}
    assert 0 < report.stepped < report.kinds.total() / 50


def test_an_access_across_the_end_of_a_page_is_left_to_the_evaluator() -> None:
    rows = ["LDR_imm", "STR_imm", "LDRH_imm", "STRH_imm", "LDM", "STM"]
    report = campaign(100, seed=2, rows=rows)
    assert report.differences == []
    assert report.stepped > 20


def test_nothing_in_front_of_the_page() -> None:
    """A jump that begins a page depended on the page in front, which was not there: that one was
    marked as code, and did not count as free any more."""
    bench = Bench()
    row, word = A32.by_name["BX"], 0xE12FFF1E
    bench.copies.memory.poke(PAGES[0], word.to_bytes(4, "little"))
    trial = Trial(row, word, PAGES[0], 0, 0, 0)
    report = bench.run([trial])
    bench.close()
    assert report.differences == []
    assert report.copied["BX"] == 1


@pytest.mark.parametrize("mode", [0, 1])
def test_a_wrong_stencil_is_seen(monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    """The words of a block are changed between drafting and lifting."""
    draft = Copier.draft

    def other(self: Copier, key: BlockKey, boundaries: tuple[int, ...]) -> Draft | None:
        memory = self._memory
        memory.poke(key.pc, 0x00800001.to_bytes(4, "little"))  # addeq r0, r0, r1
        try:
            return draft(self, key, boundaries)
        finally:
            memory.poke(key.pc, 0x00400001.to_bytes(4, "little"))  # subeq r0, r0, r1

    monkeypatch.setattr(Copier, "draft", other)
    bench = Bench(runs=20)
    pc = PAGES[0] + PAGE // 2
    trial = Trial(A32.by_name["SUB_reg"], 0x00400001, pc, 0, OVERWRITES_FLAGS, mode)
    report = bench.run([trial])
    bench.close()
    assert any("state differs" in text for text in report.differences)


def test_no_stencil_takes_more_than_the_most() -> None:
    """With a stub for each patch that may need one."""
    bench = Bench(seed=1)
    for trial in bench.trials([*A32], WORDS):
        bench.copies.draft(trial.key)
    library, largest = bench.copies.copier.library, 0
    needs_stub = {abi.FAULT, abi.SYSTEM, abi.HALT, abi.LINK0, abi.LINK1}
    assert library.next_stencil > len(A32.rows)
    for number in range(1, library.next_stencil):
        row = library.stencils.row(number)
        patches = range(row[abi.FIRST // 8], row[abi.PAST // 8])
        kinds = [library.patches.row(at)[abi.WHAT // 8] for at in patches]
        stubs = sum(kind in needs_stub for kind in kinds)
        largest = max(largest, row[abi.LENGTH // 8] + STUB * stubs)
    bench.close()
    assert 200 < largest < abi.LARGEST

"""Random words drawn from the T32 table, alone and in IT blocks: decoded as capstone decodes them, and
meaning what Unicorn makes of them."""

from collections import Counter
from random import Random
from typing import Any

import attrs
import pytest
from support import arm_runners, thumb_excuses
from support.arm_batches import Batch
from support.arm_fuzz import campaign
from support.arm_fuzz_memory import DATA_SIZE, Finish
from support.arm_oracle import CODE_SIZE, IT_BITS, MARGIN, Case, Oracle, pc_of
from support.arm_runners import EVALUATOR, SETTINGS, Machine
from support.fuzz_states import VFP_ROWS
from support.thumb_batches import draw, draw_batch, draw_sequences
from support.thumb_excuses import refusable, unpredictable
from support.thumb_listing import listing, mnemonics, silent

from dbt.decode.table import Row
from frontends.arm.encodings.t32 import T32
from frontends.arm.keys import is_wide
from frontends.arm.lift.thumb import T32Lifter

ROWS = tuple(row for row in T32.rows if row.name not in VFP_ROWS)
WORDS = 40
NEVER_LISTED = ("HINT_imm", "HINT_reg", "UDF.ssat", "UDF.usat", "UDF.msr")
"""Rows that capstone has no text for."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_decodes_as_capstone_does(row: Row) -> None:
    random, listed = Random(row.name), 0
    for _ in range(WORDS):
        word = draw(random, row)
        found = T32.match(word)
        assert found is not None
        assert found[0] is row
        name = listing(word)
        if name != ".short" and not unpredictable(row, word):
            listed += 1
            assert name in mnemonics(row, word) or silent(row, word), f"{word:08x}"
        elif name == ".short":
            assert silent(row, word) or unpredictable(row, word), f"{word:08x}"
    assert listed or row.name.startswith(("UDF.", *NEVER_LISTED))


# -- what no row matches

ZEROS = (
    (0xFF00, 0x4700, 0x0007),  # BX, BLX (register)
    (0xFE00, 0xEA00, 0x8000_0000),  # data processing, shifted register
    (0xFA00, 0xF200, 0x0020_0400),  # bit fields
    (0xFF80, 0xFA00, 0x0040_0000),  # extensions
)
"""(0) bits by the first halfword: mask, bits, and which bits of the word should be zero (A6.2, A6.3)."""
UNKNOWN = ("bxns", "blxns", "hlt", "dcps", "setpan")
"""Beginnings of what capstone has and a user program has not: debugging, and later architectures."""


def is_coprocessor_or_simd(word: int) -> bool:
    """Floating-point, SIMD and generic coprocessor instructions: other tables (A6.3.18, A7.5)."""
    return word >> 8 & 0xEC == 0xEC or word & 0xFF10 == 0xF900


def without_should_be_zero(word: int) -> int:
    """The word with its (0) bits 0."""
    for mask, bits, zeros in ZEROS:
        if word & mask == bits:
            return word & ~zeros
    return word


def unmatched(random: Random) -> int:
    """A word that no row matches, of the integer instructions; each second one of 16 bits."""
    while True:
        word = random.getrandbits(16 if random.random() < 0.5 else 32)
        if word >> 16:
            word = word & random.choice((-1, 0x0FFFFFFF, 0xF0FFFFFF, 0xFFFFFFF)) | 0xE000
        whole = is_wide(word) == bool(word >> 16)
        if whole and not is_coprocessor_or_simd(word) and T32.match(word) is None:
            return word


def test_what_no_row_matches_is_no_instruction_of_capstone() -> None:
    random, known = Random(0), Counter[str]()
    for _ in range(3000):
        word = unmatched(random)
        name = listing(word)
        if name == ".short" or name.startswith(UNKNOWN):
            known[name] += 1
            continue
        found = T32.match(without_should_be_zero(word))
        assert found is not None, f"{word:08x} {name}"
        assert name in mnemonics(found[0], word) or unpredictable(found[0], word), f"{word:08x}"
    assert known[".short"] > 1000


def is_store_to_pc(word: int) -> bool:
    """Single stores whose base is pc: UNDEFINED, but the oracle executes them."""
    return word & 0xFF9F == 0xF80F or word & 0xFF9F == 0xF88F


def test_what_no_row_matches_is_undefined() -> None:
    random, oracle = Random(1), Oracle()
    tried = 0
    while tried < 600:
        word = unmatched(random)
        if is_store_to_pc(word) or listing(word) != ".short":
            continue
        tried += 1
        case = draw_batch(random, [T32.by_name["UDF"]], 1).cases[0]
        case = attrs.evolve(case, words=(word,))
        code = bytearray(CODE_SIZE)
        at = case.pc - pc_of(0) + MARGIN
        code[at : at + len(case.code)] = case.code
        oracle.load(bytes(code), b"")
        assert oracle.run(case).kind == "undefined", f"{word:08x}"


# -- meaning


def test_meaning_is_unicorn_s() -> None:
    report = campaign(3000, seed=1, settings=("reference",), state="thumb")
    assert report.differences == []
    assert report.kinds["ran"] > 2300
    assert report.kinds["fault"] > 50
    assert len(report.ran) == len(ROWS)


def test_sequences_survive_the_passes() -> None:
    report = campaign(250, seed=2, settings=("reference",), length=12, state="thumb")
    assert report.differences == []
    assert report.kinds["ran"] > 200


@pytest.mark.parametrize("setting", sorted(set(SETTINGS) - {"reference"}))
def test_sequences_mean_the_same_in_every_setting(setting: str) -> None:
    report = campaign(20, seed=3, settings=(setting,), length=12, state="thumb")
    assert report.differences == []
    assert report.runs == {EVALUATOR: 240, setting: 240}


@pytest.mark.parametrize("setting", ["copied", "copied-mmu"])
def test_what_is_left_in_an_it_block_is_left_once(setting: str) -> None:
    """The exit of a copied block was not found behind the test of a condition, again and again."""
    report = campaign(
        200, seed=3, rows=("UDF", "UDF.msr", "SVC"), settings=(setting,), state="thumb"
    )
    assert report.differences == []


def test_sequences_have_it_blocks_of_all_lengths() -> None:
    batch = draw_sequences(Random(4), 12, 200)
    masks = Counter(w & 15 for case in batch.cases for w in case.words if w >> 8 == 0xBF and w & 15)
    assert len(masks) == 15
    assert {case.pc % 4 for case in batch.cases} == {0, 2}
    oracle = Oracle()
    oracle.load(batch.code, batch.data)
    finishes = [oracle.run(case) for case in batch.cases]
    assert sum(bool(finish.cpsr & IT_BITS) for finish in finishes) > 20  # some end amid one


def test_a_wrong_itstate_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(T32Lifter, "condition", property(lambda self: self.it >> 4 & 14))
    report = campaign(60, seed=3, length=12, state="thumb")
    assert len(report.differences) > 10


# -- excuses


def case_of(*words: int, cpsr: int = 0) -> Case:
    found = T32.match(words[-1])
    assert found is not None
    return Case(found[0], pc_of(0), words, (0,) * 15, cpsr, 0, 0, thumb=True)


def test_a_form_that_must_be_refused_may_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(T32Lifter, "unpredictable", lambda self: None)
    report = campaign(400, rows=("MLA", "CBZ"), seed=1, state="thumb")
    assert any("ran, though" in text for text in report.differences)


def test_what_is_skipped_need_not_be_refused() -> None:
    it_eq, setend = 0xBF08, 0xB658
    assert refusable(case_of(it_eq, setend, cpsr=1 << 30))
    assert refusable(case_of(it_eq, setend)) is None
    assert refusable(case_of(setend)) is None


def test_the_oracle_forgets_itstate_at_an_isb() -> None:
    itt_al, isb = 0xBFE4, 0x8F6FF3BF
    case, oracle = case_of(itt_al, isb), Oracle()
    code = bytes(MARGIN) + case.code
    oracle.load(code.ljust(CODE_SIZE, b"\0"), b"")
    theirs = oracle.run(case)
    ours = attrs.evolve(theirs, cpsr=0xE8 >> 2 << 10)
    assert theirs.cpsr & IT_BITS == 0
    assert thumb_excuses.excused(case, ours, theirs)
    assert thumb_excuses.excused(case, attrs.evolve(ours, registers=(1,)), theirs) is None
    assert thumb_excuses.excused(case_of(0xBFE8, isb), ours, theirs) is None


def test_a_jump_to_another_case_is_no_halt_of_it() -> None:
    b_minus_64, udf = 0xE7DE, 0xDE00
    cases = [case_of(udf), attrs.evolve(case_of(b_minus_64), pc=pc_of(1))]
    code = bytearray(CODE_SIZE)
    for case in cases:
        at = case.pc - pc_of(0) + MARGIN
        code[at : at + 2] = case.code
    machine = Machine(SETTINGS["reference"])
    try:
        machine.load(Batch(bytes(code), bytes(DATA_SIZE), tuple(cases), 1))
        assert machine.run(cases[0]).kind == "undefined"
        finish = machine.run(cases[1])
    finally:
        machine.close()
    assert (finish.kind, finish.location) == ("ran", pc_of(0) | 1)


def test_registers_that_are_lost_at_a_fault_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = arm_runners._finish

    def forgetful(state: dict[str, int], *rest: Any) -> Finish:
        return finish({**state, "r0": 0xDEAD} if rest[-1] == "fault" else state, *rest)

    monkeypatch.setattr(arm_runners, "_finish", forgetful)
    report = campaign(100, seed=2, settings=("reference",), length=12, state="thumb")
    assert any("r0 was" in text for text in report.differences)

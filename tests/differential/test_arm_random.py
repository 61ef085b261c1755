"""Random words drawn from the encoding table: decoded as capstone decodes them, and meaning what
Unicorn makes of them."""

import json
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support import arm_fuzz
from support.arm_batches import draw_sequences
from support.arm_fuzz import Campaign, campaign, close
from support.arm_listing import DATA_ROWS, listing, mnemonics
from support.arm_oracle import Case, unpredictable
from support.arm_runners import COMPILED, EVALUATOR, SETTINGS, Machine
from support.fuzz_states import VFP_ROWS

from dbt.decode.table import Row
from dbt.interfaces import Event
from dbt.ir.printer import print_block
from frontends.arm.encodings import A32
from frontends.arm.lift import A32_METHODS

ROWS = tuple(A32.by_name[name] for name in sorted(DATA_ROWS))
WORDS = 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_decodes_as_capstone_does(row: Row) -> None:
    random = Random(row.name)
    seen: Counter[str] = Counter()
    while seen.total() < WORDS:
        word = A32.draw(random, row)
        found = A32.match(word)
        assert found is not None
        assert found[0] is row
        if unpredictable(row, word):
            continue
        listed = listing(word)
        assert listed in mnemonics(row, word), f"{word:#010x}"
        seen[listed] += 1
    # Not a table that only ever draws one word.
    assert len(seen) > 10


def test_every_row_is_drawn_and_lifted() -> None:
    assert len(DATA_ROWS) == 143
    assert A32_METHODS.keys() == A32.by_name.keys()


def test_meaning_is_unicorn_s() -> None:
    report = campaign(3200, seed=1, settings=("reference",))
    assert report.differences == []
    assert report.kinds["ran"] > 2400
    assert report.kinds["fault"] > 50
    assert report.ran.keys() == A32.by_name.keys() - VFP_ROWS


def test_sequences_survive_the_passes() -> None:
    report = campaign(250, seed=2, settings=("reference",), length=12)
    assert report.differences == []
    assert report.kinds["ran"] > 200


@pytest.mark.parametrize("setting", sorted(set(SETTINGS) - {"reference"}))
def test_sequences_mean_the_same_in_every_setting(setting: str) -> None:
    report = campaign(20, seed=3, settings=(setting,), length=12)
    assert report.differences == []
    assert report.runs == {EVALUATOR: 240, setting: 240}
    if setting in COMPILED:
        assert report.compiled[setting] >= 20


def test_instructions_that_are_counted_twice_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Machine._run

    def counting(self: Machine, case: Case) -> Event:
        event = whole(self, case)
        self.executor.fuel -= 1
        return event

    monkeypatch.setattr(Machine, "_run", counting)
    report = campaign(5, seed=3, settings=("reference",), length=2)
    assert report.differences
    assert all("+1 instructions" in text for text in report.differences)


def test_a_piece_is_the_same_whatever_was_before_it() -> None:
    whole = Campaign(600, seed=4, settings=("reference",))
    assert [*whole.pieces] == [0, 1, 2]
    try:
        alone = whole.run(2)
        whole.run(0)
        again = whole.run(2)
    finally:
        close()
    assert alone == again
    assert alone.runs["reference"] == 600 - 512


def test_a_wrong_translation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_carry(self, c, S, n, d, r, i):  # type: ignore[no-untyped-def]
        self.predicate(c)
        self.write(d % 15, self.ir.add(self.read(n), self.rotated(r, i)[0]))

    monkeypatch.setitem(A32_METHODS, "ADC_imm", without_carry)  # type: ignore[arg-type]
    report = campaign(50, rows=("ADC_imm",))
    assert len(report.differences) > 10


def test_blocks_that_settings_share_stay_as_they_are() -> None:
    batch = draw_sequences(Random(6), 12, 8)
    machines = [Machine(setting) for setting in SETTINGS.values()]
    try:
        before = {}
        for machine in machines:
            for insns in (4, 12):
                for key, block in batch.optimised(insns, machine.pipeline).items():
                    text = print_block(block)
                    assert before.setdefault((insns, key), text) == text
            machine.load(batch)
            assert machine.run(batch.cases[0]).kind
    finally:
        for machine in machines:
            machine.close()
    for (insns, key), text in before.items():
        assert print_block(batch.optimised(insns, machines[0].pipeline)[key]) == text


def test_a_machine_that_can_copy_nothing_new_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Campaign(300, seed=4, settings=("copied", "unit"))
    try:
        whole.run(0)
        before = dict(arm_fuzz._opened)
        copied, unit = before["copied", ()], before["unit", ()]
        whole.run(1)
        assert arm_fuzz._opened == before
        library = copied.executor._copies.copier.library  # type: ignore[attr-defined]
        monkeypatch.setattr(library, "has_room", lambda: False)
        whole.run(1)
        assert arm_fuzz._opened["copied", ()] is not copied
        assert arm_fuzz._opened["unit", ()] is unit
    finally:
        close()


def test_a_campaign_goes_on_where_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--state arm --count 600 --length 2 --seed 4 --setting reference --jobs 1"

    def figures(file: str, *more: str) -> list[Any]:
        path = tmp_path / file
        monkeypatch.setattr(sys, "argv", ["arm_fuzz", *options.split(), "--json", str(path), *more])
        assert arm_fuzz.main() == 0
        return [one["figures"] for one in json.loads(path.read_text())["campaigns"]]

    whole = figures("whole.json")
    assert [one["runs"] for one in whole] == 2 * [{"evaluator": 600, "reference": 600}]
    part = figures("parts.json", "--pieces", "1:2")
    assert [one["runs"]["reference"] for one in part] == [600 - 512, 2 * (300 - 256)]
    assert figures("parts.json", "--resume") == whole
    assert "600 ARM instructions, seed 4, 2 of 2 pieces" in capsys.readouterr().out
    monkeypatch.setattr(Campaign, "run", None)
    assert figures("parts.json", "--resume") == whole  # nothing is done again

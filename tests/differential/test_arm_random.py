"""Random words drawn from the encoding table: decoded as capstone decodes them, and meaning what
Unicorn makes of them."""

from collections import Counter
from random import Random

import pytest
from support.arm_fuzz import campaign
from support.arm_listing import DATA_ROWS, listing, mnemonics
from support.arm_oracle import unpredictable

from dbt.decode.table import Row
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
    report = campaign(3000, seed=1, backends=["reference"])
    assert report.differences == []
    assert report.kinds["ran"] > 2400
    assert report.kinds["fault"] > 50
    assert len(report.ran) == len(A32.rows)


def test_sequences_survive_the_passes() -> None:
    report = campaign(250, seed=2, backends=["reference"], length=12)
    assert report.differences == []
    assert report.kinds["ran"] > 200


def test_a_wrong_translation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_carry(self, c, S, n, d, r, i):  # type: ignore[no-untyped-def]
        self.predicate(c)
        self.write(d % 15, self.ir.add(self.read(n), self.rotated(r, i)[0]))

    monkeypatch.setitem(A32_METHODS, "ADC_imm", without_carry)  # type: ignore[arg-type]
    report = campaign(50, rows=["ADC_imm"])
    assert len(report.differences) > 10

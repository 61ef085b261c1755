"""Random instructions that ARMv8 adds do what Unicorn does, in every setting (``support.v8_fuzz``;
of loads, stores and checksums ``support.arm_fuzz``)."""

import pytest
from support.arm_fuzz import campaign as campaign_of_integers
from support.register_trials import COPIED, Report, campaign
from support.v8_fuzz import FAMILY

from dbt.ir import floating, ops, vectors
from frontends.arm.encodings import acquire

INTEGERS = {
    state: tuple(line.split()[0] for line in text.splitlines() if line and line[0] != "#")
    for state, text in (("arm", acquire.A32), ("thumb", acquire.T32))
}


def _check(report: Report) -> None:
    assert report.differences == []
    assert report.ran.keys() == {row.name for row in FAMILY.rows}


def test_evaluated() -> None:
    _check(campaign(FAMILY, 3000, seed=1))


def test_evaluated_in_thumb_state() -> None:
    _check(campaign(FAMILY, 2000, seed=2, thumb=True))


def test_compiled() -> None:
    _check(campaign(FAMILY, 600, seed=3, settings=("quick", "unit")))


def test_copied() -> None:
    _check(campaign(FAMILY, 600, seed=4, settings=(COPIED,)))


@pytest.mark.parametrize("state", INTEGERS)
def test_loads_stores_and_checksums(state: str) -> None:
    rows = INTEGERS[state]
    report = campaign_of_integers(
        1024, seed=5, settings=("quick",), rows=rows, share=4, state=state
    )
    assert report.differences == []
    assert {name for name, count in report.ran.items() if count} == {*rows}


def test_a_wrong_operation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vectors._WHOLE, ops.VAES_MIX, lambda a: a)  # type: ignore[index]
    monkeypatch.setattr(floating, "AWAY", floating.NEAREST)
    for name in ("AESMC", "VRINT_mode"):
        rows = [row for row in FAMILY.rows if row.name == name]
        assert campaign(FAMILY, 200, seed=6, rows=rows).differences

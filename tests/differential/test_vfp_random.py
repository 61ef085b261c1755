"""Random VFP instructions do what Unicorn does, in every setting (``support.vfp_fuzz``)."""

import pytest
from support.register_trials import COPIED, Report, campaign
from support.vfp_fuzz import FAMILY, ROWS

from dbt.ir import floating


def _check(report: Report) -> None:
    assert report.differences == []
    assert report.ran.keys() == {row.name for row in ROWS}


def test_evaluated() -> None:
    _check(campaign(FAMILY, 4000, seed=1))


def test_compiled() -> None:
    _check(campaign(FAMILY, 750, seed=2, settings=("quick", "unit")))


def test_copied() -> None:
    """Only conversions of fixed-point numbers have to be compiled, and what is not executed."""
    _check(campaign(FAMILY, 1500, seed=5, settings=(COPIED,)))
    report = campaign(
        FAMILY,
        600,
        seed=6,
        rows=[row for row in ROWS if row.name != "VCVT_fixed"],
        settings=(COPIED,),
    )
    assert report.differences == []
    assert report.compiled[COPIED] < 30  # where the FPSCR asks for vectors


def test_evaluated_in_thumb_state() -> None:
    _check(campaign(FAMILY, 2000, seed=4, thumb=True))


def test_a_wrong_operation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floating, "UNDERFLOW", 0)
    rows = [row for row in ROWS if row.name == "VMUL"]
    assert campaign(FAMILY, 400, seed=3, rows=rows).differences

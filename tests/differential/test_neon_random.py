"""Random instructions of Advanced SIMD do what Unicorn does, in every setting
(``support.neon_fuzz``)."""

import pytest
from support.neon_fuzz import FAMILY, ROWS
from support.register_trials import Report, campaign

from dbt.ir import ops, vectors


def _check(report: Report) -> None:
    assert report.differences == []
    assert report.ran.keys() == {row.name for row in ROWS}


def test_evaluated() -> None:
    _check(campaign(FAMILY, 6000, seed=1))


def test_compiled() -> None:
    _check(campaign(FAMILY, 1250, seed=2, settings=("quick", "unit")))


def test_evaluated_in_thumb_state() -> None:
    _check(campaign(FAMILY, 3000, seed=4, thumb=True))


def test_a_wrong_operation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vectors._WHOLE, ops.VAND, lambda a, b: a | b)  # type: ignore[index]
    rows = [row for row in ROWS if row.name == "VAND"]
    assert campaign(FAMILY, 50, seed=3, rows=rows).differences

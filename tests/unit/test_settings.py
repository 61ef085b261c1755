"""The product of settings that ``make settings`` goes through."""

from pathlib import Path
from random import Random

import attrs
import pytest
from support import settings
from support.settings import PLAIN, PRODUCT, Runs, Setting


def test_every_value_is_in_the_product() -> None:
    names = [field.name for field in attrs.fields(Setting)]
    values = {name: {getattr(one, name) for one in PRODUCT} for name in names}
    assert values["tier"] == {"0", "1", "2", "auto"}
    assert values["unit"] == {"block", "loop", "function"}
    assert values["memory"] == {"explicit", "mmu"}
    assert values["library"] == {"warm", "cold", "damaged"}
    assert values["background"] == {"off", "on"}
    assert PLAIN in PRODUCT
    assert len(set(PRODUCT)) == len(PRODUCT) == 66


def test_two_values_meet_before_any_meet_again() -> None:
    every = settings.rows(3)
    assert len(set(every)) == len(every) == len(PRODUCT) * len(settings.cases())
    new: list[bool] = []
    met: set[object] = set()
    for row in every:
        new.append(not settings._pairs(row) <= met)
        met |= settings._pairs(row)
    assert sorted(new, reverse=True) == new
    assert not any(new[len(every) // 2 :])


def test_a_damaged_library_is_another_one(tmp_path: Path) -> None:
    warm, to = tmp_path / "warm", tmp_path / "to"
    warm.mkdir()
    to.mkdir()
    (warm / "loop-0.o").write_bytes(bytes(1000))
    settings._damaged(warm, to, Random(1))
    assert (to / "loop-0.o").read_bytes() != bytes(1000)


def test_a_difference_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = settings.cases()[0]
    same = {"stdout": b"", "status": 0, "instructions": 7}
    monkeypatch.setattr(settings, "rows", lambda seed: ((case, PLAIN),))
    monkeypatch.setattr(settings, "_expected", lambda runs, case: same)
    found = dict(same)
    monkeypatch.setattr(Runs, "found", lambda self, case, setting, draw: found)
    assert Runs(1, tmp_path).run(0) == []
    found["instructions"] = 8
    (text,) = Runs(1, tmp_path).run(0)
    assert "instructions 8, not 7" in text
    assert case.name in text

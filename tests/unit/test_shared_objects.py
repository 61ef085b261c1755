"""Object code that executors share."""

import pytest
from support.arm_fuzz import Campaign, close
from support.shared_objects import shared_objects

from backends.numba_jit.units import compiler
from backends.numba_jit.units.objects import ObjectMaker

TEXT = "define i64 @f() {\n ret i64 %s\n}\n"


def test_a_text_is_compiled_once_for_a_level() -> None:
    whole = ObjectMaker.compile
    with shared_objects() as counts:
        one, other = ObjectMaker(), ObjectMaker()
        first = one.compile(TEXT % 1, "quick")
        assert other.compile(TEXT % 1, "quick") == first
        assert counts == {"quick": 1, "again": 1}
        assert other.compile(TEXT % 2, "quick") != first
        other.compile(TEXT % 1, "optimised")
        assert counts == {"quick": 2, "optimised": 1, "again": 1}
    assert ObjectMaker.compile is whole


def test_what_is_linked_into_a_text_is_a_part_of_it() -> None:
    caller = "declare i64 @g()\ndefine i64 @f() {\n %1 = call i64 @g()\n ret i64 %1\n}\n"
    with shared_objects() as counts:
        maker = ObjectMaker()
        made = [maker.compile(caller, "quick", [TEXT.replace("@f", "@g") % n]) for n in (1, 2)]
        assert made[0] != made[1]
        assert counts == {"quick": 2}


@pytest.mark.parametrize("length", [1, 12])
def test_settings_share_what_accesses_no_memory(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests remember what was compiled in others.
    monkeypatch.setattr(compiler, "ObjectMaker", ObjectMaker)
    both = Campaign(60, seed=5, settings=("unit", "unit-mmu"), length=length)
    try:
        both.run(0)  # what all units need is there from now on
        report = both.run(0)
    finally:
        close()
    # Each setting asks for two texts: of blocks that access memory, and of others.
    assert report.texts == {"optimised": 3, "again": 1}
    assert report.compiled["unit"] == report.compiled["unit-mmu"] >= 60
    assert report.runs["unit"] == report.runs["unit-mmu"] == 60 * length
    assert report.differences == []

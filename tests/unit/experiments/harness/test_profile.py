"""Counts of blocks and calls, and what is chosen from them."""

import pytest

from dbt.data import DEMO
from dbt.experiments.harness.guest_run import Outcome, Program
from dbt.experiments.harness.profile import Function, Profile, pick, take

RAN = Outcome(1.0, 0.0, "Exited(status=0)", 1000, "", {}, 4)
PROFILE = Profile(RAN, {0x10: 5, 0x20: 50, 0x30: 50, 0x40: 1}, ())


def functions(*calls: int) -> tuple[Function, ...]:
    return tuple(Function(index, f"f{index}", count) for index, count in enumerate(calls))


def test_hottest_targets_first() -> None:
    assert PROFILE.targets("hottest", 3) == (0x20, 0x30, 0x10)
    assert len(PROFILE.targets("hottest", 100)) == 4
    with pytest.raises(ValueError, match="coldest"):
        PROFILE.targets("coldest", 1)


def test_random_targets_are_repeatable_and_grow() -> None:
    assert PROFILE.targets("random", 4, 7) == PROFILE.targets("random", 4, 7)
    assert set(PROFILE.targets("random", 4, 7)) == set(PROFILE.executions)
    assert PROFILE.targets("random", 4, 7)[:2] == PROFILE.targets("random", 2, 7)
    assert len({PROFILE.targets("random", 4, seed) for seed in range(20)}) > 1


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [10_000]), (2, [10_000, 1]), (3, [10_000, 100, 1]), (9, [10_000, 9_000, 100, 90, 1])],
)
def test_functions_are_picked_on_a_logarithmic_scale(count: int, expected: list[int]) -> None:
    chosen = pick(functions(10_000, 9_000, 100, 90, 1), count)
    assert [function.calls for function in chosen] == expected


def test_profile_of_the_demo() -> None:
    """Calls as the source says: 100 of helper, 25 through the table, fib(12) makes 465."""
    profile = take(Program(DEMO, ("100",)))
    calls = {function.name: function.calls for function in profile.functions}
    assert calls["helper"] == 100
    assert calls["fib"] == 465
    assert calls["square"] + calls["mix"] == 25
    assert calls["_start"] == calls["main"] == 1
    assert profile.functions[0].name == "fib"

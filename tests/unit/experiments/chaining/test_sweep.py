"""Which settings are measured, and against what."""

from dbt.experiments.chaining.sweep import Plan, points, settings_of
from dbt.experiments.harness.guest_run import Outcome, Setting
from dbt.experiments.harness.profile import Function, Profile

RAN = Outcome(1.0, 0.0, "Exited(status=0)", 2000, "", {}, 3)
PROFILE = Profile(RAN, {4: 10, 8: 30, 12: 20}, (Function(8, "hot", 30), Function(4, "cold", 10)))
PLAN = Plan(tiers=("2",), counts=(0, 1, 100), draws=2, lengths=(4,), functions=1, seed=3)
BASE = Setting(tier="2")


def test_every_series_is_there() -> None:
    found = points(PLAN, PROFILE)
    by_series = {
        series: [point for point in found if point.series == series]
        for series in ("kinds", "denied", "frequency", "length")
    }
    assert [point.label for point in by_series["kinds"]] == [
        "off", "direct", "+returns", "+indirect",
    ]  # fmt: skip
    # 0 targets: once in each order; 1 and all 3: hottest and two draws.
    assert [(point.label, point.x) for point in by_series["denied"]] == [
        ("hottest", 0), ("random", 0),
        ("hottest", 1), ("random", 1), ("random", 1),
        ("hottest", 3), ("random", 3), ("random", 3),
    ]  # fmt: skip
    assert by_series["denied"][2].setting.denied == (8,)
    (frequency,) = by_series["frequency"]
    assert (frequency.x, frequency.setting.denied) == (15.0, (8,))  # 30 calls in 2,000
    (length,) = by_series["length"]
    assert length.setting == Setting(tier="2", kinds="off", max_insns=4)
    assert length.base == Setting(tier="2", max_insns=4)


def test_base_is_everything_chained() -> None:
    bases = {point.base for point in points(PLAN, PROFILE) if point.series != "length"}
    assert bases == {BASE}


def test_a_setting_is_run_once_a_round() -> None:
    settings = settings_of(points(PLAN, PROFILE))
    assert len(settings) == len(set(settings))
    assert settings[0] == BASE or settings[1] == BASE

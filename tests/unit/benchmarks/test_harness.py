"""What benchmarks share."""

from benchmarks.harness import interleave
from dbt.experiments.harness.measure import Timing


def test_rounds_are_interleaved() -> None:
    order: list[str] = []
    clock = iter(range(1, 7))

    def contender(name: str) -> float:
        order.append(name)
        return float(next(clock))

    timings = interleave({"a": lambda: contender("a"), "b": lambda: contender("b")}, 3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert timings == {"a": Timing((1.0, 3.0, 5.0)), "b": Timing((2.0, 4.0, 6.0))}

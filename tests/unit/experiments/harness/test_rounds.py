"""Rounds: every task once a round, each round in a process of its own."""

import os
from collections.abc import Callable
from functools import partial

import pytest

from dbt.experiments.harness.guest_run import Program, Setting, run_once
from dbt.experiments.harness.rounds import rounds, status
from dbt.interruption import Terminated
from dbt.stops import UsageError


def here(work: Callable[[], dict[str, int]]) -> dict[str, int]:
    return work()


def test_rounds_are_interleaved() -> None:
    order: list[str] = []

    def task(name: str) -> int:
        order.append(name)
        return len(order)

    tasks = {name: partial(task, name) for name in "ab"}
    assert rounds(tasks, 3, place=here) == {"a": [2, 5, 8], "b": [3, 6, 9]}
    assert order == ["a", "a", "b"] * 3, "each round is begun by a run that does not count"


def test_a_process_a_round() -> None:
    """Within a round one process, from round to round another, and none is this one."""
    taken = rounds({"a": os.getpid, "b": os.getpid}, 2)
    assert taken["a"] == taken["b"]
    assert len({*taken["a"], os.getpid()}) == 3


def test_results_are_checked_after_each_round() -> None:
    seen: list[tuple[str, int]] = []

    def check(name: str, result: int) -> None:
        seen.append((name, result))
        if len(seen) == 3:
            raise UsageError("b differs")

    numbers = iter(range(10))
    with pytest.raises(UsageError, match="b differs"):
        rounds(dict.fromkeys("ab", lambda: next(numbers)), 5, check, here)
    assert seen == [("a", 1), ("b", 2), ("a", 4)]
    assert next(numbers) == 6  # the second round was done, the third was not begun


def test_an_interruption_keeps_whole_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = iter(range(10))

    def task() -> int:
        number = next(numbers)
        if number == 7:
            raise Terminated
        return number

    taken = rounds(dict.fromkeys("ab", task), 5, place=here)
    assert taken == {"a": [1, 4], "b": [2, 5]}
    assert taken.facts == {"repeats": 2, "interrupted": "SIGTERM"}
    assert status(taken.facts) == 143
    assert capsys.readouterr().err == "armdbt: interrupted; 2 of 5 rounds are kept\n"
    assert status(rounds({"a": int}, 1, place=here).facts) == 0


def test_an_interruption_before_the_first_round_ends_keeps_nothing() -> None:
    def task() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rounds({"a": task}, 5, place=here)


def test_what_a_round_raises_is_told() -> None:
    nowhere = partial(run_once, Program("/no/such/program"), Setting("0"))
    with pytest.raises(UsageError, match="/no/such/program"):
        rounds({"a": nowhere}, 1)


def test_a_round_whose_process_ends_is_told_in_a_line() -> None:
    with pytest.raises(UsageError, match="a round ends without a result"):
        rounds({"a": partial(os._exit, 1)}, 1)

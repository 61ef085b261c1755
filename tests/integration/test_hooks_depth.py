"""The depth that a hook is told is the true one, whatever else is hooked, or is not told."""

from collections.abc import Iterator

import pytest
from support.guests import guest
from support.idioms import idiom

from dbt.data import DEMO
from dbt.hooks import CallEvent
from dbt.hooks.mechanisms import NAMES
from dbt.process import Process
from dbt.stops import Exited, UsageError


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process(str(guest("fib")), ["6"], env={})
    yield process
    process.close()


def true_depths() -> list[int]:
    """Of the calls of fib(n), by its definition."""

    def fib(n: int, depth: int) -> None:
        depths.append(depth)
        if n >= 2:
            fib(n - 1, depth + 1)
            fib(n - 2, depth + 1)

    depths: list[int] = []
    fib(6, 0)
    return depths


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_hook_on_calls_alone_is_told_the_depth(mechanism: str, process: Process) -> None:
    depths: list[int] = []
    process.hooks.on_call("fib", lambda event: depths.append(event.depth), mechanism=mechanism)
    assert isinstance(process.run(), Exited)
    assert depths == true_depths()


@pytest.mark.parametrize("mechanism", ["entry", "dispatch", "helper"])
def test_the_depth_counts_what_only_has_hooks_on_calls(mechanism: str) -> None:
    """main calls fib and helper, and nobody hooks the return of main."""
    process = Process(DEMO, ["3"], env={})
    depths: dict[str, list[int]] = {"main": [], "fib": [], "helper": []}
    for name, told in depths.items():
        process.hooks.on_call(
            name, lambda event, told=told: told.append(event.depth), mechanism=mechanism
        )
    process.hooks.on_return("fib", lambda event: None, mechanism=mechanism)
    process.run()
    process.close()
    assert depths["main"] == [0]
    assert depths["fib"][:3] == [1, 2, 3]
    assert depths["helper"] == [1, 1, 1]


def test_tail_calls_are_seen_by_hooks_on_calls_alone() -> None:
    process = Process(str(idiom("tail_b").program), env={})
    tails: list[tuple[str, bool, int]] = []
    for name in ("f", "g"):
        process.hooks.on_call(
            name, lambda event: tails.append((event.symbol, event.tail, event.depth))
        )
    process.run()
    process.close()
    assert ("f", False, 0) in tails
    assert ("g", True, 1) in tails


def test_who_gives_the_depth_up_is_not_told_a_wrong_one(process: Process) -> None:
    refused: list[str] = []

    def hook(event: CallEvent) -> None:
        for name in ("depth", "tail"):
            with pytest.raises(UsageError) as told:
                getattr(event, name)
            refused.append(str(told.value))

    process.hooks.on_call("fib", hook, depth=False)
    assert isinstance(process.run(), Exited)
    assert set(refused) == {
        f"{name} of fib is not known: its hooks were set with depth=False, so nobody waits for"
        " its return"
        for name in ("depth", "tail")
    }


def test_depth_is_known_where_another_hook_waits_for_returns(process: Process) -> None:
    depths: list[int] = []
    process.hooks.on_call("fib", lambda event: depths.append(event.depth), depth=False)
    process.hooks.on_return("fib", lambda event: None)
    assert isinstance(process.run(), Exited)
    assert depths == true_depths()


def test_the_cheap_hook_costs_one_visit(process: Process) -> None:
    calls: list[int] = []
    process.hooks.on_call("fib", lambda event: calls.append(event.pc), depth=False)
    assert isinstance(process.run(), Exited)
    assert process.stats()["dispatches"]["hook"] <= len(calls)


def test_a_hook_that_changes_arguments_does_not_change_whether_it_counts(process: Process) -> None:
    depths: list[int] = []

    def hook(event: CallEvent) -> None:
        depths.append(event.depth)
        event.set_argument(0, event.argument(0) - 1)  # the condition holds no more

    process.hooks.on_call("fib", hook, when="r0 == 6 or depth == 1")
    assert isinstance(process.run(), Exited)
    assert depths[:2] == [0, 1]


def test_a_condition_on_depth_needs_it(process: Process) -> None:
    with pytest.raises(UsageError, match="condition 'depth > 1' needs depth, and depth=False"):
        process.hooks.on_call("fib", print, when="depth > 1", depth=False)

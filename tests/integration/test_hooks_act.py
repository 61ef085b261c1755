"""Hooks that change what the guest does, with every mechanism and in every tier."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.hooks import CallEvent, ReturnEvent
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.process import Process
from dbt.stops import Exited, UsageError

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")
ADDRESS = "fib"
STEERING = [name for name in NAMES if name != "helper"]
"""``helper`` cannot change where the guest goes on."""
pytestmark = pytest.mark.rotates("tier")


@pytest.fixture(params=["0", "2"])
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def start(tier: str, argument: str = "10", **options: Any) -> Process:
    return Process(
        FIB,
        [argument],
        env={},
        options=BackendOptions(tier=tier, hot=20, background=False),
        **options,
    )


def printed(process: Process, capfd: pytest.CaptureFixture[str]) -> str:
    assert process.run() == Exited(0)
    return str(capfd.readouterr().out)


@pytest.mark.parametrize("mechanism", NAMES)
def test_an_argument_is_changed(
    tier: str, mechanism: str, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = printed(start(tier, "7"), capfd)
    process = start(tier, "10")

    def change(event: CallEvent) -> None:
        event.set_argument(0, 7)
        remove()

    remove = process.hooks.on_call(ADDRESS, change, mechanism=mechanism)
    assert printed(process, capfd).split()[1:] == expected.split()[1:]


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_result_is_changed(tier: str, mechanism: str, capfd: pytest.CaptureFixture[str]) -> None:
    process = start(tier)

    def change(event: ReturnEvent) -> None:
        if event.depth == 0:
            event.result = 0xABCD

    process.hooks.on_return(ADDRESS, change, mechanism=mechanism)
    assert "43981" in printed(process, capfd)


@pytest.mark.parametrize("returns", [False, True])
@pytest.mark.parametrize("mechanism", STEERING)
def test_a_call_is_skipped(
    tier: str, mechanism: str, returns: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its return is still told, with the result that was given."""
    process = start(tier)
    results: list[int] = []
    calls: list[int] = []

    def skip(event: CallEvent) -> None:
        calls.append(event.argument(0))
        event.skip(0xBEEF)

    process.hooks.on_call(ADDRESS, skip, mechanism=mechanism)
    if returns:
        process.hooks.on_return(
            ADDRESS, lambda event: results.append(event.result), mechanism=mechanism
        )
    assert "48879" in printed(process, capfd)
    assert calls == [10]
    assert results == ([0xBEEF] if returns else [])


@pytest.mark.parametrize("mechanism", STEERING)
def test_a_call_is_redirected(tier: str, mechanism: str, capfd: pytest.CaptureFixture[str]) -> None:
    process = start(tier)
    text = process.state["r13"] - 4096
    process.memory.write(text, b"guests\0")
    seen = []

    def redirect(event: CallEvent) -> None:
        event.set_argument(0, text)
        event.redirect(process.resolve("length"))

    process.hooks.on_call(ADDRESS, redirect, mechanism=mechanism)
    process.hooks.on_return(ADDRESS, lambda event: seen.append(event.result), mechanism=mechanism)
    assert printed(process, capfd) == "fib 6\n"
    assert seen == [6]


def test_a_mechanism_that_cannot_steer_says_so(tier: str) -> None:
    process = start(tier)
    process.hooks.on_call(ADDRESS, lambda event: event.skip(1), mechanism="helper")
    with pytest.raises(UsageError, match="helper cannot skip or redirect"):
        process.run()


class TestConditions:
    """``when``."""

    @pytest.mark.parametrize("mechanism", NAMES)
    @pytest.mark.parametrize(
        ("when", "expected"),
        [
            ("r0 == 5", [5] * 8),
            ("arg0 >= 9", [10, 9]),
            ("r0 > 8 and depth < 1", [10]),
            ("signed(r0) < 0", []),
            ("pc == 0 or r0 == 10", [10]),
        ],
    )
    def test_only_calls_that_match_are_told(
        self, tier: str, mechanism: str, when: str, expected: list[int]
    ) -> None:
        process = start(tier)
        seen: list[int] = []
        process.hooks.on_call(
            ADDRESS, lambda event: seen.append(event.argument(0)), mechanism=mechanism, when=when
        )
        assert process.run() == Exited(0)
        assert seen == expected

    @pytest.mark.parametrize("mechanism", NAMES)
    def test_the_condition_of_a_return_is_asked_on_entry(self, tier: str, mechanism: str) -> None:
        process = start(tier)
        seen: list[int] = []
        process.hooks.on_return(
            ADDRESS, lambda event: seen.append(event.result), mechanism=mechanism, when="r0 == 6"
        )
        assert process.run() == Exited(0)
        assert seen == [8] * 5

    def test_python_is_entered_only_when_it_holds(self, tier: str) -> None:
        process = start(tier)
        seen: list[int] = []
        process.hooks.on_call(
            ADDRESS, lambda event: seen.append(event.pc), when="r0 == 10", depth=False
        )
        process.run()
        assert process.stats()["dispatches"]["hook"] == len(seen) == 1

    def test_two_hooks_with_different_conditions(self, tier: str) -> None:
        process = start(tier)
        seen: list[tuple[str, int]] = []

        def note(name: str, when: str) -> Callable[[], None]:
            return process.hooks.on_call(
                ADDRESS, lambda e: seen.append((name, e.argument(0))), when=when, depth=False
            )

        note("a", "r0 == 10")
        remove = note("b", "r0 >= 9")
        process.run(max_insns=60)
        remove()
        process.run()
        assert ("a", 10) in seen
        assert ("b", 10) in seen
        assert process.stats()["dispatches"]["hook"] <= 2

    def test_a_condition_that_makes_no_sense(self) -> None:
        process = start("0")
        with pytest.raises(UsageError, match="condition 'r99 > 1', column 1"):
            process.hooks.on_call(ADDRESS, print, when="r99 > 1")

    def test_a_mechanism_that_does_not_exist(self) -> None:
        process = start("0")
        with pytest.raises(UsageError, match="no hook mechanism 'magic'"):
            process.hooks.on_call(ADDRESS, print, mechanism="magic")


@pytest.mark.parametrize("mechanism", NAMES)
def test_execve_ends_hooks_on_functions(tier: str, mechanism: str, tmp_path: Path) -> None:
    """The program executes itself: the functions of the new one are not those of the old."""
    program = Path(__file__).parents[1] / "guests" / "processes.elf"
    linux = LinuxOptions(allow_write=(str(tmp_path),))
    process = Process(
        str(program),
        env={},
        options=BackendOptions(tier=tier, hot=20, background=False),
        linux=linux,
    )
    calls: list[str] = []
    names: list[str] = []
    remove = process.hooks.on_call("main", lambda e: calls.append(e.symbol), mechanism=mechanism)
    process.hooks.on_syscall("execve", lambda event: names.append(event.name))
    assert process.run() == Exited(5)
    assert calls == ["main"]
    assert len(names) == 2
    remove()  # of no effect, and no error
    process.hooks.on_call("main", print, mechanism=mechanism)

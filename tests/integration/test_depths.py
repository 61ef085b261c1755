"""Hooks on calls alone are told the same, whether Python keeps the activations or compiled code."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.guests import GUESTS
from support.idioms import idiom, names

from dbt.hooks import CallEvent
from dbt.hooks.mechanisms import depths, entry
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")
TIMEOUT = 20
NEVER = 1 << 60
Told = tuple[Any, ...]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many activations ``Depths`` had when it was made, each time."""
    made: list[int] = []
    begin = depths.Depths.begin

    def noted(self: depths.Depths) -> None:
        begin(self)
        made.append(self.alive)

    monkeypatch.setattr(depths.Depths, "begin", noted)
    return made


@contextmanager
def opened(path: str, *args: str, tier: str = "0", **options: Any) -> Iterator[Process]:
    with Process(path, args, env={}, options=BackendOptions(tier=tier), **options) as process:
        yield process


def hook_all(process: Process, hook: Callable[[CallEvent], object]) -> None:
    for pc in process.kernel.symbolizer.functions():
        process.hooks.on_call(pc, hook)


def note(told: list[Told]) -> Callable[[CallEvent], None]:
    """A hook that notes all that an event says of a call."""

    def hook(event: CallEvent) -> None:
        told.append(
            (
                event.symbol,
                event.depth,
                event.tail,
                event.caller,
                event.return_to,
                event.insns,
                event.state.get("r13"),
            )
        )

    return hook


def told_by(path: str, *args: str, tier: str = "0", chain: str = "all") -> tuple[list[Told], Any]:
    told: list[Told] = []
    with opened(path, *args, tier=tier, chain=chain) as process:
        hook_all(process, note(told))
        return told, process.run(timeout=TIMEOUT)


@functools.cache
def told_by_python(path: str) -> tuple[list[Told], Any]:
    """What hooks are told while Python keeps all activations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "WARM", NEVER)
        return told_by(path)


@pytest.mark.shares(2)
@pytest.mark.rotates("chain", "tier")
@pytest.mark.parametrize("chain", ["all", "off"])
@pytest.mark.parametrize("tier", ["0", "2", "auto"])
@pytest.mark.parametrize(("warm", "cold"), [(1, 1), (1, 200), (2, 2), (7, 3)])
@pytest.mark.parametrize("name", names())
def test_idioms(
    name: str, warm: int, cold: int, tier: str, chain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(idiom(name).program)
    expected = told_by_python(path)
    monkeypatch.setattr(entry, "WARM", warm)
    monkeypatch.setattr(depths, "COLD", cold)
    assert told_by(path, tier=tier, chain=chain) == expected


@pytest.mark.parametrize("cold", [1, 3])
@pytest.mark.parametrize("name", ["setjmp", "signals", "faults", "selfmod", "indirect"])
def test_longjmp_signals_faults_and_code_that_changes(
    name: str, cold: int, monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    path = str(GUESTS / f"{name}.elf")
    expected = told_by_python(path)
    assert not begun
    monkeypatch.setattr(entry, "WARM", 1)
    monkeypatch.setattr(depths, "COLD", cold)
    assert told_by(path) == expected
    assert begun


def test_a_run_may_stop_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return sites are then executed one instruction at a time, more than once."""
    monkeypatch.setattr(entry, "WARM", NEVER)
    expected, _ = told_by(FIB, "9")
    monkeypatch.setattr(entry, "WARM", 5)
    monkeypatch.setattr(depths, "COLD", 2)
    told: list[Told] = []
    with opened(FIB, "9") as process:
        hook_all(process, note(told))
        while isinstance(process.run(max_insns=7), InsnLimit):
            pass
    assert told == expected


def test_return_sites_are_compiled_when_they_are_hot(begun: list[int]) -> None:
    with opened(FIB, "16") as process:
        process.hooks.on_call("fib", lambda event: None)
        assert process.run() == Exited(0)
        kept = process.hooks._mechanisms["entry"][0]
        assert isinstance(kept, entry.Entry)
        assert kept._depths is not None
        assert len(kept._depths._hot) == 2
    assert len(begun) == 1
    assert begun[0] > 0  # fib was under way


def depths_of_fib(process: Process) -> list[int]:
    told: list[int] = []
    process.hooks.on_call("fib", lambda event: told.append(event.depth))
    return told


def expected_depths() -> list[int]:
    with opened(FIB, "10", backend="reference") as process:
        told = depths_of_fib(process)
        process.run()
    return told


@pytest.mark.parametrize("kind", ["on_return", "when", "trace", "record", "redirect"])
def test_hooks_of_other_kinds_may_come_and_go(
    kind: str, monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    monkeypatch.setattr(entry, "WARM", 3)
    monkeypatch.setattr(depths, "COLD", 2)
    seen: list[Any] = []
    with opened(FIB, "10") as process:
        told = depths_of_fib(process)
        process.run(max_insns=800)
        mechanism = process.hooks._mechanisms["entry"][0]
        assert isinstance(mechanism, entry.Entry)
        assert mechanism._depths is not None
        alive = mechanism.alive
        assert alive > 0
        if kind == "on_return":
            remove = process.hooks.on_return("fib", seen.append)
        elif kind == "when":
            remove = process.hooks.on_call("fib", seen.append, when="depth > 2")
        elif kind == "trace":
            remove = process.hooks.trace("fib", seen.append)
        elif kind == "record":
            remove = process.hooks.record("fib").stop
        else:
            remove = process.hooks.on_call("fib", lambda event: event.redirect("fib"))
        if kind == "redirect":
            remove()
        else:
            assert mechanism._depths is None
            assert mechanism.alive == alive
            process.run(max_insns=700)
            remove()
        assert process.run() == Exited(0)
        assert seen or kind in ("record", "redirect")
        assert mechanism._depths is not None
    assert told == expected_depths()
    assert len(begun) == (1 if kind == "redirect" else 2)


def test_a_hook_may_remove_itself_and_another_while_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An activation is not kept when all hooks that it was kept for are gone."""

    def run() -> list[Told]:
        told: list[Told] = []
        with opened(str(idiom("tail_b").program)) as process:
            removers: dict[str, Callable[[], None]] = {}

            def leave(event: CallEvent) -> None:
                told.append((event.symbol, event.depth, event.tail))
                if len(told) in (2, 5):
                    removers.pop(event.symbol, lambda: None)()

            for pc in process.kernel.symbolizer.functions():
                removers[process.kernel.symbolizer.name(pc)] = process.hooks.on_call(pc, leave)
            process.run(timeout=TIMEOUT)
        return told

    monkeypatch.setattr(entry, "WARM", NEVER)
    expected = run()
    monkeypatch.setattr(entry, "WARM", 1)
    monkeypatch.setattr(depths, "COLD", 1)
    assert run() == expected


def test_functions_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> list[Told]:
        told: list[Told] = []
        with opened(FIB, "12") as process:

            def hook(event: CallEvent) -> None:
                told.append((event.depth, event.argument(0)))
                if event.argument(0) == 4:
                    event.skip(3)

            process.hooks.on_call("fib", hook)
            process.run()
        return told

    monkeypatch.setattr(entry, "WARM", NEVER)
    expected = run()
    monkeypatch.setattr(entry, "WARM", 4)
    monkeypatch.setattr(depths, "COLD", 1)
    assert run() == expected


def test_what_a_hook_raises_stops_the_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "WARM", 2)
    told: list[int] = []
    with opened(FIB, "10") as process:

        def hook(event: CallEvent) -> None:
            told.append(event.depth)
            if len(told) == 20:
                raise RuntimeError("enough")

        process.hooks.on_call("fib", hook)
        with pytest.raises(RuntimeError, match="enough"):
            process.run()
        assert process.run() == Exited(0)
    assert told == expected_depths()


def test_there_may_be_more_activations_than_the_array_holds(
    monkeypatch: pytest.MonkeyPatch, begun: list[int]
) -> None:
    """Python keeps them from then on."""
    monkeypatch.setattr(entry, "WARM", 2)
    with opened(FIB, "10") as process:
        told: list[int] = []

        def hook(event: CallEvent) -> None:
            told.append(event.depth)
            kept = process.hooks._mechanisms["entry"][0]
            if len(told) == 30:
                assert isinstance(kept, entry.Entry)
                kept.give_way()  # as where there is no room
                monkeypatch.setattr(entry, "MOST", 0)

        process.hooks.on_call("fib", hook)
        process.run()
    assert told == expected_depths()
    assert len(begun) == 1


def test_a_program_may_execute_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "WARM", 1)
    monkeypatch.setattr(depths, "COLD", 1)
    with opened(str(GUESTS / "processes.elf")) as process:
        told: list[Told] = []
        hook_all(process, note(told))
        process.hooks.on_program(lambda: hook_all(process, note(told)))
        assert isinstance(process.run(timeout=TIMEOUT), Exited)
    assert told

"""Recordings have exactly the records that a trace with the mechanism ``entry`` gives."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from support.guests import GUESTS, branch_targets
from support.idioms import idiom, names

from dbt.hooks import CallEvent, StopRequested, recording
from dbt.hooks.follow.frames import Frames
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, Requested, Stop, TimeLimit, UsageError

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")
CHAINS = ["all", "off", "denied"]
TIMEOUT = 20


@contextmanager
def opened(path: str, *args: str, tier: str = "0", chain: str = "all") -> Iterator[Process]:
    chosen = "all" if chain == "denied" else chain
    options = BackendOptions(tier=tier)
    with Process(path, args, env={}, options=options, chain=chosen) as process:
        if chain == "denied":
            targets = branch_targets(Path(path))
            process.chain.deny(*random.Random(path).sample(targets, len(targets) // 2 + 1))
        yield process


def traced(path: str, *args: str, tier: str = "0", chain: str = "all") -> tuple[list[Record], Stop]:
    records: list[Record] = []
    with opened(path, *args, tier=tier, chain=chain) as process:
        process.hooks.trace(None, records.append, mechanism="entry")
        return records, process.run(timeout=TIMEOUT)


def recorded(
    path: str, *args: str, tier: str = "0", chain: str = "all"
) -> tuple[list[Record], Stop]:
    with opened(path, *args, tier=tier, chain=chain) as process:
        kept = process.hooks.record()
        stop = process.run(timeout=TIMEOUT)
        return list(kept.records()), stop


def comparable(records: list[Record]) -> list[Record]:
    """Without process ids, which a run of its own has."""
    return [
        attrs.evolve(
            record,
            thread=0,
            result=None if record.symbol in ("fork", "wait4", "getpid") else record.result,
            arguments=()
            if record.kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN)
            else record.arguments,
        )
        for record in records
    ]


@pytest.mark.shares(2)
@pytest.mark.rotates("chain", "tier")
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("cold", [1, 2, 200], ids=["compiled", "both", "stubs"])
@pytest.mark.parametrize("name", names())
def test_idioms(
    name: str, cold: int, tier: str, chain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "COLD", cold)
    path = str(idiom(name).program)
    records, stop = recorded(path, tier=tier, chain=chain)
    expected, as_well = traced(path, tier=tier, chain=chain)
    assert comparable(records) == comparable(expected)
    assert stop == as_well


def test_the_reference_backend_records() -> None:
    with Process(FIB, ["6"], env={}, backend="reference") as process:
        kept = process.hooks.record()
        process.run()
        assert comparable(list(kept.records())) == comparable(traced(FIB, "6")[0])


def test_a_program_with_signals_and_faults() -> None:
    for name in ("signals", "faults", "setjmp"):
        path = str(GUESTS / f"{name}.elf")
        assert comparable(recorded(path)[0]) == comparable(traced(path)[0]), name


def test_the_array_is_taken_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds more events than one run of this makes, so it is made to look full."""
    given: list[Record] = []
    with opened(FIB, "8") as process:
        kept = process.hooks.record(consumer=given.append)
        monkeypatch.setattr(kept._frames, "learn", learn := Learning(kept._frames))
        process.run()
        kept.flush()
    assert learn.full > 2
    assert comparable(given) == comparable(traced(FIB, "8")[0])


class Learning:
    """``Frames.learn`` that forgets the ways, and makes the array full for the next event."""

    def __init__(self, frames: Frames) -> None:
        self._frames, self._learn = frames, frames.learn
        self.full = 0

    def __call__(self, *way: int) -> None:
        self.full += 1
        self._frames.full()
        self._frames.forget_ways()
        self._learn(*way)


def test_it_is_exact_at_a_limit() -> None:
    """A stopped run has all events so far, and the next one adds the others."""
    expected = comparable(traced(FIB, "6")[0])
    with opened(FIB, "6") as process:
        kept = process.hooks.record()
        for _ in range(500):
            stop = process.run(max_insns=7)
            found = comparable(list(kept.records()))
            assert found == expected[: len(found)]
            assert all(record.insns >= process.engine.executed for record in expected[len(found) :])
            if not isinstance(stop, InsnLimit):
                break
        assert isinstance(stop, Exited)
        assert found == expected
        assert len(kept) == len(expected)


def test_it_ends_when_it_is_stopped() -> None:
    with opened(FIB, "6") as process:
        kept = process.hooks.record("fib", syscalls=False)
        process.run(max_insns=150)
        kept.stop()
        events = list(kept.records())
        assert events
        again = process.hooks.record(["fib"])
        assert isinstance(process.run(), Exited)
        assert list(kept.records()) == events
        assert [record.kind for record in again.records()].count(Kind.CALL) > 0


def test_hooks_and_a_recording_see_the_same_function() -> None:
    called: list[int] = []
    with opened(FIB, "6") as process:
        process.hooks.on_call("fib", lambda event: called.append(event.insns))
        kept = process.hooks.record("fib", syscalls=False)
        process.run()
        assert [r.insns for r in kept.records() if r.kind is Kind.CALL] == called


def test_only_blocks_where_something_is_recorded_are_compiled() -> None:
    with opened(FIB, "12") as process:
        recorded = process.hooks.record("fib", syscalls=False)
        assert process.run() == Exited(0)
        assert len(list(recorded.records())) > 2 * recording.COLD
        figures = process.stats()["backend"]
        assert 0 < figures["compiled_blocks"] < 10
        assert figures["copied_insns"] > 100


def test_what_makes_no_sense_is_refused() -> None:
    with opened(FIB, "6") as process:
        process.hooks.record("fib")
        with pytest.raises(UsageError, match="a recording already"):
            process.hooks.record("main")
    with opened(FIB, "6") as process, pytest.raises(UsageError, match="consumer"):
        process.hooks.record("fib", 5)  # type: ignore[arg-type]
    with opened(FIB, "6") as process, pytest.raises(UsageError, match="no_such"):
        process.hooks.record("no_such")


def test_what_a_consumer_raises_is_raised_by_the_run() -> None:
    def fail(record: Record) -> None:
        raise KeyError(record.symbol)

    with opened(FIB, "6") as process:
        process.hooks.record("fib", fail)
        with pytest.raises(KeyError, match="fib"):
            process.run()


def test_what_is_drained_is_not_kept() -> None:
    with opened(FIB, "6") as process:
        kept = process.hooks.record()
        parts: list[list[Record]] = []
        while isinstance(process.run(max_insns=60), InsnLimit):
            parts.append(list(kept.drain()))
        rest = list(kept.records())
        assert len(kept) == len(rest)
        parts.append(list(kept.drain()))
        assert parts[-1] == rest
        assert not list(kept.records())
    assert len(parts) > 3
    drained = [record for part in parts for record in part]
    assert comparable(drained) == comparable(traced(FIB, "6")[0])


def test_what_is_drained_need_not_be_read() -> None:
    with opened(FIB, "6") as process:
        kept = process.hooks.record()
        process.run(max_insns=60)
        first = kept.drain()[:1]
        process.run()
        assert comparable([*first, *kept.drain()][:1]) == comparable(traced(FIB, "6")[0][:1])


def test_the_functions_that_are_recorded_may_change() -> None:
    with opened(FIB, "6") as process:
        kept = process.hooks.record((), syscalls=False)
        process.run(max_insns=100)
        assert not len(kept)
        kept.watch(["fib"])
        process.run(max_insns=100)
        assert {record.symbol for record in kept.drain()} == {"fib"}
        kept.watch(["print"])
        assert process.run() == Exited(0)
        calls = {record.symbol for record in kept.records() if record.kind is Kind.CALL}
        assert calls == {"print"}
        with pytest.raises(UsageError, match="symbol"):
            kept.watch(["nothing"])


def test_a_recording_sees_a_function_behind_the_hooks_on_it() -> None:
    """A hook that comes later may change arguments, and skip the function: also while the place
    has no compiled code."""
    with opened(FIB, "6") as process:
        kept = process.hooks.record("fib", syscalls=False)

        def call(event: CallEvent) -> None:
            if event.argument(0) == 6:
                event.set_argument(0, 3)
            elif event.argument(0) == 2:
                event.skip(1)

        process.hooks.on_call("fib", call)
        assert process.run() == Exited(0)
        calls = [r.arguments[0] for r in kept.records() if r.kind is Kind.CALL]
        assert calls == [3, 1]


def test_what_looks_at_a_recording_is_called_meanwhile() -> None:
    with Process(str(GUESTS / "spin.elf"), env={}) as process:
        called: list[int] = []

        def look() -> None:
            called.append(process.engine.executed)
            raise StopRequested("seen")

        remove = process.hooks.on_pause(look)
        assert isinstance(process.run(timeout=TIMEOUT), Requested)
        assert isinstance(process.run(timeout=TIMEOUT), Requested)
        assert len(set(called)) == 2
        remove()
        assert isinstance(process.run(timeout=0.1), TimeLimit)
        assert len(called) == 2

"""Chaining: switched per target, live, with exact counters, and invisible to the guest."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.guests import guest

from dbt.instrument.block_count import BlockCount
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.runtime import engine as engine_module
from dbt.runtime.resume import Slice
from dbt.stops import Exited, InsnLimit

BENCH = Path(__file__).parents[2] / "benchmarks" / "guests"
FIB = str(BENCH / "fib.elf")


@contextmanager
def fib(argument: str = "16", **options: object) -> Iterator[Process]:
    process = Process(FIB, [argument], env={}, **options)  # type: ignore[arg-type]
    yield process
    process.close()


@pytest.fixture(autouse=True)
def only_fuel_ends_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Translation takes its time on a busy machine."""
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", 1e9)


def run_slices(process: Process, count: int, not_at: int = 0) -> dict[str, int]:
    """Run some slices, which end between blocks; how much each dispatch counter grew.

    A limit of instructions would do for everything but this: it ends within a block, and going on
    there makes a new block. It does not end before the block ``not_at``: that would have been
    dispatched, but not executed yet.
    """
    engine = process.engine
    before = process.stats()["dispatches"]
    slices = 0
    while slices < count or process._loop._resume.key.pc == not_at:
        slices += 1
        engine.budget.slice = 500
        event = engine.run(process._loop._resume.key)
        assert isinstance(event, Slice)
        process._loop._resume.key = event.key
    after = process.stats()["dispatches"]
    grown = {reason: after[reason] - before.get(reason, 0) for reason in after}
    assert grown.pop("budget") == slices
    return {reason: number for reason, number in grown.items() if number}


def executions(process: Process, pc: int) -> int:
    return sum(
        count
        for name, count in process.counters.snapshot("block:").items()
        if name in (f"block:{pc:#x}", f"block:{pc:#x}@0x2")
    )


@pytest.mark.parametrize(
    ("backend", "tier", "unit"),
    [
        ("reference", "0", "block"),
        ("numba_jit", "0", "block"),
        ("numba_jit", "2", "block"),
        ("numba_jit", "auto", "block"),
        ("numba_jit", "2", "function"),
        ("numba_jit", "auto", "loop"),
        ("numba_jit", "auto", "function"),
    ],
)
def test_denied_target_enters_the_dispatcher_once_per_execution(
    backend: str, tier: str, unit: str
) -> None:
    """Mid-run: deny a hot function, count, allow it again; nothing else changes."""
    options = BackendOptions(tier=tier, hot=20, unit=unit, background=False)
    with fib("20", backend=backend, options=options, passes=[BlockCount()]) as process:
        pc = process.resolve("fib")
        run_slices(process, 20, pc)
        assert run_slices(process, 10, pc) == {}, "warm code does not enter the dispatcher"

        process.chain.deny(pc)
        before = executions(process, pc)
        grown = run_slices(process, 10, pc)
        entered = executions(process, pc) - before
        assert entered > 100
        assert grown == {"denied": entered}

        process.chain.allow(pc)
        # Each edge into the target is linked again at its first use, and then no more.
        assert set(run_slices(process, 10)) <= {"unlinked"}
        assert run_slices(process, 10) == {}


def test_policy_is_invisible_to_the_guest(tier: str) -> None:
    """Same output state and the same number of instructions under every policy."""
    seen = set()
    for chain, denied in (("all", ()), ("direct", ()), ("off", ()), ("all", ("fib", "_start"))):
        with fib(
            options=BackendOptions(tier=tier, hot=20, background=False), chain=chain
        ) as process:
            process.chain.deny(*map(process.resolve, denied))
            stop = process.run()
            assert isinstance(stop, Exited)
            seen.add(
                (stop, process.stats()["instructions"], tuple(process.state.snapshot().items()))
            )
    assert len(seen) == 1


def test_nothing_chains_with_chaining_off(tier: str) -> None:
    with fib(
        options=BackendOptions(tier=tier, hot=20, background=False),
        chain="off",
        passes=[BlockCount()],
    ) as process:
        assert isinstance(process.run(), Exited)
        dispatches = process.stats()["dispatches"]
        blocks = sum(process.counters.snapshot("block:").values())
        # Every block is entered through the dispatcher; the two system calls come back to it too.
        # The block after the first of them is entered uncounted if it was translated ahead.
        entered = sum(dispatches.values()) - dispatches["budget"] - dispatches["syscall"]
        assert blocks - entered == (1 if tier == "2" else 0)


@pytest.mark.parametrize("limit", [1, 2, 999, 5_000, 5_001])
def test_instruction_limit_is_exact_in_every_configuration(limit: int, tier: str) -> None:
    states = set()
    compiling = BackendOptions(tier=tier, hot=5, background=False)
    for backend, chain, options in (
        ("reference", "all", None),
        ("numba_jit", "all", compiling),
        ("numba_jit", "off", compiling),
    ):
        with fib(backend=backend, chain=chain, options=options) as process:
            assert isinstance(process.run(max_insns=limit), InsnLimit)
            assert process.stats()["instructions"] == limit
            states.add(tuple(process.state.snapshot().items()))
    assert len(states) == 1


def test_a_run_can_be_continued() -> None:
    with fib() as whole, fib() as parts:
        whole_stop = whole.run()
        stop = parts.run(max_insns=777)
        while isinstance(stop, InsnLimit):
            stop = parts.run(max_insns=777)
        assert stop == whole_stop
        assert parts.stats()["instructions"] == whole.stats()["instructions"]


def test_a_denial_by_another_thread_reaches_a_region_that_runs() -> None:
    """When ``deny`` returns, no region takes the edge any more."""
    options = BackendOptions(tier="auto", unit="function", hot=20, background=False)
    with fib("30", options=options, passes=[BlockCount()]) as process:
        pc = process.resolve("fib")
        thread = threading.Thread(target=process.run)
        thread.start()
        while process.stats()["instructions"] < 100_000:
            time.sleep(0.001)
        process.chain.deny(pc)
        denied = process.stats()["dispatches"]["denied"]
        before = executions(process, pc)
        thread.join()
        after = executions(process, pc)
        assert after - before > 100_000
        grown = process.stats()["dispatches"]["denied"] - denied
        # The dispatcher counts first: it may have counted the execution that came next.
        assert grown >= after - before - 1


def test_a_function_that_code_calls_may_deny() -> None:
    """It is called in the middle of translated code, and does not wait for itself."""
    options = BackendOptions(tier="auto", hot=20, background=False)
    with fib("16", options=options) as process:
        pc, calls = process.resolve("fib"), list[int]()

        def deny(event: object) -> None:
            calls.append(1)
            if len(calls) in (500, 900):
                process.chain.deny(pc)
            if len(calls) == 700:
                process.chain.allow(pc)

        process.hooks.on_call("fib", deny, mechanism="helper", depth=False)
        assert isinstance(process.run(), Exited)
        assert len(calls) == 3193
        assert process.stats()["dispatches"]["denied"] > 1000


def test_a_run_that_was_interrupted_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    options = BackendOptions(tier="auto", hot=20, background=False)
    with fib("16", options=options) as process:
        run_slices(process, 20)
        executor: Any = process.executor
        enter = executor._enter

        def interrupted(state: object) -> int:
            enter(state)
            raise KeyboardInterrupt

        monkeypatch.setattr(executor, "_enter", interrupted)
        with pytest.raises(KeyboardInterrupt):
            process.engine.run(process._loop._resume.key)
        process.chain.deny(process.resolve("fib"))


@pytest.mark.parametrize("tier", ["0", "2", "auto"])
@pytest.mark.parametrize("change", ["deny", "hook"])
def test_a_region_behind_a_conditional_call_is_left(tier: str, change: str) -> None:
    """A hook in a hot loop denies, or hooks, a function that the loop calls under a condition."""
    options = BackendOptions(tier=tier, hot=50, background=False)
    with Process(str(guest("conditional_call")), env={}, options=options) as process:
        events, hits = list[int](), list[int]()

        def at_call(event: object) -> None:
            events.append(1)
            if len(events) == 20 and change == "deny":
                process.chain.deny("f")
            elif len(events) == 20:
                process.hooks.on_call(
                    "f", lambda _: hits.append(1), mechanism="dispatch", depth=False
                )

        process.hooks.on_call("h", at_call, depth=False)
        assert isinstance(process.run(), Exited)
        # f is entered 21 times more, and goes round 200 times: each is an arrival.
        assert process.stats()["dispatches"]["denied"] == 21 * 200
        assert len(hits) == (21 * 200 if change == "hook" else 0)


def test_fuel_that_was_taken_away_is_not_the_end_of_a_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hook that code calls adds another: the run goes on by blocks when that is done."""
    with fib("24") as process:
        steps, step = list[int](), process.engine.step
        monkeypatch.setattr(process.engine, "step", lambda key: steps.append(1) or step(key))
        calls = list[int]()

        def at_call(event: object) -> None:
            calls.append(1)
            if len(calls) == 10:
                process.hooks.on_call("flush", lambda _: None)

        process.hooks.on_call("fib", at_call, mechanism="helper", depth=False)
        assert isinstance(process.run(max_insns=19_000), InsnLimit)
        assert len(calls) > 2000
        assert len(steps) < 200


@pytest.mark.parametrize("tier", ["0", "2"])
def test_further_ranges_are_obeyed_at_once(tier: str) -> None:
    """Of these the executor looks at the blocks within the range alone; of the first at all."""
    with fib("25", options=BackendOptions(tier=tier)) as process:
        process.chain.deny_range(0x10, 0x20)
        run_slices(process, 2)
        at = process.resolve("fib")
        assert "denied" not in run_slices(process, 2)
        process.chain.deny_range(at, at + 4)
        assert run_slices(process, 2)["denied"] > 100
        process.chain.deny_range(at - 8, 1 << 32)
        process.chain.allow_range(at, at + 4)
        assert run_slices(process, 2)["denied"] > 100
        process.chain.allow_range(at - 8, 1 << 32)
        run_slices(process, 1)
        assert "denied" not in run_slices(process, 2)

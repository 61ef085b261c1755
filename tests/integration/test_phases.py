"""Where the time of a run goes: ``--stats``, ``--stats-json`` and ``Process.stats``."""

import time
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest
from support.runs import command, measure

from dbt.interfaces import BackendOptions
from dbt.phases import Phase, TimedPhases
from dbt.process import Process

FIB = BENCHMARKS / "fib.elf"
NAMES = {phase.value for phase in Phase}


def test_the_phases_add_up() -> None:
    seconds = dict(measure([], FIB, "20").stats["seconds"])
    whole = seconds.pop("all")
    assert seconds.keys() == NAMES
    assert sum(seconds.values()) == pytest.approx(whole, abs=1e-4)
    for name in ("start_up", "translation", "library", "translated_code", "system_calls"):
        assert seconds[name] > 0
    assert seconds["evaluator"] == seconds["compilation"] == 0


def test_the_reference_backend_is_one_evaluator() -> None:
    seconds = measure(["--backend", "reference"], guest("hello")).stats["seconds"]
    assert seconds["evaluator"] > 0
    assert seconds["translated_code"] == seconds["library"] == 0


def test_compilation_is_told_by_thread() -> None:
    options = BackendOptions(hot=10, background=True)
    with Process(str(FIB), ["40"], env={}, options=options, phases=TimedPhases()) as process:
        while not process.stats()["backend"]["compiled_blocks"]:
            process.run(max_insns=10_000)
        stats = process.stats()
    assert stats["background_seconds"]["compilation"] > 0
    assert stats["seconds"]["compilation"] > 0  # to enter what was compiled


@pytest.mark.parametrize("options", [("--tier", "1"), ("--hot", "10", "--background", "off")])
def test_without_another_thread_nothing_is_in_the_background(options: tuple[str, ...]) -> None:
    stats = measure(options, FIB, "10").stats
    assert stats["seconds"]["compilation"] > 0
    assert stats["background_seconds"] == {}


def test_they_are_printed(tmp_path: Path) -> None:
    told = command("run", "--stats", str(guest("hello")), cwd=tmp_path).stderr.decode()
    lines = dict(line.split() for line in told.splitlines() if line.startswith("seconds."))
    assert lines.keys() == {f"seconds.{name}" for name in (*NAMES, "all")}


def test_a_process_is_not_timed_unless_asked() -> None:
    with Process(str(FIB), ["5"], env={}) as process:
        process.run()
        assert "seconds" not in process.stats()


def test_hooks_and_what_they_interrupt() -> None:
    def sleep(event: object) -> None:
        time.sleep(0.01)

    phases, options = TimedPhases(), BackendOptions(tier="0")
    with Process(str(FIB), ["5"], env={}, options=options, phases=phases) as process:
        process.hooks.on_call("fib", sleep)
        process.hooks.on_syscall("write", sleep)
        process.run()
        seconds = process.stats()["seconds"]
    assert seconds["hooks"] >= 0.16  # 15 calls, and one of write
    assert seconds["system_calls"] > 0


def test_python_functions_that_translated_code_calls_are_hooks() -> None:
    from dbt.hooks.callbacks.callback import Callback

    def sleep(cells: list[int]) -> None:
        time.sleep(0.01)

    phases, watch = TimedPhases(), Callback(sleep, at=["fib"], price="python")
    with Process(str(FIB), ["5"], env={}, passes=[watch], phases=phases) as process:
        process.run()
        seconds = process.stats()["seconds"]
    assert seconds["hooks"] >= 0.15


def test_what_is_between_two_runs_is_other() -> None:
    with Process(str(FIB), ["5"], env={}, phases=TimedPhases()) as process:
        process.run(max_insns=100)
        time.sleep(0.01)
        process.run()
        seconds = process.stats()["seconds"]
    assert seconds["other"] >= 0.01

"""What is timed, and what is compared."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt.data import DEMO
from dbt.experiments.harness.guest_run import (
    Agreement,
    Disagreement,
    Outcome,
    Program,
    Setting,
    Stopwatch,
    redirected,
    run_once,
)
from dbt.phases import Phase
from dbt.process import Process

HELLO = str(Path(__file__).parents[3] / "guests" / "hello.elf")


def ticking(*times: float) -> Iterator[float]:
    return iter(times)


def test_stopwatch_tells_translation_from_the_whole() -> None:
    # whole from 10 to 20; the part twice, 3 and 2 seconds.
    times = ticking(10, 11, 14, 15, 17, 20)
    watch = Stopwatch(lambda: next(times))
    seen: list[int] = []

    def make(number: int) -> None:
        with watch.within(Phase.STENCILS):  # a part of what is timed already
            seen.append(number)

    hook = watch.around(Phase.HOOKS, seen.append)
    making = watch.around(Phase.TRANSLATION, make)
    making(0)  # the guest does not run
    with watch.running():
        making(1)
        hook(2)
        making(3)
        other = threading.Thread(target=making, args=(4,))
        other.start()
        other.join()
    assert (watch.whole, watch.part) == (10, 5)
    assert seen == [0, 1, 2, 3, 4]


def test_the_part_is_timed_when_it_raises() -> None:
    times = ticking(0, 1, 4, 5)
    watch = Stopwatch(lambda: next(times))

    def fails() -> None:
        raise RuntimeError

    with watch.running(), pytest.raises(RuntimeError):
        watch.around(Phase.COMPILATION, fails)()
    assert (watch.whole, watch.part) == (5, 3)


@pytest.mark.parametrize("tier", ["0", "1", "2"])
def test_translation_is_not_the_guests_time(tier: str) -> None:
    assert run_once(Program(HELLO), Setting(tier=tier)).translation_seconds > 0


def test_output_of_descriptors_is_taken_and_given_back() -> None:
    before = [os.fstat(number).st_ino for number in range(3)]
    with redirected() as output:
        os.write(1, b"out ")
        os.write(2, b"err")
        assert os.read(0, 10) == b""
    assert output.text == b"out err"
    assert [os.fstat(number).st_ino for number in range(3)] == before


def outcome(instructions: int, output: str = "x", seconds: float = 1.0) -> Outcome:
    return Outcome(seconds, 0.0, "Exited(status=0)", instructions, output, {}, 1)


def test_agreement_looks_at_what_the_guest_sees() -> None:
    agreement = Agreement()
    agreement.check("first", outcome(10))
    agreement.check("slower", outcome(10, seconds=9.0))
    with pytest.raises(Disagreement, match=r"third ended with.*11.*first with"):
        agreement.check("third", outcome(11))
    with pytest.raises(Disagreement):
        agreement.check("fourth", outcome(10, output="y"))


def test_a_run_of_the_demo() -> None:
    """The guest's output is the same whatever is chained; what differs is counted."""
    program = Program(DEMO, ("100",))
    chained = run_once(program, Setting(tier="0"))
    denied = run_once(program, Setting(tier="0", kinds="off"))
    assert chained.visible == denied.visible
    assert chained.stop == "Exited(status=0)"
    assert chained.dispatches.get("return_miss", 0) == 0
    assert denied.dispatches["return_miss"] > 100
    short = run_once(program, Setting(tier="0", max_insns=1))
    assert short.visible == chained.visible
    assert short.blocks > 2 * chained.blocks


def test_the_hosts_variables_do_not_reach_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        return run_once(Program(HELLO), Setting(tier="0")).instructions

    before = count()
    for number in range(20):
        monkeypatch.setenv(f"VARIABLE_{number}", "x" * 100)
    assert count() == before
    with Process(HELLO, env={"A": "b"}) as process:  # else the test would show nothing
        process.run()
        assert process.stats()["instructions"] != before

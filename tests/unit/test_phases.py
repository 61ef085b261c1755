"""Phases: the times of a thread add up, whatever is nested, raised or done by other threads."""

import os
import threading
import time

import pytest
from support.guests import ROOT

from dbt.phases import UNTIMED, Phase, TimedPhases, process_began


class Time:
    """A clock that tests set forward, in seconds."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    def passes(self, seconds: int) -> None:
        self.now += seconds * 1_000_000_000


@pytest.fixture
def clock() -> Time:
    return Time()


def spent(phases: TimedPhases, figure: str = "seconds") -> dict[str, float]:
    return {name: value for name, value in phases.figures()[figure].items() if value}


def test_the_time_within_a_phase_is_not_that_of_the_one_around_it(clock: Time) -> None:
    phases = TimedPhases(now=clock)
    clock.passes(1)
    with phases.within(Phase.TRANSLATION):
        clock.passes(2)
        with phases.within(Phase.STENCILS):
            clock.passes(4)
        clock.passes(8)
    clock.passes(16)
    assert spent(phases) == {"start_up": 17, "translation": 10, "stencils": 4, "all": 31}


def test_a_function_is_in_its_phase_until_it_returns_or_raises(clock: Time) -> None:
    phases = TimedPhases(now=clock)

    def serve(seconds: int, *, fails: bool = False) -> int:
        clock.passes(seconds)
        if fails:
            raise BlockingIOError
        return seconds

    timed = phases.around(Phase.SYSCALLS, serve)
    assert timed(3) == 3
    with pytest.raises(BlockingIOError):
        timed(4, fails=True)
    clock.passes(1)
    assert spent(phases) == {"start_up": 1, "system_calls": 7, "all": 8}


def test_what_runs_the_guest_has_a_phase_before_within_and_behind(clock: Time) -> None:
    phases = TimedPhases(-5_000_000_000, clock)
    for _ in range(2):
        with phases.running():
            clock.passes(1)
        clock.passes(3)
    assert spent(phases) == {"start_up": 5, "dispatch": 2, "other": 6, "all": 13}


def test_the_thread_that_runs_the_guest_need_not_have_made_it(clock: Time) -> None:
    phases = TimedPhases(now=clock)

    def run() -> None:
        with phases.running(), phases.within(Phase.CODE):
            clock.passes(2)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert spent(phases) == {"translated_code": 2, "all": 2}


def test_other_threads_are_in_the_background(clock: Time) -> None:
    phases = TimedPhases(now=clock)
    begun, over = threading.Event(), threading.Event()

    def work() -> None:
        clock.passes(1)
        with phases.within(Phase.COMPILATION):
            clock.passes(2)
            with phases.within(Phase.TRANSLATION):
                clock.passes(4)
            begun.set()
            over.wait()

    with phases.running():
        thread = threading.Thread(target=work)
        thread.start()
        begun.wait()
        clock.passes(8)
        found = phases.figures()  # it is still at work
        over.set()
        thread.join()
    assert found["background_seconds"] == {"compilation": 10, "translation": 4}
    assert found["seconds"]["all"] == 15


def test_without_a_clock_nothing_is_put_around_a_function() -> None:
    assert UNTIMED.around(Phase.HOOKS, len) is len
    with UNTIMED.running(), UNTIMED.within(Phase.CODE):
        assert UNTIMED.figures() == {}


def test_a_process_began_before_now() -> None:
    def in_child() -> int:
        began = process_began()
        now = time.monotonic_ns()
        tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        return 0 if forked - 2 * tick <= began <= now else 1

    forked = time.monotonic_ns()
    child = os.fork()
    if child == 0:
        os._exit(in_child())
    assert os.waitpid(child, 0)[1] == 0


def test_the_page_explains_every_phase() -> None:
    page = (ROOT / "docs" / "profiling.md").read_text()
    for phase in Phase:
        assert f"\n| `{phase.value}` | " in page

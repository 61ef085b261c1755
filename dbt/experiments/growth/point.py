"""Measures one point: one run of the guest, in this process."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from dbt.experiments.growth.series import Point, Series, program
from dbt.experiments.harness.guest_run import open_program, redirected
from dbt.process import Process
from dbt.stops import Stop, UsageError

WORD = 4
ENDLESS = 1 << 30


@attrs.frozen
class Reading:
    """What one run showed: figures by name, what must not differ between runs of the same guest,
    and (rewrites done, resident bytes) along the way."""

    figures: dict[str, float]
    visible: tuple[str, int, str]
    samples: tuple[tuple[int, int], ...] = ()


class _Mark(Exception):
    """The guest has come to a place where it is measured."""


def resident() -> int:
    """Bytes of this process in the host's memory."""
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(series: Series, point: Point, seed: int) -> Reading:
    """Run the guest of a point. Times are seconds of processor time of all threads."""
    with redirected() as output:
        run = _Run(open_program(program(series, point.amount, seed), series.setting))
        try:
            if series.kind == "rewrites":
                figures, samples = _rewrites(run, point.amount)
            elif series.kind == "targets":
                figures, samples = _targets(run, series, point.amount), ()
            else:
                figures, samples = _code(run), ()
            stop = run.go(ENDLESS)
            visible = str(stop), run.process.stats()["instructions"]
        finally:
            run.process.close()
    return Reading(figures, (*visible, output.digest), samples)


class _Run:
    """A guest that is run from mark to mark."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.marks = 0
        self._stop_at = 0
        self.at_mark: Callable[[], object] = lambda: None
        """Called at each mark that the guest is not stopped at."""
        process.hooks.on_syscall("getpid", self._marked)

    def _marked(self, _event: object) -> None:
        self.marks += 1
        if self.marks == self._stop_at:
            raise _Mark
        self.at_mark()

    def go(self, marks: int = 1) -> Stop | None:
        """Run to the next mark, or the next but some; None when the guest has come to it."""
        self._stop_at = self.marks + marks
        try:
            return self.process.run()
        except _Mark:
            return None

    def must_go(self, marks: int = 1) -> None:
        """As ``go``. Raises UsageError when the guest ends before."""
        stop = self.go(marks)
        if stop is not None:
            raise UsageError(f"the guest of bench growth ended with {stop}")

    def functions(self, count: int) -> list[int]:
        """The addresses of the first functions that the guest has made. Raises UsageError when
        there are not so many."""
        if self._word("function_count") < count:
            raise UsageError(f"the guest of bench growth has less than {count} functions")
        data = self.process.memory.peek(self._word("functions"), WORD * count)
        return [int.from_bytes(data[i : i + WORD], "little") for i in range(0, len(data), WORD)]

    def _word(self, symbol: str) -> int:
        """The value of a variable of the guest's."""
        address = self.process.resolve(symbol)
        return int.from_bytes(self.process.memory.peek(address, WORD), "little")

    def backend(self, name: str) -> int:
        """A figure of the executor."""
        return int(self.process.stats()["backend"].get(name, 0))


@contextmanager
def _timed(figures: dict[str, float], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    figures[name] = time.process_time() - began


def _code(run: _Run) -> dict[str, float]:
    """Translate all code, and run it again."""
    figures: dict[str, float] = {}
    run.must_go()
    before, blocks = resident(), sys.getallocatedblocks()
    stats = run.process.stats()
    copied = run.backend("copied_bytes")
    with _timed(figures, "first run, s"):
        run.must_go()
    figures["memory, B"] = resident() - before
    figures["copied code, B"] = run.backend("copied_bytes") - copied
    figures["Python objects"] = sys.getallocatedblocks() - blocks
    after = run.process.stats()
    for name, key in (("instructions", "translated_instructions"), ("blocks", "translated_blocks")):
        figures[name] = after[key] - stats[key]
    with _timed(figures, "second run, s"):
        run.must_go()
    return figures


def _targets(run: _Run, series: Series, count: int) -> dict[str, float]:
    """Do something to so many functions, and run the code."""
    figures: dict[str, float] = {}
    called = 0

    def hook(_event: object) -> None:
        nonlocal called
        called += 1

    assert series.add is not None
    run.must_go()
    if series.live:
        run.must_go()
    pcs = run.functions(count)
    before, entries = resident(), _denials(run.process)
    with _timed(figures, "adding, s"):
        remove = series.add(run.process, pcs, hook)
    figures["memory added, B"] = resident() - before
    runs = 1 if series.live else 2
    for name in ("first run, s", "second run, s")[:runs]:
        with _timed(figures, name):
            run.must_go()
    figures["memory, B"] = resident() - before
    seen, wanted = called, runs * count
    if series.unit != "hook":  # the first entries count as not translated
        seen, wanted = _denials(run.process) - entries, count
    if seen != wanted:
        raise UsageError(f"{series.name}: {seen} events of {count} functions, not {wanted}")
    with _timed(figures, "removing, s"):
        remove()
    return figures


def _denials(process: Process) -> int:
    return int(process.stats()["dispatches"].get("denied", 0))


def _rewrites(run: _Run, times: int) -> tuple[dict[str, float], tuple[tuple[int, int], ...]]:
    """Have the guest rewrite its code, and look at memory now and then."""
    every = max(times // 50, 1)
    samples: list[tuple[int, int]] = []
    figures: dict[str, float] = {}

    def sample() -> None:
        samples.append((every * len(samples) + every, resident()))

    run.must_go()
    run.at_mark = sample
    with _timed(figures, "time, s"):
        run.must_go(-(-times // every))
    sample()
    later = [bytes_ for done, bytes_ in samples if done > times // 10]
    figures["memory grown after a tenth, B"] = max(later) - later[0]
    figures["invalidations"] = run.process.stats()["invalidations"]
    return figures, tuple(samples)

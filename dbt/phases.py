"""Where the time of a run goes: what each thread does at a time, as one of some phases.

A phase lasts until the next one begins, so the times of a thread add up to the whole. Nothing is
measured in translated code: a phase changes where Python calls it and where it returns.
"""

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from dbt.enums import Enum
from dbt.typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Phase(Enum):
    """What a thread does. The values are the names in the statistics, which ``docs/profiling.md``
    explains."""

    START = "start_up"
    TRANSLATION = "translation"
    STENCILS = "stencils"
    LIBRARY = "library"
    COMPILATION = "compilation"
    CODE = "translated_code"
    EVALUATOR = "evaluator"
    DISPATCH = "dispatch"
    SYSCALLS = "system_calls"
    HOOKS = "hooks"
    OTHER = "other"


class Phases:
    """The phases of a run that nobody times: costs nothing where a function is called often."""

    def around(self, phase: Phase, function: "Callable[P, R]") -> "Callable[P, R]":
        """The function, which is in a phase while it runs: for one that is called often."""
        del phase
        return function

    def within(self, phase: Phase) -> AbstractContextManager[None]:
        """A context that is in a phase."""
        del phase
        return _NOTHING

    def running(self) -> AbstractContextManager[None]:
        """A context in which this thread runs the guest. What it does there without a phase of its
        own is ``Phase.DISPATCH``, and behind it ``Phase.OTHER``."""
        return _NOTHING

    def figures(self) -> dict[str, dict[str, float]]:
        """Seconds by phase: of the thread that runs the guest (``seconds``, with their sum
        ``all``), and of others (``background_seconds``)."""
        return {}


_NOTHING = contextlib.nullcontext()
UNTIMED = Phases()


class _Timeline:
    """The phases of one thread. ``phase`` is the present one; None is not counted."""

    def __init__(self, phase: Phase | None, since: int) -> None:
        self.phase, self.since = phase, since
        self.spent: dict[Phase | None, int] = dict.fromkeys((*Phase, None), 0)

    def switch(self, phase: Phase | None, now: int) -> Phase | None:
        """Begin a phase. Returns the one that ends."""
        before = self.phase
        self.spent[before] += now - self.since
        self.phase, self.since = phase, now
        return before

    def until(self, now: int) -> dict[Phase | None, int]:
        """What was spent in each phase. The present one has lasted until now."""
        return {**self.spent, self.phase: self.spent[self.phase] + now - self.since}


class TimedPhases(Phases):
    """The phases of a run that is timed. ``since`` is when it began, in nanoseconds of
    ``now``, which is the monotonic clock."""

    def __init__(
        self, since: int | None = None, now: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._now = now
        self._main = _Timeline(Phase.START, now() if since is None else since)
        self._lines = {threading.get_ident(): self._main}

    def _line(self) -> _Timeline:
        ident = threading.get_ident()
        line = self._lines.get(ident)
        if line is None:
            line = self._lines[ident] = _Timeline(None, self._now())
        return line

    def around(self, phase: Phase, function: "Callable[P, R]") -> "Callable[P, R]":
        """See ``Phases.around``."""

        @functools.wraps(function, ())
        def timed(*args: "P.args", **kwargs: "P.kwargs") -> R:
            line = self._line()
            before = line.switch(phase, self._now())
            try:
                return function(*args, **kwargs)
            finally:
                line.switch(before, self._now())

        return timed

    @contextlib.contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """See ``Phases.within``."""
        line = self._line()
        before = line.switch(phase, self._now())
        try:
            yield
        finally:
            line.switch(before, self._now())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """See ``Phases.running``."""
        self._lines = {ident: line for ident, line in self._lines.items() if line is not self._main}
        self._lines[threading.get_ident()] = self._main
        self._main.switch(Phase.DISPATCH, self._now())
        try:
            yield
        finally:
            self._main.switch(Phase.OTHER, self._now())

    def figures(self) -> dict[str, dict[str, float]]:
        """See ``Phases.figures``."""
        now = self._now()
        own = self._main.until(now)
        lines = list(self._lines.values())
        others = [line.until(now) for line in lines if line is not self._main]
        seconds = {phase.value: _seconds(own[phase]) for phase in Phase}
        sums = {phase.value: _seconds(sum(s[phase] for s in others)) for phase in Phase}
        return {
            "seconds": {**seconds, "all": _seconds(sum(own.values()))},
            "background_seconds": {name: value for name, value in sums.items() if value},
        }


def _seconds(nanoseconds: int) -> float:
    return round(nanoseconds / 1e9, 6)


def process_began() -> int:
    """When the host made this process, in nanoseconds of the monotonic clock; the kernel counts in
    hundredths of a second (proc_pid_stat(5), starttime)."""
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        ticks = int(fields[_START_TIME])
    except (OSError, ValueError, IndexError):
        return time.monotonic_ns()
    since_boot = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    age = max(0, time.clock_gettime_ns(time.CLOCK_BOOTTIME) - since_boot)
    return time.monotonic_ns() - age


_START_TIME = 22 - 3
"""Index of the start time behind the name, which is field 2; fields are counted from 1."""

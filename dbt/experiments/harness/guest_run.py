"""Runs a guest program once under one setting, and measures how long its code runs.

The figure of an experiment is the processor time of the thread that runs the guest, less the time
that it takes for translation: making blocks, stencils and units (``MAKING``). It does not contain
start-up, loading and waiting for other work of the machine. It does contain the guest's system
calls, as our kernel serves them, and blocks that the execution loop makes from known stencils.
"""

import contextlib
import gc
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import attrs

from dbt.experiments.harness.host_facts import GUEST_ENVIRONMENT
from dbt.interfaces import BackendOptions, LinkKind, Pass
from dbt.linux.options import LinuxOptions
from dbt.phases import UNTIMED, P, Phase, Phases, R
from dbt.process import Process
from dbt.stops import Stop, UsageError

KINDS: dict[str, frozenset[LinkKind]] = {
    "off": frozenset(),
    "direct": frozenset({LinkKind.DIRECT}),
    "+returns": frozenset({LinkKind.DIRECT, LinkKind.RETURN}),
    "+indirect": frozenset(LinkKind),
}
"""Sets of kinds of edges that may chain, each more than the one before."""


@attrs.frozen
class Program:
    """A guest program, its arguments, and the root that its libraries are found in."""

    path: str
    args: tuple[str, ...] = ()
    root: str | None = None
    seed: int = 1
    """Of AT_RANDOM's bytes, so that runs do not differ."""


@attrs.frozen
class Setting:
    """One configuration of the translator."""

    tier: str = "2"
    unit: str = "block"
    kinds: str = "+indirect"
    denied: tuple[int, ...] = ()
    max_insns: int | None = None
    """The most instructions in a block; None is the frontend's own limit."""


@attrs.frozen
class Outcome:
    """What one run showed. Times are seconds of processor time."""

    seconds: float
    translation_seconds: float
    stop: str
    instructions: int
    output: str
    """SHA-256 of what the guest wrote to standard output and standard error."""
    dispatches: dict[str, int]
    blocks: int

    @property
    def visible(self) -> tuple[str, int, str]:
        """What must be the same in every configuration."""
        return self.stop, self.instructions, self.output


def open_program(
    program: Program,
    setting: Setting,
    passes: Sequence[Pass] = (),
    backend: str = "numba_jit",
    phases: Phases = UNTIMED,
) -> Process:
    """A process under a setting, before its first run. Raises UsageError when the program cannot be
    loaded."""
    process = Process(
        program.path,
        program.args,
        env=GUEST_ENVIRONMENT,
        backend=backend,
        options=BackendOptions(tier=setting.tier, unit=setting.unit),
        linux=LinuxOptions(root=program.root, seed=program.seed),
        passes=passes,
        phases=phases,
        block_insns=setting.max_insns,
    )
    process.chain.set_kinds(KINDS[setting.kinds])
    process.chain.deny(*setting.denied)
    return process


MAKING = frozenset({Phase.TRANSLATION, Phase.STENCILS, Phase.LIBRARY, Phase.COMPILATION})


class Stopwatch(Phases):
    """Measures a run, and the part of it that the thread of the guest spends on translation, in
    seconds. Use one a process."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self.whole = 0.0
        self.part = 0.0
        self._thread: int | None = None
        """The one that runs the guest, while it does and makes nothing."""

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Measure the whole. Garbage is not collected meanwhile."""
        gc.collect()
        gc.disable()
        self._thread = threading.get_ident()
        began = self._clock()
        try:
            yield
        finally:
            self.whole += self._clock() - began
            self._thread = None
            gc.enable()

    def around(self, phase: Phase, function: "Callable[P, R]") -> "Callable[P, R]":
        """The function, which is timed if it is a part of translation."""
        if phase not in MAKING:
            return function

        def timed(*args: "P.args", **kwargs: "P.kwargs") -> R:
            with self.within(phase):
                return function(*args, **kwargs)

        return timed

    @contextlib.contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """A context that is timed if it is a part of translation, and not within one."""
        thread = threading.get_ident()
        if phase not in MAKING or thread != self._thread:
            yield
            return
        self._thread = None
        began = self._clock()
        try:
            yield
        finally:
            self.part += self._clock() - began
            self._thread = thread


def run_once(
    program: Program,
    setting: Setting,
    *,
    passes: Sequence[Pass] = (),
    prepare: Callable[[Process], object] | None = None,
    finish: Callable[[Process], object] | None = None,
    timeout: float | None = None,
    clock: Callable[[], float] = time.thread_time,
) -> Outcome:
    """Run the program to its end, or for ``timeout`` seconds.

    ``prepare`` is called with the process before the run, ``finish`` after it. Meanwhile
    descriptors 0 to 2 lead to files (``redirected``). Raises UsageError when the program cannot be
    loaded.
    """
    with redirected() as output:  # the guest takes its descriptors when the process is made
        watch = Stopwatch(clock)
        process = open_program(program, setting, passes, phases=watch)
        try:
            if prepare is not None:
                prepare(process)
            stop = process.run(timeout=timeout)
            if finish is not None:
                finish(process)
            stats = process.stats()
        finally:
            process.close()
    return _outcome(watch, stop, stats, output)


def _outcome(watch: "Stopwatch", stop: Stop, stats: dict[str, Any], output: "Output") -> Outcome:
    return Outcome(
        seconds=watch.whole - watch.part,
        translation_seconds=watch.part,
        stop=str(stop),
        instructions=stats["instructions"],
        output=output.digest,
        dispatches={reason: count for reason, count in stats["dispatches"].items() if count},
        blocks=stats["translated_blocks"],
    )


@attrs.define
class Output:
    """What a guest wrote to its standard streams: complete when ``redirected`` ends."""

    digest: str = ""
    text: bytes = b""

    def read(self, stream: IO[bytes]) -> None:
        """Take the content of a stream."""
        stream.seek(0)
        self.text = stream.read()
        self.digest = hashlib.sha256(self.text).hexdigest()


@contextlib.contextmanager
def redirected() -> Iterator[Output]:
    """Meanwhile descriptor 0 reads nothing, and 1 and 2 write to a file, whose content is in the
    output at the end."""
    sys.stdout.flush()  # what is buffered is not the guest's, and a forked child would write it too
    saved = [os.dup(number) for number in range(3)]
    result = Output()
    with tempfile.TemporaryFile() as written, open(os.devnull, "rb") as nothing:
        for number, stream in enumerate((nothing, written, written)):
            os.dup2(stream.fileno(), number)
        try:
            yield result
        finally:
            for number, original in enumerate(saved):
                os.dup2(original, number)
                os.close(original)
            result.read(written)


class Disagreement(UsageError):
    """A guest behaved differently under two configurations, so that figures cannot be compared."""


class Agreement:
    """Checks that all runs of a program show the same."""

    def __init__(self) -> None:
        self._first: tuple[str, tuple[str, int, str]] | None = None

    def check_visible(self, name: str, stop: str, output: str) -> None:
        """Compare a run that counts no instructions with the first. Raises Disagreement."""
        if self._first is not None and (stop, output) != self._first[1][::2]:
            raise Disagreement(
                f"{name} ended with {stop, output}, {self._first[0]} with {self._first[1]}"
            )

    def check(self, name: str, outcome: Outcome) -> None:
        """Compare a run with the first. Raises Disagreement."""
        if self._first is None:
            self._first = name, outcome.visible
        elif outcome.visible != self._first[1]:
            raise Disagreement(
                f"{name} ended with {outcome.visible}, {self._first[0]} with {self._first[1]}"
            )

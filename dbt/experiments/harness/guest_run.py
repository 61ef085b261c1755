"""Run a guest program once under one setting, and measure only its running.

The figure of an experiment is the processor time of the thread that runs the guest, less what was
spent on translating: making blocks (``Engine.provide``) and compiling them (the backend's
``compile_us``). Start-up, loading and the wait for other work of the machine are not in it; the
guest's own system calls, as our kernel serves them, are.
"""

import contextlib
import gc
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import attrs

from dbt.experiments.harness.host_facts import GUEST_ENVIRONMENT
from dbt.interfaces import BackendOptions, LinkKind, Pass
from dbt.ir.block import BlockKey
from dbt.linux.kernel import LinuxOptions
from dbt.process import Process
from dbt.stops import Stop, UsageError

KINDS: dict[str, frozenset[LinkKind]] = {
    "off": frozenset(),
    "direct": frozenset({LinkKind.DIRECT}),
    "+returns": frozenset({LinkKind.DIRECT, LinkKind.RETURN}),
    "+indirect": frozenset(LinkKind),
}
"""Sets of kinds of edges that may chain, each more than the one before."""


def listed(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    """The names of ``A,B``. Raises UsageError for one that is not known."""
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            raise UsageError(f"{option} takes some of {','.join(known)}, not {name!r}")
    return names


Clock = Callable[[], float]


@attrs.frozen
class Program:
    """A guest program, its arguments, and the root that its libraries are found in."""

    path: str
    args: tuple[str, ...] = ()
    root: str | None = None
    seed: int = 1
    """Makes AT_RANDOM repeatable: runs must not differ."""


@attrs.frozen
class Setting:
    """One configuration of the translator."""

    tier: str = "2"
    unit: str = "block"
    kinds: str = "+indirect"
    denied: tuple[int, ...] = ()
    max_insns: int | None = None
    """Instructions that a block may hold; None leaves the frontend's bound."""


@attrs.frozen
class Outcome:
    """What one run showed. Seconds are processor time."""

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
    program: Program, setting: Setting, passes: Sequence[Pass] = (), backend: str = "numba_jit"
) -> Process:
    """A process under a setting, not yet run."""
    process = Process(
        program.path,
        program.args,
        env=GUEST_ENVIRONMENT,
        backend=backend,
        options=BackendOptions(tier=setting.tier, unit=setting.unit),
        linux=LinuxOptions(root=program.root, seed=program.seed),
        passes=passes,
    )
    process.chain.set_kinds(KINDS[setting.kinds])
    process.chain.deny(*setting.denied)
    if setting.max_insns is not None:
        process.frontend.max_insns = setting.max_insns
    return process


class Stopwatch:
    """Seconds of ``run``, and of that the seconds in ``part``. Use one per run."""

    def __init__(self, clock: Clock = time.thread_time) -> None:
        self._clock = clock
        self.whole = 0.0
        self.part = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Time the whole; the collector of garbage waits meanwhile."""
        gc.collect()
        gc.disable()
        began = self._clock()
        try:
            yield
        finally:
            self.whole += self._clock() - began
            gc.enable()

    def watch(self, part: Callable[[BlockKey], None]) -> Callable[[BlockKey], None]:
        """The same function, timed as a part."""

        def timed(key: BlockKey) -> None:
            began = self._clock()
            try:
                part(key)
            finally:
                self.part += self._clock() - began

        return timed


def run_once(
    program: Program,
    setting: Setting,
    *,
    passes: Sequence[Pass] = (),
    prepare: Callable[[Process], object] | None = None,
    finish: Callable[[Process], object] | None = None,
    timeout: float | None = None,
    clock: Clock = time.thread_time,
) -> Outcome:
    """Run the program to its end, or for ``timeout`` seconds.

    ``prepare`` sees the process before, ``finish`` after it. Descriptors 0 to 2 are turned away
    from the terminal meanwhile. Raises UsageError when the program cannot be loaded.
    """
    with redirected() as output:  # the guest takes its descriptors when the process is made
        process = open_program(program, setting, passes)
        try:
            if prepare is not None:
                prepare(process)
            watch = Stopwatch(clock)
            engine = process.engine
            engine.provide = watch.watch(engine.provide)  # type: ignore[method-assign, assignment]
            with watch.running():
                stop = process.run(timeout=timeout)
            if finish is not None:
                finish(process)
            stats = process.stats()
        finally:
            process.close()
    return _outcome(watch, stop, stats, output)


def _outcome(watch: "Stopwatch", stop: Stop, stats: dict[str, Any], output: "Output") -> Outcome:
    translating = watch.part + stats["backend"].get("compile_us", 0) / 1e6
    return Outcome(
        seconds=max(watch.whole - translating, 0.0),
        translation_seconds=translating,
        stop=str(stop),
        instructions=stats["instructions"],
        output=output.digest,
        dispatches={reason: count for reason, count in stats["dispatches"].items() if count},
        blocks=stats["translated_blocks"],
    )


@attrs.define
class Output:
    """What a guest wrote, known when it has ended."""

    digest: str = ""
    text: bytes = b""

    def read(self, stream: IO[bytes]) -> None:
        """Take a stream from its beginning."""
        stream.seek(0)
        self.text = stream.read()
        self.digest = hashlib.sha256(self.text).hexdigest()


@contextlib.contextmanager
def redirected() -> Iterator[Output]:
    """Descriptor 0 reads nothing; 1 and 2 write to a file, whose content is given at the end."""
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
    """Two configurations showed the guest different things: the figures would mean nothing."""


class Agreement:
    """Checks that every run shows what the first one showed."""

    def __init__(self) -> None:
        self._first: tuple[str, tuple[str, int, str]] | None = None

    def check_visible(self, name: str, stop: str, output: str) -> None:
        """The same, of an executor that counts no instructions."""
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

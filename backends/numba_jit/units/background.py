"""Compiles on another core: one thread does jobs in order, while the guest runs.

Nothing that a job makes is used before the executor has asked for it, between two runs.
"""

import atexit
import collections
import contextlib
import os
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence

from backends.native.forks import held_at_fork  # its hooks run after ours: a job waits for LLVM
from backends.numba_jit.installed import Installed
from dbt.classes import attrs
from dbt.signals import signal
from dbt.typing import Any

SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock while a job is done and another waits. By default it is
ten times as long, which each system call of the guest might have to wait."""

making = held_at_fork(threading.RLock())
"""Held while what all jobs share is made, by a job or by the thread that runs the guest. A fork
takes it after ``_at_work``, as a job does."""
_at_work = threading.Lock()
"""Held while a job is done. A fork waits for it: the child must not inherit LLVM amid its work."""


_started: "weakref.WeakSet[Background]" = weakref.WeakSet()
"""Those with a thread."""


def _reset() -> None:
    """In a forked child: the thread that might have the lock is not there."""
    global _at_work  # noqa: PLW0603
    _at_work = threading.Lock()
    _started.clear()


def _before_fork() -> None:
    _at_work.acquire()


def _after_fork() -> None:
    _at_work.release()


@atexit.register
def _end() -> None:
    """Drop the jobs that wait, of executors that were not closed, too, and wait for the others:
    LLVM must not be at work while the process takes itself apart."""
    for background in list(_started):
        background.close()
        background.join()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_reset)


@attrs.define(eq=False)
class Job:
    """Blocks to compile at a level; then those that could be and what was made of them, or what
    went wrong. With ``counts`` they count their executions until they are hot. A job that
    ``prepares`` only loads what compiling them needs.

    ``entered`` has the ids of those that must have a unit, ``linked`` the ids of the blocks that
    their link slots are linked to, by slot.
    """

    batch: Sequence[Installed]
    level: str
    counts: bool = False
    entered: Collection[int] = ()
    linked: Mapping[int, int] = attrs.field(factory=dict)
    prepares: bool = False
    compiled: Sequence[Installed] = ()
    made: Any = None
    error: BaseException | None = None


class Background:
    """Does the jobs of one executor by ``work``."""

    def __init__(self, work: Callable[[Job], None]) -> None:
        self._work = work
        self._waiting: collections.deque[Job] = collections.deque()
        self._finished: collections.deque[Job] = collections.deque()
        self._wake = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._unfinished = 0

    @property
    def busy(self) -> bool:
        """Whether there are jobs that ``finished`` has not returned. A forked child has none but
        those it submits."""
        return self._unfinished > 0 and self._process == os.getpid()

    def submit(self, job: Job) -> None:
        """Have a job done. Without a thread, which a limit may forbid, it is done at once."""
        self._waiting.append(job)
        self._unfinished += 1
        if self._thread is None or self._process != os.getpid():
            self._start()
        if self._thread is None:
            self._do(self._waiting.popleft())
        else:
            self._wake.release()

    def _start(self) -> None:
        self._process = os.getpid()
        self._wake = threading.Semaphore(max(0, len(self._waiting) - 1))
        self._unfinished = len(self._waiting) + len(self._finished)
        thread = threading.Thread(target=self._run, args=(self._wake,), daemon=True)
        # A thread inherits the mask. This one must not receive the guest's signals.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            thread.start()
            self._thread = thread
            _started.add(self)
        except RuntimeError:
            self._thread = None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _run(self, wake: threading.Semaphore) -> None:
        while True:
            wake.acquire()
            try:
                job = self._waiting.popleft()
            except IndexError:
                return
            self._do(job)

    def _do(self, job: Job) -> None:
        interval = sys.getswitchinterval()
        with _at_work:
            sys.setswitchinterval(min(interval, SWITCH_SECONDS))
            try:
                self._work(job)
            except BaseException as error:  # the executor raises it
                job.error = error
            finally:
                sys.setswitchinterval(interval)
            self._finished.append(job)  # a child that is forked now has it, too

    def finished(self) -> list[Job]:
        """The jobs that were finished since the last call."""
        jobs: list[Job] = []
        while self._finished:  # nobody else takes from it
            jobs.append(self._finished.popleft())
        self._unfinished -= len(jobs)
        return jobs

    def rest(self) -> "contextlib.AbstractContextManager[object]":
        """A context in which no job is done."""
        return _at_work

    def join(self) -> None:
        """Wait for the job that is being done, after ``close``. Later jobs get a new thread."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Drop what waits. The job that is being done is finished for nothing."""
        self._waiting.clear()
        if self._thread is not None and self._process == os.getpid():
            self._wake.release()

"""Ends a run when there is something to read from a descriptor, as a time limit would."""

import contextlib
import select
import signal
import threading
from collections.abc import Iterator

from dbt.process.watchdog import AGAIN_SECONDS, Clock


class Interrupts:
    """Watches a descriptor while a process runs. Then what can be read there, and its end, make the
    run return ``TimeLimit``: between two blocks, and from the host's calls that sleep. To be made
    in the main thread, in which the process runs; SIGURG must have a handler."""

    def __init__(self, descriptor: int, clock: Clock) -> None:
        self._descriptor, self._clock = descriptor, clock
        self._running, self._over = threading.Event(), threading.Event()
        self._closed = False
        watch = threading.Thread(target=self._watch, name="armdbt-interrupts", daemon=True)
        # A thread inherits the mask. This one must not receive the guest's signals.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            watch.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._thread = watch

    def pending(self) -> bool:
        """Whether there is something to read, or the end."""
        return bool(select.select([self._descriptor], [], [], 0)[0])

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """The context of a run."""
        self._over.clear()
        self._running.set()
        try:
            yield
        finally:
            self._running.clear()
            self._over.set()

    def close(self) -> None:
        """End the thread. The descriptor must be readable by now, as one is whose end has come."""
        self._closed = True
        self._running.set()
        self._over.set()
        self._thread.join(timeout=1)

    def _watch(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        while not self._closed:
            self._running.wait()
            select.select([self._descriptor], [], [])
            while not self._closed and self._running.is_set() and self.pending():
                self._clock.deadline = 0.0
                signal.pthread_kill(main, signal.SIGURG)
                self._over.wait(AGAIN_SECONDS)

"""The time limit of a run: wakes the main thread from a blocking call of the host."""

import signal
import threading
import time
from types import FrameType
from typing import Any

from dbt.stops import LimitNotKept

AGAIN_SECONDS = 0.05
"""The first wake-up may come when there is nothing to wake up from yet."""

LONGEST_WAIT = 1e6
"""Seconds: what is longer than threads can wait is waited for in parts."""


class Clock:
    """The deadline of the present run, if it has one, in seconds of ``time.monotonic``."""

    def __init__(self) -> None:
        self.deadline: float | None = None

    def overdue(self) -> bool:
        """The deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def survive_fork(self) -> None:
        """In a forked child: the watchdog's thread did not survive, the deadline itself did."""
        if self.deadline is not None:
            handler = signal.getsignal(signal.SIGURG)
            Watchdog(max(0.0, self.deadline - time.monotonic())).__enter__()
            if callable(handler):  # the guest's is one that wakes, too
                signal.signal(signal.SIGURG, handler)


class Watchdog:
    """Wakes the main thread from blocking host calls when the time is over, again and again."""

    def __init__(self, seconds: float | None) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self._over = threading.Event()
        self._before: Any = None

    def __enter__(self) -> "Watchdog":
        if self.deadline is None or threading.current_thread() is not threading.main_thread():
            return self
        self._before = signal.signal(signal.SIGURG, _ignore)
        watch = threading.Thread(target=self._watch, args=(self.deadline,), daemon=True)
        # A thread inherits the mask: this one must not take signals meant for the guest.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            watch.start()
        except RuntimeError as error:
            signal.signal(signal.SIGURG, self._before)
            raise LimitNotKept(
                f"no time limit can be kept ({error}): see ulimit -u and -v"
            ) from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return self

    def _watch(self, deadline: float) -> None:
        thread = threading.main_thread().ident
        assert thread is not None
        while (left := deadline - time.monotonic()) > 0:
            if self._over.wait(min(left + 0.001, LONGEST_WAIT)):
                return
        while not self._over.is_set():
            signal.pthread_kill(thread, signal.SIGURG)
            self._over.wait(AGAIN_SECONDS)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._before is not None:
            signal.signal(signal.SIGURG, self._before)


def _ignore(number: int, frame: FrameType | None) -> None:
    """A handler that lets the interrupted call return."""

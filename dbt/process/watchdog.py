"""The time limit of a run: interrupts the blocking host call of the main thread."""

import threading
import time
from types import FrameType

from dbt.signals import signal
from dbt.stops import LimitNotKept
from dbt.typing import Any

AGAIN_SECONDS = 0.05
"""Seconds between wake-ups. The first one may come before the main thread blocks."""

LONGEST_WAIT = 1e6
"""Seconds that a thread can wait at once; longer limits are waited for in parts."""


class Clock:
    """The deadline of the present run, if it has one, in seconds of ``time.monotonic``."""

    def __init__(self) -> None:
        self.deadline: float | None = None

    def overdue(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def survive_fork(self) -> None:
        """In a forked child: start the watchdog again, whose thread exists in the parent alone."""
        if self.deadline is not None:
            handler = signal.getsignal(signal.SIGURG)
            Watchdog(max(0.0, self.deadline - time.monotonic())).__enter__()
            if callable(handler):  # the guest's is one that wakes, too
                signal.signal(signal.SIGURG, handler)


class Watchdog:
    """Sends SIGURG to the main thread when the time is over, every AGAIN_SECONDS until it exits."""

    def __init__(self, seconds: float | None) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self._over = None if seconds is None else threading.Event()
        self._before: Any = None

    def __enter__(self) -> "Watchdog":
        if self.deadline is None or threading.current_thread() is not threading.main_thread():
            return self
        self._before = signal.signal(signal.SIGURG, _ignore)
        watch = threading.Thread(target=self._watch, args=(self.deadline,), daemon=True)
        # A thread inherits the mask. This one must not receive the guest's signals.
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
        thread, over = threading.main_thread().ident, self._over
        assert thread is not None
        assert over is not None
        while (left := deadline - time.monotonic()) > 0:
            if over.wait(min(left + 0.001, LONGEST_WAIT)):
                return
        while not over.is_set():
            signal.pthread_kill(thread, signal.SIGURG)
            over.wait(AGAIN_SECONDS)

    def __exit__(self, *_: object) -> None:
        if self._over is not None:
            self._over.set()
        if self._before is not None:
            signal.signal(signal.SIGURG, self._before)


def _ignore(number: int, frame: FrameType | None) -> None:
    """A handler that lets the interrupted call return."""

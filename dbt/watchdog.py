"""The time limit of a run: wakes the main thread from a blocking call of the host."""

import signal
import threading
import time
from types import FrameType


class Watchdog:
    """Wakes the main thread from a blocking host call when the time is over."""

    def __init__(self, seconds: float | None) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self._timer: threading.Timer | None = None

    def __enter__(self) -> "Watchdog":
        if self.deadline is None or threading.current_thread() is not threading.main_thread():
            return self
        signal.signal(signal.SIGURG, _ignore)
        thread = threading.main_thread().ident
        assert thread is not None
        self._timer = threading.Timer(
            max(0.0, self.deadline - time.monotonic()) + 0.001,
            lambda: signal.pthread_kill(thread, signal.SIGURG),
        )
        self._timer.daemon = True
        # A thread inherits the mask: this one must not take signals meant for the guest.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._timer.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _ignore(number: int, frame: FrameType | None) -> None:
    """A handler that lets the interrupted call return."""

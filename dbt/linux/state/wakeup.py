"""A thread that interrupts the main thread again when a signal came too early to do so.

A signal's handler on the host interrupts a call that sleeps. It interrupts nothing when it has run
just before the call began, or in another thread, which the host's kernel may choose for a signal
that was sent to the process. Python's handlers leave a byte in a pipe wherever they run
(``signal.set_wakeup_fd``). As long as nobody has emptied the pipe, this thread sends SIGURG to the
main thread, which must have a handler for it. So no call on the host has to be made with care.
"""

import os
import select
import threading
import time
from contextlib import suppress

from dbt.signals import signal

SIGNAL = signal.SIGURG
"""What interrupts: nothing else happens without a handler."""

GRACE_SECONDS = 0.005
"""How long the main thread has to notice a signal by itself, and to notice an interruption.
The latter time doubles, up to LONGEST_SECONDS: a hook of the user may be at work."""

LONGEST_SECONDS = 0.1


class Wakeup:
    """The thread and its pipe. One for each process of the host, made when it is needed first."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._lock = threading.Lock()
        self._before: list[int] = []
        watch = threading.Thread(target=self._watch, name="armdbt-wakeup", daemon=True)
        # A thread inherits the mask: this one must not take signals meant for the guest.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            watch.start()
        except RuntimeError:
            self.abandon()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def abandon(self) -> None:
        """Give the pipe back, of a thread that does not run here."""
        if self._before:
            signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)
        self._reader = self._writer = -1
        self._lock = threading.Lock()  # the thread may have held the old one
        self._before.clear()

    def attach(self) -> None:
        """Watch over the signals of the process from now on. In the main thread only."""
        self._before.append(signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False))

    def detach(self) -> None:
        """Restore the wake-up descriptor that was set before ``attach``."""
        if self._before:
            try:
                signal.set_wakeup_fd(self._before[-1], warn_on_full_buffer=False)
            except OSError:  # closed in the meantime
                signal.set_wakeup_fd(-1)
            self.drain()
            self._before.pop()

    def drain(self) -> None:
        """Empty the pipe: all signals so far were noticed. Their handlers have run when this
        returns."""
        with self._lock:
            hosts = [fd for fd in self._before if fd not in (-1, self._writer)]  # such as asyncio's
            while numbers := self._take():
                for fd in hosts[-1:]:
                    with suppress(OSError):
                        os.write(fd, numbers)

    def _take(self) -> bytes:
        try:
            return os.read(self._reader, 4096) if self._reader >= 0 else b""
        except BlockingIOError:
            return b""

    def _watch(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        came = select.poll()
        came.register(self._reader, select.POLLIN)
        while True:
            came.poll()
            grace = GRACE_SECONDS
            time.sleep(grace)
            while self._kick(main, came):
                grace = min(2 * grace, LONGEST_SECONDS)
                time.sleep(grace)

    def _kick(self, main: int, came: select.poll) -> bool:
        """Interrupt the main thread, unless it has noticed all signals."""
        with self._lock:
            unnoticed = bool(came.poll(0))
            if unnoticed:
                signal.pthread_kill(main, SIGNAL)
            return unnoticed


_here: list[Wakeup] = []
"""This process's, if it was needed."""


def here() -> Wakeup | None:
    """This process's. None where the host gives no thread: then a signal may have to come twice."""
    if not _here:
        with suppress(RuntimeError, OSError):
            _here.append(Wakeup())
    return _here[0] if _here else None


def _forked() -> None:
    """In a forked child: the thread is its parent's, and the pipe as well."""
    while _here:
        _here.pop().abandon()


os.register_at_fork(after_in_child=_forked)

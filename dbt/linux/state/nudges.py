"""Interrupts calls that sleep on the host while other threads of the guest can run.

Handlers of calls ask whether a call would wait before they make it (``waiting.py``). Between the
two, another process may take what it would not have waited for; and of some calls nothing tells
whether they will wait. A timer of the host interrupts these: EINTR, which is not for the guest, and
the call is made again when others have run.
"""

import ctypes
import os
import struct
import threading

from dbt.linux import host
from dbt.linux.state.timers import HOST_ITIMERSPEC
from dbt.linux.state.wakeup import SIGNAL

_NANOSECONDS = 10_000_000
"""How long a call may sleep."""
_ON = HOST_ITIMERSPEC.pack(0, _NANOSECONDS, 0, _NANOSECONDS)
_OFF = bytes(HOST_ITIMERSPEC.size)
_HOST_SIGEVENT = struct.Struct("=qiii44x")
_SIGEV_THREAD_ID = 4
_MONOTONIC = 1


class Nudges:
    """The timer of a process, made when it is first needed: a forked child has none."""

    def __init__(self) -> None:
        self._timer: int | None = None
        self._of = 0

    def begin(self) -> None:
        """Interrupt the calls of this thread of the host from now on. The signal must have a
        handler (``Signals.expect_nudges``)."""
        if self._of != os.getpid():
            self._timer, self._of = _make(), os.getpid()
        self._set(_ON)

    def end(self) -> None:
        """Interrupt them no longer."""
        if self._of == os.getpid():
            self._set(_OFF)

    def _set(self, setting: bytes) -> None:
        if self._timer is not None:
            host.call("timer_settime", self._timer, 0, setting, None)

    def close(self) -> None:
        """Give the timer back."""
        timer, self._timer = self._timer, None
        if timer is not None and self._of == os.getpid():
            host.call("timer_delete", timer)
        self._of = 0


def _make() -> int | None:
    """A timer that is off; None where the host gives none: then calls sleep as long as they
    like."""
    event = _HOST_SIGEVENT.pack(0, SIGNAL, _SIGEV_THREAD_ID, threading.get_native_id())
    handle = ctypes.c_int64(0)
    try:
        host.call("timer_create", _MONOTONIC, event, ctypes.byref(handle))
    except OSError:
        return None
    return handle.value

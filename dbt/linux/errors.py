"""How a system call ends that has no result: with an error, elsewhere in the guest, or not yet."""

import os
from collections.abc import Sequence

from dbt.stops import Stop

Wanted = tuple[int, int]
"""A descriptor of the host, and the events of poll that are waited for."""


def failure(code: int) -> OSError:
    """An OSError for an errno that Linux would return here."""
    return OSError(code, os.strerror(code))


class Leave(Exception):
    """Raised by a handler that does not return a result: ``outcome`` is the location at which the
    guest continues (exec, sigreturn), or how it ended."""

    def __init__(self, outcome: int | Stop) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Blocked(Exception):
    """Raised by a handler whose thread has to wait while other threads run. The call is made again
    when one of these is so: a descriptor is ready, the time is past ``until`` (in nanoseconds of
    CLOCK_MONOTONIC), one of ``signals`` (a mask) is pending, another thread has woken this one, or
    a signal is to be delivered to it."""

    def __init__(
        self, fds: Sequence[Wanted] = (), until: int | None = None, signals: int = 0
    ) -> None:
        super().__init__()
        self.fds, self.until, self.signals = fds, until, signals
        self.has_outside_event = bool(fds or signals) or until is not None
        """Whether more than another thread, or a signal that is delivered, can end the wait."""


class ThreadExit(Exception):
    """Raised by a handler that has ended its thread, and not the process."""

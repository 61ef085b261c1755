"""The states of a process (idle, running, ended, closed), and what each of them refuses."""

import contextlib
import threading
from collections.abc import Iterator

from dbt.stops import Exited, Killed, Stop, Trapped, UsageError
from dbt.typing import Any, NoReturn

CLOSED = (
    "the process is closed: ask inside its with statement, or before close;"
    " only state, counters and stacks can still be read"
)

_AT_CTRL_C = (
    ": to stop at Ctrl-C and go on, have a handler of SIGINT set a flag, and call run(timeout=1)"
    " until it is set"
)


class Taken:
    """The context in which nobody else may run, or close, the process. A class: a context of
    ``contextlib`` takes a microsecond more."""

    __slots__ = ("_idle",)

    def __init__(self, idle: threading.Lock) -> None:
        self._idle = idle

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._idle.release()


class Lifetime:
    """The state of one process."""

    def __init__(self) -> None:
        self._idle = threading.Lock()
        self._over = self._advice = ""
        self.closed = False

    @property
    def state(self) -> str:
        """The state in words."""
        if self.closed:
            return "closed"
        if self._idle.locked():
            return "running"
        return self._over or "ready to run"

    def running(self, what: str = "run") -> "Taken":
        """The context of a run. Raises UsageError when the state allows none."""
        self._take(f"{what}: it runs already; return from the hook to continue the run")
        if self.closed or self._over:
            self._idle.release()
            raise UsageError(
                f"{what}: {CLOSED}"
                if self.closed
                else f"{what}: {self._over}; only a limit, a time-out, a request to stop or an"
                f" exception of a hook can be followed by another run{self._advice}"
            )
        return Taken(self._idle)

    @contextlib.contextmanager
    def closing(self) -> Iterator[bool]:
        """The context in which the process is closed. Yields False when it was closed before.
        Raises UsageError while it runs."""
        self._take("close: it runs; raise dbt.StopRequested in the hook, and close it after run")
        try:
            first, self.closed = not self.closed, True
            yield first
        finally:
            self._idle.release()

    def _take(self, refusal: str) -> None:
        if not self._idle.acquire(blocking=False):
            raise UsageError(refusal)

    def ended(self, stop: Stop) -> None:
        """Record how a run has ended. After some ends there can be no other run."""
        match stop:
            case Exited(status=status):
                self._over = f"the program has exited with status {status}"
            case Killed(signal=number):
                self._over = f"signal {number} has killed the program"
            case Trapped(reason=reason):
                self._over = f"the check {reason} has stopped the program for good"

    def restoring(self, what: str) -> "Taken":
        """The context in which the guest is made as it was once: it can run again after any end.
        ``what`` is done there. Raises UsageError when the state does not allow it."""
        self._take(f"{what}: the program runs; return from the hook, or raise dbt.StopRequested")
        if self.closed:
            self._idle.release()
            raise UsageError(f"{what}: {CLOSED}")
        return Taken(self._idle)

    def stray(self, why: str) -> None:
        """Record that a call has ended and registers are not as before."""
        self._over = why

    def revived(self) -> None:
        """The guest is as it was while it could run."""
        self._over = self._advice = ""

    @property
    def over(self) -> str:
        """Why there can be no other run; empty if there can."""
        return self._over

    def broken(self, failure: BaseException) -> None:
        """Record that a run was cut short with the guest in an unknown state: it was the last."""
        self._over = f"the last run was cut short by {type(failure).__name__}"
        if type(failure) is KeyboardInterrupt:  # SIGTERM has one of its own
            self._advice = _AT_CTRL_C


def closed(*_: object) -> NoReturn:
    """Replaces a function of a closed process. Raises UsageError."""
    raise UsageError(CLOSED)


class Gone:
    """Replaces the parts of a closed process: each use raises UsageError."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copying, printing and completion look for these
            raise AttributeError(name)
        closed()

    def __setattr__(self, name: str, value: object) -> None:
        closed()

    def __repr__(self) -> str:
        return "<part of a closed process>"


GONE: Any = Gone()

"""The interval timers of a process: the host's, for as long as the guest runs."""

import time

from dbt.linux.state import timer_rate
from dbt.signals import signal

_SMALLEST = 1e-6

Setting = tuple[float, float]
"""Seconds to the next signal (0: disarmed), and between later ones."""


class IntervalTimers:
    """The three interval timers of one process. The host's own settings of those that the guest
    uses are put aside, and come back when the guest is paused or ends."""

    def __init__(self, rate: timer_rate.TimerRate) -> None:
        self._rate = rate
        self._host: dict[int, tuple[Setting, float]] = {}
        """The host's own setting of a timer that is the guest's now, and when it was replaced."""
        self._intervals: dict[int, float] = {}
        """What the guest asked for: the host's timer may be slower."""
        self._paused: dict[int, float] = {}

    def get(self, which: int) -> Setting:
        """The guest's setting, as time has left it."""
        if which not in self._host:
            return 0.0, 0.0
        return self._seen(which, signal.getitimer(which))

    def set(self, which: int, value: float, interval: float) -> Setting:
        """Arm or disarm a timer. Returns the guest's setting before."""
        slowed = self._rate.slowed(which, interval if value else 0.0)
        return self._arm(which, timer_rate.first(value, interval, slowed), interval, slowed)

    def _arm(self, which: int, value: float, interval: float, slowed: float) -> Setting:
        """Set the host's timer. Returns the guest's setting before."""
        found = signal.setitimer(which, value, slowed or interval)
        before = self._seen(which, found) if which in self._host else (0.0, 0.0)
        self._intervals[which] = interval
        self._host.setdefault(which, (found, time.monotonic()))
        return before

    def _seen(self, which: int, found: Setting) -> Setting:
        """The host's setting of a timer as the guest has asked for it."""
        value, interval = found
        return value, self._intervals[which] if interval else 0.0

    def pause(self) -> None:
        """Stop the guest's timers and put the host's settings back, less the time since then."""
        for which, ((value, interval), since) in self._host.items():
            passed = time.monotonic() - since if which == signal.ITIMER_REAL else 0.0
            left = max(_SMALLEST, value - passed) if value else 0.0
            self._paused[which] = signal.setitimer(which, left, interval)[0]
        self._host.clear()

    @property
    def are_paused(self) -> bool:
        """Whether there are timers that ``resume`` will restart."""
        return bool(self._paused)

    def resume(self) -> None:
        """Restart the timers with what was left when ``pause`` stopped them."""
        for which, value in self._paused.items():
            interval = self._intervals[which]
            slowed = self._rate.slowed(which, interval if value else 0.0)
            self._arm(which, value, interval, slowed)
        self._paused.clear()

    def forget(self) -> None:
        """In a forked child: drop the timers, which it does not inherit, and the host's settings,
        which its parent restores."""
        self._host.clear()
        self._intervals.clear()
        self._paused.clear()

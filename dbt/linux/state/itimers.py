"""Interval timers (kernel/time/itimer.c): the host's, for as long as the guest runs."""

import errno
import signal
import time
from typing import TYPE_CHECKING

from dbt.linux.errors import failure
from dbt.linux.state.sigaction import SIGALRM, SIGPROF, SIGVTALRM
from dbt.linux.state.timer_rate import TimerRate
from dbt.linux.table import S32, syscall
from dbt.linux.timespec import invalid, pack_timeval, read_timeval

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SIGNALS = (SIGALRM, SIGVTALRM, SIGPROF)
_SMALLEST = 1e-6
_LONGEST_ALARM = 0x7FFFFFFF
"""Seconds (alarm_setitimer)."""

Setting = tuple[float, float]
"""Seconds to the next signal (0: disarmed), and between later ones."""


class IntervalTimers:
    """The three interval timers of one process. The host's own settings of those that the guest
    uses are put aside, and come back when the guest is paused or ends."""

    def __init__(self, rate: TimerRate) -> None:
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

    def resume(self) -> None:
        """Go on with the timers where ``pause`` has stopped them."""
        for which, value in self._paused.items():
            self.set(which, value, self._intervals[which])
        self._paused.clear()

    def forget(self) -> None:
        """In a forked child: it has no timer, and the host's settings are its parent's business."""
        self._host.clear()
        self._intervals.clear()
        self._paused.clear()


def _set(kernel: "Kernel", which: int, value: float, interval: float) -> Setting:
    """Arm a timer whose signal can be caught. Where it cannot, the host would die of it: ENOSYS."""
    if not kernel.signals.sync_host(_SIGNALS[which]):
        kernel.unknown_syscalls["setitimer outside the main thread"] += 1
        raise failure(errno.ENOSYS)
    return kernel.process.interval_timers.set(which, value, interval)


def _pack(setting: Setting) -> bytes:
    """A struct itimerval: interval, then value."""
    value, interval = setting
    return pack_timeval(round(interval * 1e6)) + pack_timeval(round(value * 1e6))


@syscall("setitimer")
def setitimer(kernel: "Kernel", which: S32, new: int, old: int) -> int:
    """Set an interval timer; those of processor time count the translator's work too."""
    interval = value = 0
    if new:
        interval, value = read_timeval(kernel, new), read_timeval(kernel, new + 8)
    if not 0 <= which <= 2:
        raise invalid()
    before = _set(kernel, which, value / 1e6, interval / 1e6)
    if old:
        kernel.memory.write(old, _pack(before))
    return 0


@syscall("getitimer")
def getitimer(kernel: "Kernel", which: S32, address: int) -> int:
    """What is left of an interval timer."""
    if not 0 <= which <= 2:
        raise invalid()
    kernel.memory.write(address, _pack(kernel.process.interval_timers.get(which)))
    return 0


@syscall("alarm")
def alarm(kernel: "Kernel", seconds: int) -> int:
    """SIGALRM in some seconds; the seconds left of the last one."""
    left, _ = _set(kernel, signal.ITIMER_REAL, min(seconds, _LONGEST_ALARM), 0)
    return max(1, int(left + 0.5)) if left else 0

"""How many signals the guest's timers may send.

A signal takes some 50 us here, hundreds of times what it takes on a processor. Timers that leave
less than that between two signals would leave no time for the guest.
"""

from collections.abc import Hashable

MOST_PER_SECOND = 8_000
_LEAST_LEFT = 1e-3


def first(value: float, asked: float, slowed: float) -> float:
    """Returns the time to the first signal of a timer that was slowed. As short as the guest asks,
    a handler that sets its timer again would be all that runs."""
    return max(value, slowed) if value and slowed > asked else value


class TimerRate:
    """The signals per second that the timers of one process send, all together."""

    def __init__(self) -> None:
        self._rates: dict[Hashable, float] = {}

    def slowed(self, timer: Hashable, asked: float) -> float:
        """Returns the interval for a host timer for which the guest asks ``asked`` (seconds; 0: it
        does not repeat): a timer gets half at most of what the others leave of MOST_PER_SECOND."""
        self.drop(timer)
        if not asked:
            return 0.0
        left = max(_LEAST_LEFT, MOST_PER_SECOND - sum(self._rates.values()))
        interval = max(asked, 2 / left)
        self._rates[timer] = 1 / interval
        return interval

    def drop(self, timer: Hashable) -> None:
        """Forgets a timer."""
        self._rates.pop(timer, None)

    def clear(self) -> None:
        """Forgets all timers."""
        self._rates.clear()

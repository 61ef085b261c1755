"""A replayed run that a debugger goes back in: from snapshots, and by running up to a place again.

A place is a number of completed instructions. Running backwards is to find out, from the last
snapshot before a place, where the run stops on its way there.
"""

from collections.abc import Callable

from dbt.process import Process
from dbt.process.debugging import Debuggee
from dbt.stops import InsnLimit, Stop, TimeLimit
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.process.snapshots import Snapshot

_INTERVAL = 2_000_000
"""Instructions between two snapshots, at first."""
_MOST = 40
"""Snapshots; when there are more, every second one is dropped, and they are taken half as often."""


class Timeline:
    """The places of a replay that has not begun to run. ``forget`` is called when the process was
    put back: what was noted of the last stop is no longer so."""

    def __init__(self, process: Process, debuggee: Debuggee, forget: Callable[[], None]) -> None:
        self._process, self._debuggee, self._forget = process, debuggee, forget
        self._snapshots: list[Snapshot] = [process.snapshot()]
        self._interval = _INTERVAL

    @property
    def place(self) -> int:
        """Where the process is."""
        return self._debuggee.engine.executed

    # -- forwards ----------------------------------------------------------------------------------

    def forward(self) -> Stop:
        """Run until something stops the guest."""
        while True:
            due = self._snapshots[-1].insns + self._interval
            stop = self._debuggee.run(limit=max(1, due - self.place))
            if not isinstance(stop, InsnLimit) or self.place < due:
                return stop
            self._snapshots.append(self._process.snapshot())
            if len(self._snapshots) > _MOST:
                del self._snapshots[1::2]
                self._interval *= 2

    def go(self, place: int) -> None:
        """Go to a place, or to the last one before it at which the run has not ended."""
        self._put_back(next(one for one in reversed(self._snapshots) if one.insns <= place))
        while self.place < place:
            if self._ended(self._debuggee.run(limit=place - self.place)):
                self.go(place - 1)
                return

    # -- backwards ---------------------------------------------------------------------------------

    def step(self) -> bool:
        """Undo an instruction. Returns False at the beginning of the run."""
        if self.place <= self._snapshots[0].insns:
            return False
        self.go(self.place - 1)
        self._forget()
        return True

    def back(self) -> Stop | None:
        """Go to the last place before the present one at which the run stops. Returns how it stops
        there, TimeLimit for nowhere if the debugger has spoken, and None when it is the beginning
        of the run."""
        now = end = self.place
        for snapshot in [one for one in reversed(self._snapshots) if one.insns < now]:
            stops = self._stops(snapshot, end)
            if stops is None:
                self.go(now)
                return TimeLimit(0)
            if stops:
                self._put_back(snapshot)
                for _ in range(stops):
                    stop = self._debuggee.run(limit=end - self.place)
                return stop
            end = snapshot.insns
        self._put_back(self._snapshots[0])
        return None

    def _stops(self, snapshot: "Snapshot", end: int) -> int | None:
        """How often the run stops on its way from a snapshot to the place ``end``; None if the
        debugger speaks meanwhile."""
        self._put_back(snapshot)
        stops = 0
        while True:
            stop = self._debuggee.run(limit=end - self.place)
            if isinstance(stop, TimeLimit):
                return None
            if self.place >= end or self._ended(stop):
                return stops
            stops += 1

    def _put_back(self, snapshot: "Snapshot") -> None:
        self._process.restore(snapshot)
        self._forget()

    def _ended(self, stop: Stop) -> bool:
        """Whether nothing can follow a stop."""
        return self._debuggee.ends(stop)

"""Base of the mechanisms that put a point at entries and at learned return sites."""

import abc
from collections.abc import Callable
from functools import partial

from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.base import Machine, Mechanism
from dbt.hooks.mechanisms.sites import Sites
from dbt.hooks.points import Handler


class AtSites(Mechanism):
    """Puts a point at each watched entry and at each site that an activation returns to."""

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self.removers: dict[int, Callable[[], None]] = {}
        self.sites = Sites(self.set_up)
        state, abi = machine.state, machine.call_abi
        self._words, self._stack, self._link = (
            state.words,
            state.word(abi.stack),
            state.word(abi.link),
        )

    @abc.abstractmethod
    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        """Have ``handler`` called whenever control arrives at ``pc``. Returns what undoes it."""

    def watch(self, pc: int) -> None:
        self.removers[pc] = self.point(pc, partial(self.entered, pc))

    def unwatch(self, pc: int) -> None:
        self.removers.pop(pc)()
        if not self.removers:
            self.sites.clear()

    def expect(self, activation: Activation) -> None:
        self.sites.use(activation)

    def done(self, activation: Activation) -> None:
        self.sites.release(activation)

    def entered(self, pc: int) -> int | None:
        """Control is at a watched function. Returns where it continues instead, or None."""
        return self.tracker.entered(pc, self.link())

    def set_up(self, site: int) -> Callable[[], None]:
        """Learn a return site."""
        return self.point(site, partial(self._arrived, site), first=True)

    def _arrived(self, site: int) -> None:
        self.tracker.arrived(site, self._words[self._stack])

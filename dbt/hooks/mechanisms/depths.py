"""The activations of functions on which there are only hooks on calls, kept by a compiled function.

Such hooks get a depth, and nobody else needs the activations: where one ends is decided in
translated code, and where one begins by the same function (``follow/decisions.py``: ``kept``),
which Python calls. Return sites have a stub until control has arrived ``COLD`` times, then their
block begins with an ``invoke``.
"""

from collections.abc import Callable

from dbt.hooks.follow import decisions as d
from dbt.hooks.follow.arrivals import ReportArrivals
from dbt.hooks.follow.frames import Frames
from dbt.hooks.follow.stacks import Stack
from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.base import Machine
from dbt.hooks.mechanisms.sites import Sites
from dbt.hooks.points import Remove
from dbt.hooks.slots import CALL_MARK

ARRIVED = "depth.arrived"
"""The function that translated code invokes at return sites."""
COLD = 200
"""Arrivals in Python at a site take about as long as compiling its block."""


class Depths:
    """Keeps the activations of a tracker from ``begin`` to ``end``; ``sites`` are the mechanism's.
    The executor compiles decisions (``Executor.depth_keeper``).

    ``stub`` makes the stub of a site, and returns what undoes it.
    """

    def __init__(
        self, machine: Machine, tracker: Tracker, sites: Sites, stub: Callable[[int], Remove]
    ) -> None:
        self._machine, self._tracker, self._sites, self._stub = machine, tracker, sites, stub
        executor = machine.engine.executor
        self._frames = frames = Frames(
            machine.state, machine.call_abi, CALL_MARK, _NoTime(), self._forget_events
        )
        keep = executor.depth_keeper(d, frames.address)
        assert keep is not None, "the executor compiles no decisions"
        self.keep = keep
        """Decides what an arrival means, and returns ANSWER (``Executor.decision``)."""
        self.numbers = frames.numbers
        self._hot: set[int] = set()
        """The return sites whose blocks report that control arrives, with ``decisions.SITE``."""
        self._left: dict[int, int] = {}
        """How often control may arrive at a site until it is hot."""
        self.kept: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        """By the location that a call returns to: the argument of ``keep`` for it; and the same if
        its activation is kept and counts."""
        machine.functions.define_native(ARRIVED, executor.decision(d), 3)
        self._remove_pass = machine.instrument(
            ReportArrivals(ARRIVED, self._hot, frames.address, d.KEPT),
            everything=False,
            stubs=True,
        )
        self._unfollow: Remove

    def _forget_events(self) -> None:
        self._frames.take()

    # -- taking over, and giving back --------------------------------------------------------------

    def begin(self) -> None:
        """Take over the activations of the tracker, which stops following the stacks after this."""
        self._unfollow = self._machine.follow_stacks(self._frames)
        stacks = {
            stack: [
                word for one in activations for word in (one.site, one.stack, one.tail, one.left)
            ]
            for stack, activations in self._tracker.stacks().items()
        }
        self._frames.adopt(stacks, self._machine.stacks_followed.current)
        self._frames.changed()

    def end(self) -> None:
        """Give the activations back to the tracker, which follows the stacks already."""
        stacks = self._frames.stacks(self._machine.stacks_followed.current)
        self.close()
        self._tracker.adopt({stack: _activations(stack, words) for stack, words in stacks.items()})

    def close(self) -> None:
        """Drop the activations. It is not used afterwards."""
        for what in list(self._hot):
            self._sites.replace(what & 0xFFFFFFFF, self._stub)
        self._hot.clear()
        self._remove_pass()
        self._unfollow()
        self._frames.close()

    # -- arrivals ----------------------------------------------------------------------------------

    @property
    def alive(self) -> int:
        """Number of activations on all stacks."""
        return self._frames.alive

    def learn(self, location: int, known: dict[int, int]) -> int:
        """Enter a location that calls return to in ``known``: ``kept`` or ``counted``."""
        site = self._machine.pc_of(location)
        self._sites.learn(site)
        what = known[location] = site | (d.COUNTS if known is self.counted else 0)
        return what

    def returned(self, site: int) -> None:
        """Control is at a return site that has a stub."""
        self.keep(site | d.SITE)
        left = self._left[site] = self._left.get(site, COLD) - 1
        if left <= 0:
            self._sites.replace(site, self._heat)

    def _heat(self, site: int) -> Remove:
        """Have arrivals at a site noticed by compiled code."""
        machine, what = self._machine, site | d.SITE
        no_boundary = machine.begin_block(site)
        self._hot.add(what)
        machine.retranslate([site])

        def cool() -> None:
            self._hot.discard(what)
            no_boundary()
            machine.retranslate([site])

        return cool

    def take_back(self) -> None:
        """Drop the innermost activation: its hooks have gone while they were called."""
        self.numbers[d.DEPTH] -= 1
        self._frames.changed()


def _activations(stack: Stack, words: list[int]) -> list[Activation]:
    """The activations that words describe. Nobody hears of them, so nobody asks for their function
    and depth."""
    return [
        Activation(0, site, site, pointer, 0, stack.stack_id, bool(tail), left=bool(left))
        for site, pointer, tail, left in zip(*[iter(words)] * d.FRAME, strict=True)
    ]


class _NoTime:
    """Stands in for the executor's fuel: nobody reads when events have happened."""

    def __getitem__(self, index: int) -> int:
        return 0

"""``entry``: the function's first block enters the host; the return site is learned at run time.

How it works
    The block at a watched pc is a stub that goes to the host, and then on to the real block. When
    the function is entered the link register says where it will return to: that pc becomes a stub
    too, and stays one for the calls that will come from there. Call instructions leave a mark
    (three IR ops), which distinguishes a function entered again from a learned site, after a
    longjmp, from a tail call.
    (DynamoRIO's drwrap; PANDA's ``hooks``.) The stack pointer is followed wherever it may rise
    (``follow/stacks.py``): frames given up by a longjmp are reported at once, and frames on
    another stack are not taken for such.
What it costs
    Two visits to the host per call and return, and one per call where there are only hooks on calls
    without conditions (``depths.py``, after the first thousand); one when the stack pointer passes
    a watched frame or goes to another stack. A mark at each call, and a comparison at each rise of
    the stack pointer, about one per function that has a frame. A translation of the few blocks
    concerned, once per function and return site; of everything with the first hook and the last.
    Chaining stays as it is.
What it cannot see
    A function that loads the stack pointer with the value it was entered with, and then calls, is
    taken for given up. A stack in the midst of another (``follow/stacks.py``). What jumped:
    ``caller`` is known where a call instruction led straight here (as with all mechanisms:
    ``follow/callers.py``).
"""

from collections.abc import Callable
from typing import ClassVar

import attrs

from dbt.hooks.follow.listeners import Listeners
from dbt.hooks.follow.tracker import Tracker
from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.mechanisms.base import Machine
from dbt.hooks.mechanisms.depths import Depths
from dbt.hooks.points import Handler, Remove
from dbt.hooks.slots import CALL_MARK
from dbt.interfaces import Place
from dbt.ir.block import Block, Call
from dbt.ir.builder import Builder


@attrs.define(eq=False)
class MarkCalls:
    """Leaves a mark at calls: it belongs to the instruction that calls.

    call 0x9000, link 0x8004    =>    %0:i32 = get r13
                                      %1:i32 = xor %0, 0x8004
                                      set hook.call_mark %1
                                      call 0x9000, link 0x8004
    """

    place: ClassVar[Place] = "instruction"

    stack: str
    mark: str = CALL_MARK

    def run(self, block: Block) -> None:
        """Mark the call at the end of a block."""
        match block.exit:
            case Call(link=link):
                emit = Builder(block.insts)
                emit.set(self.mark, emit.xor(emit.get(self.stack), emit.const(link)))


WARM = 1000
"""Arrivals in Python take about as long until then as it takes to begin with ``Depths``."""
MOST = 1 << 20
"""Activations that ``Depths`` takes over at most."""


class Entry(AtSites):
    """Stubs at entries and learned return sites, marks at learned call sites."""

    name = "entry"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._remove_marks: Remove | None = None
        self._unfollow: Remove = _nothing
        self._mark = machine.state.word(CALL_MARK)
        self._depths: Depths | None = None
        """Keeps the activations in place of the tracker."""
        self._left = WARM
        self._functions, self._call_hooks = tracker.functions, tracker.call_hooks

    @property
    def alive(self) -> int:
        return self.tracker.alive if self._depths is None else self._depths.alive

    # -- where control arrives ---------------------------------------------------------------------

    def watch(self, pc: int) -> None:
        if self._remove_marks is None:
            self._remove_marks = self.machine.instrument(MarkCalls(self.machine.call_abi.stack))
            self._unfollow = self.machine.follow_stacks(self.tracker)
        self.removers[pc] = self.machine.stub(pc, self._handler(pc), when=self.conditions(pc))

    def _handler(self, pc: int) -> Handler:
        """Returns ``entered`` for one pc, with what it needs at hand. It is called millions of
        times."""
        words, link, mark = self._words, self._link, self._mark
        functions, tracker, call_hooks = self._functions, self.tracker, self._call_hooks

        def handler() -> int | None:
            depths, listeners = self._depths, functions.get(pc)
            if depths is None:
                if listeners is not None and listeners.simple and not tracker.active:
                    words[mark] = 0
                    return call_hooks(listeners, pc, words[link], None, None, None)
                return self.entered(pc)
            location = words[link]
            counting = None if listeners is None else listeners.counts
            known = depths.counted if counting else depths.kept
            what, keep = known.get(location), depths.keep
            answer = keep(depths.learn(location, known) if what is None else what)
            if answer < 0:
                self.give_way()
                return self.entered(pc)
            if listeners is None:
                return None
            if not counting:
                return call_hooks(listeners, pc, location, None, 0 if answer & 1 else None, None)
            if answer & 1:
                go_to = call_hooks(listeners, pc, location, True, 0, answer >> 1)
            else:
                go_to = call_hooks(listeners, pc, location, False, None, answer >> 1)
            if listeners.counts is not counting and not listeners.has_one_of(counting):
                self._take_back(answer >> 1)
                return go_to
            return go_to if go_to != location else words[link]

        return handler

    def idle(self) -> None:
        if self._remove_marks is not None:
            if self._depths is not None:
                self._depths.close()
                self._depths = None
            else:
                self._unfollow()
            self._remove_marks()
            self._remove_marks = None
            self.sites.clear()

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.stub(pc, handler, first=first)

    def entered(self, pc: int) -> int | None:
        words = self._words
        location, mark = words[self._link], words[self._mark]
        called = False
        if mark:
            words[self._mark] = 0
            called = mark == location ^ words[self._stack]
        self._left -= 1
        go_to = self.tracker.entered(pc, location, called=called)
        if self._left <= 0:
            self._begin_depths()
        return go_to

    def _arrived(self, site: int) -> None:
        if self._depths is not None:
            self._depths.returned(site)
        else:
            super()._arrived(site)

    # -- hooks on calls alone ----------------------------------------------------------------------

    def _take_back(self, depth: int) -> None:
        """All hooks that an activation was kept for have gone while they were called."""
        if self.alive <= depth:
            return  # and all others have, too
        if self._depths is not None:
            self._depths.take_back()
        else:
            self.tracker.take_back()

    def _begin_depths(self) -> None:
        """Have ``Depths`` keep the activations, if nobody has to hear of them. Hooks on the returns
        of some may have been there; they are gone."""
        self._left = WARM
        machine, tracker = self.machine, self.tracker
        if (
            not machine.engine.executor.fuel_address
            or machine.stacks_followed.native is not None
            or tracker.alive >= MOST
            or machine.has_threads
            or not all(one.plain for one in tracker.functions.values())
            or not any(one.counts for one in tracker.functions.values())
        ):
            return
        self._depths = Depths(machine, tracker, self.sites, self.set_up)
        self._depths.begin()
        self._unfollow()

    def give_way(self) -> None:
        if self._depths is not None:
            depths, self._depths = self._depths, None
            self._unfollow = self.machine.follow_stacks(self.tracker)
            depths.end()

    def changed(self, listeners: Listeners) -> None:
        if not listeners.plain:
            self.give_way()


def _nothing() -> None:
    """Undoes nothing."""

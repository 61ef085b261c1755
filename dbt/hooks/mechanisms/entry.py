"""``entry``: the function's first block enters the host; the return site is learned at run time.

How it works
    The block at a watched pc is a stub that goes to the host, and then on to the real block. When
    the function is entered the link register says where it will return to: that pc becomes a stub
    too, and stays one for the calls that will come from there. The block that holds the call
    instruction before it is translated again with two more IR ops, which leave a mark when it
    calls: the mark distinguishes a function entered again from a learned site, after a longjmp,
    from a tail call.
    (DynamoRIO's drwrap; PANDA's ``hooks``.) The stack pointer is followed wherever it may rise
    (``follow/stacks.py``): frames given up by a longjmp are reported at once, and frames on
    another stack are not taken for such.
What it costs
    Two visits to the host per call and return; one when the stack pointer passes a watched frame or
    goes to another stack. A comparison at each rise of the stack pointer, about one per function
    that has a frame. A translation of the few blocks concerned, once per function and return site;
    of everything with the first hook and the last. Chaining stays as it is.
What it cannot see
    A function that loads the stack pointer with the value it was entered with, and then calls, is
    taken for given up. A stack in the midst of another (``follow/stacks.py``). What jumped:
    ``caller`` is known where a call instruction led straight here (as with all mechanisms:
    ``follow/callers.py``).
"""

from collections.abc import Callable, Container
from functools import partial

import attrs

from dbt.hooks.follow.tracker import Tracker
from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.mechanisms.base import Machine
from dbt.hooks.points import Handler, Remove
from dbt.hooks.slots import CALL_MARK
from dbt.ir.block import Block, BlockKey, Call
from dbt.ir.builder import Builder


@attrs.define(eq=False)
class MarkCalls:
    """Leaves a mark at calls that return to one of ``sites``.

    call 0x9000, link 0x8004    =>    %0:i32 = get r13
                                      %1:i32 = xor %0, 0x8004
                                      set hook.call_mark %1
                                      call 0x9000, link 0x8004
    """

    sites: Container[int]
    stack: str
    key_of: Callable[[int], BlockKey]
    mark: str = CALL_MARK

    def concerns(self, pc: int, end: int) -> bool:
        """See ``Selective``: a site is a boundary, and behind its call."""
        del pc
        return end in self.sites

    def run(self, block: Block) -> None:
        """Mark the call at the end of a block, if it is one of those."""
        match block.exit:
            case Call(link=link) if self.key_of(link).pc in self.sites:
                emit = Builder(block.insts)
                emit.set(self.mark, emit.xor(emit.get(self.stack), emit.const(link)))


class Entry(AtSites):
    """Stubs at entries and learned return sites, marks at learned call sites."""

    name = "entry"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        marks = MarkCalls(self.sites, machine.call_abi.stack, machine.key_of)
        self._unmark = machine.instrument(marks, everything=False)
        self._unfollow: Remove | None = None
        self._mark = machine.state.word(CALL_MARK)

    def watch(self, pc: int) -> None:
        if self._unfollow is None:
            self._unfollow = self.machine.follow_stacks(self.tracker)
        self.removers[pc] = self.machine.stub(
            pc, partial(self.entered, pc), when=self.conditions(pc)
        )

    def idle(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None
            self.sites.clear()

    def close(self) -> None:
        self._unmark()

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.stub(pc, handler, first=first)

    def entered(self, pc: int) -> int | None:
        words = self._words
        location = words[self._link]
        mark = words[self._mark]
        if mark:
            words[self._mark] = 0
        called = mark == location ^ words[self._stack]
        return self.tracker.entered(pc, location, called=called)

    def set_up(self, site: int) -> Callable[[], None]:
        calls = [site - size for size in self.machine.insn_sizes]
        self.machine.retranslate(calls)  # to be marked
        return super().set_up(site)

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
    Two visits to the host per call and return; one when the stack pointer passes a watched frame or
    goes to another stack. A mark at each call, and a comparison at each rise of the stack pointer,
    about one per function that has a frame. A translation of the few blocks concerned, once per
    function and return site; of everything with the first hook and the last. Chaining stays as it
    is.
What it cannot see
    A function that loads the stack pointer with the value it was entered with, and then calls, is
    taken for given up. A stack in the midst of another (``follow/stacks.py``). What jumped:
    ``caller`` is known where a call instruction led straight here (as with all mechanisms:
    ``follow/callers.py``).
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import attrs

from dbt.hooks.follow.tracker import Tracker
from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.mechanisms.base import Machine
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


class Entry(AtSites):
    """Stubs at entries and learned return sites, marks at learned call sites."""

    name = "entry"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._undo: list[Remove] = []
        self._mark = machine.state.word(CALL_MARK)

    def watch(self, pc: int) -> None:
        if not self._undo:
            self._undo.append(self.machine.instrument(MarkCalls(self.machine.call_abi.stack)))
            self._undo.append(self.machine.follow_stacks(self.tracker))
        self.removers[pc] = self.machine.stub(
            pc, partial(self.entered, pc), when=self.conditions(pc)
        )

    def idle(self) -> None:
        if self._undo:
            while self._undo:
                self._undo.pop()()
            self.sites.clear()

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.stub(pc, handler, first=first)

    def entered(self, pc: int) -> int | None:
        words = self._words
        location = words[self._link]
        mark = words[self._mark]
        called = False
        if mark:
            words[self._mark] = 0
            called = mark == location ^ words[self._stack]
        return self.tracker.entered(pc, location, called=called)

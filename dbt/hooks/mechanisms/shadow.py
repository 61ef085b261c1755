"""``shadow``: every call and every return passes a shadow stack kept in IR.

How it works
    Each call pushes the location it returns to and the stack pointer; each return pops them
    and compares. What does not match goes to the host by a trampoline, with the intended target in
    a slot; the host finds the frame, drops those given up in between, and continues. The frame of
    a watched activation is spoilt on purpose, so that its return never matches and comes to the
    host. Watched entries are stubs. Jumps are looked at too: one that leaves the stack pointer
    above the innermost frame, or lands where that is to return to, goes to the host. The stack
    pointer is followed (``follow/stacks.py``): each stack of the guest has its own frames.
    After a throw the return sites of what may still be alive are stubs, for control may fall into
    them. (callgrind's shadow stack, icicle's ``BlockExit::Call`` and ``Return``.)
What it costs
    About ten IR ops per call and return of the *whole program*; two visits to the host per watched
    call and return; one per longjmp, odd return or switch of stacks, which takes time in proportion
    to the frames on both; one more per return to a site that is a stub since a throw, or since a
    computed jump of the function before it made its frame. Everything is translated again with
    the first hook and the last. Chaining stays as it is.
What it cannot see
    A direct branch to the return site, out of the function that is to return there, without a throw
    or an odd jump before it: no compiler makes one. A function that loads the stack pointer with
    the value it was entered with, and then calls, is taken for given up. Frames beyond the newest
    65,536. A stack in the midst of another (``follow/stacks.py``).
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import attrs

from dbt.hooks.follow.stacks import Stack
from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.base import Machine, Mechanism
from dbt.hooks.slots import TARGET
from dbt.interfaces import Place
from dbt.ir.block import SP_STEP, Block, BlockKey, Call, Inst, Jump, Return, Value
from dbt.ir.builder import Builder

LINKS, STACKS = "hooks.links", "hooks.stacks"
"""The two side stacks: return locations and stack pointers."""
SPOILT = 0xFFFFFFFE
"""Return location of a watched activation's frame; no location is equal to it."""
BOTTOM = 0xFFFFFFFF
"""Stack pointer of the frame below all frames."""
Frames = tuple[list[tuple[int, int]], dict[int, int]]
"""What is on the side stacks above the bottom, and which of the frames are spoilt."""


@attrs.define(eq=False)
class ShadowCalls:
    """Pushes at calls, pops and compares at returns, tests jumps.

    call 0x9000, link 0x8004    =>    push hooks.links 0x8004
                                      %0:i32 = get r13
                                      push hooks.stacks %0
                                      call 0x9000, link 0x8004

    %0:i32 = get r14            =>    %0:i32 = get r14
    return %0                         %1:i32 = pop hooks.links
                                      %2:i1 = ne %1, %0
                                      %3:i32 = pop hooks.stacks
                                      %4:i32 = get r13
                                      %5:i1 = ne %3, %4
                                      %6:i1 = or %2, %5
                                      set hook.target %0
                                      %7:i32 = select %6, 0xffff2000, %0
                                      return %7
    """

    place: ClassVar[Place] = "exit"

    stack: str
    key_of: Callable[[int], BlockKey]
    returns: int
    jumps: int
    moves: int

    def run(self, block: Block) -> None:
        """Instrument the exit of a block."""
        emit = Builder(block.insts)
        match block.exit:
            case Call(target=BlockKey(pc=pc), link=link) if pc == self.key_of(link).pc:
                pass  # this only reads the pc: nothing will return
            case Return(target=target) | Jump(target=target) if block.key.mode & SP_STEP:
                # The frames are still those of the stack it leaves: the host looks, afterwards.
                emit.set(TARGET, target)
                block.exit = Jump(emit.const(self.moves))
            case Call(link=link):
                emit.push(LINKS, emit.const(link))
                emit.push(STACKS, emit.get(self.stack))
            case Return(target=target):
                astray = emit.ne(emit.pop(LINKS), target)
                moved = emit.ne(emit.pop(STACKS), emit.get(self.stack))
                odd = emit.or_(astray, moved)
                block.exit = Return(self._redirect(emit, odd, target, self.returns))
            case Jump(target=target):
                block.exit = Jump(
                    self._redirect(emit, self._leaves(emit, target), target, self.jumps)
                )

    def _leaves(self, emit: Builder, target: Value) -> Inst:
        """Whether a jump may end the innermost frame."""
        link, stack, now = emit.pop(LINKS), emit.pop(STACKS), emit.get(self.stack)
        emit.push(LINKS, link)
        emit.push(STACKS, stack)
        lands = emit.or_(emit.eq(link, target), emit.eq(link, SPOILT))
        return emit.or_(emit.ult(stack, now), emit.and_(emit.eq(stack, now), lands))

    def _redirect(self, emit: Builder, odd: Inst, target: Value, trampoline: int) -> Inst:
        emit.set(TARGET, target)
        return emit.select(odd, emit.const(trampoline), target)


class Shadow(Mechanism):
    """Keeps the shadow stack's host side: finds frames, and ends activations."""

    name = "shadow"
    redirects = True

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._removers: dict[int, Callable[[], None]] = {}
        self._spoilt: dict[int, int] = {}  # frame number to the location it returns to
        self._elsewhere: dict[Stack, Frames] = {}
        self._of_threads: dict[int, tuple[dict[int, int], dict[Stack, Frames]]] = {}
        """``_spoilt`` and ``_elsewhere`` of the threads that do not run, by their ids."""
        self._sites: dict[int, Callable[[], None]] = {}  # stubs at return sites, after a throw
        self._end: list[Callable[[], None]] = []

    # -- setting -----------------------------------------------------------------------------------

    def watch(self, pc: int) -> None:
        if not self._end:
            self._begin()
        self._removers[pc] = self.machine.stub(
            pc, partial(self._entered, pc), when=self.conditions(pc)
        )

    def unwatch(self, pc: int) -> None:
        self._removers.pop(pc)()

    def idle(self) -> None:
        while self._end:
            self._end.pop()()
        while self._sites:
            self._sites.popitem()[1]()

    def _begin(self) -> None:
        machine, stacks = self.machine, self.machine.stacks
        stacks.resize(LINKS, 0)
        stacks.resize(STACKS, 0)
        stacks.push(LINKS, 0)
        stacks.push(STACKS, BOTTOM)
        self._spoilt.clear()
        self._elsewhere.clear()
        self._of_threads.clear()
        returns, remove_returns = machine.trampoline(self._odd_return)
        jumps, remove_jumps = machine.trampoline(self._odd_jump)
        moves, remove_moves = machine.trampoline(self._moved)
        pass_ = ShadowCalls(machine.call_abi.stack, machine.key_of, returns, jumps, moves)
        unfollow = machine.follow_stacks(self.tracker, self._switched)
        remove_pass = machine.instrument(pass_)
        unthread = machine.per_thread(self)
        self._end = [remove_returns, remove_jumps, remove_moves, remove_pass, unfollow, unthread]

    # -- threads -----------------------------------------------------------------------------------

    def switch_thread(self, left: int, entered: int) -> None:
        """Another thread runs, and its side stacks are in place."""
        stacks = self.machine.stacks
        self._of_threads[left] = self._spoilt, self._elsewhere
        self._spoilt, self._elsewhere = self._of_threads.pop(entered, ({}, {}))
        if not stacks.depth(LINKS):
            stacks.push(LINKS, 0)
            stacks.push(STACKS, BOTTOM)

    def end_thread(self, thread: int) -> None:
        """A thread that does not run any more has ended."""
        self._of_threads.pop(thread, None)

    # -- the frames --------------------------------------------------------------------------------

    def _frames(self) -> int:
        return self.machine.stacks.depth(LINKS)

    def _frame(self, index: int) -> tuple[int, int]:
        """Return location and stack pointer of a frame, as they were."""
        stacks = self.machine.stacks
        link = self._spoilt.get(index)
        return stacks.entry(LINKS, index) if link is None else link, stacks.entry(STACKS, index)

    def _cut(self, frames: int) -> None:
        """Drop the frames from a number on."""
        for index in range(frames, self._frames()):
            self._spoilt.pop(index, None)
        self.machine.stacks.resize(LINKS, frames)
        self.machine.stacks.resize(STACKS, frames)

    def _drop_below(self, stack: int) -> None:
        frames = self._frames()
        while frames > 1 and self._frame(frames - 1)[1] < stack:
            frames -= 1
        self._cut(frames)

    def _find(self, location: int, stack: int) -> int | None:
        """Index of the innermost frame that returns to a location with this stack pointer."""
        for index in range(self._frames() - 1, 0, -1):
            link, pointer = self._frame(index)
            if pointer != stack:
                return None
            if link == location:
                return index
        return None

    def _switched(self, left: Stack, entered: Stack) -> None:
        """Save the frames of the stack that the guest has left, restore those of the other."""
        stacks = self.machine.stacks
        indices = range(1, self._frames())
        if indices:
            frames = [(stacks.entry(LINKS, at), stacks.entry(STACKS, at)) for at in indices]
            self._elsewhere[left] = frames, self._spoilt
        frames, self._spoilt = self._elsewhere.pop(entered, ([], {}))
        stacks.resize(LINKS, 1)
        stacks.resize(STACKS, 1)
        for link, pointer in frames:
            stacks.push(LINKS, link)
            stacks.push(STACKS, pointer)

    # -- events ------------------------------------------------------------------------------------

    def _entered(self, pc: int) -> int | None:
        location, stack = self.link(), self.stack()
        self._drop_below(stack)
        top = self._frames() - 1
        fresh = top not in self._spoilt and self._frame(top) == (location, stack)
        self._make_room(location, stack, called=fresh)
        go_to = self.tracker.entered(pc, location, called=fresh)
        return self._return_to(location) if go_to == location else go_to

    def _make_room(self, location: int, stack: int, *, called: bool) -> None:
        """Drop the frames that cannot be alive, as the tracker ends its activations."""
        stacks = self.machine.stacks
        if called:
            self._cut(self._frames() - 1)
        while (index := self._find(location, stack)) is not None:
            self._cut(index if called else index + 1)
            if not called:
                return
        if called:
            stacks.push(LINKS, location)
            stacks.push(STACKS, stack)

    def expect(self, activation: Activation) -> None:
        stacks, top = self.machine.stacks, self._frames() - 1
        frame = (activation.location, activation.stack)
        if self._frame(top) != frame:
            stacks.push(LINKS, SPOILT)
            stacks.push(STACKS, activation.stack)
            top += 1
        stacks.put(LINKS, top, SPOILT)
        self._spoilt[top] = activation.location

    def done(self, activation: Activation) -> None:
        """Its frame goes with the return that ends it."""

    def _odd_return(self) -> int:
        """The IR has popped a frame that did not match: put it back, and look for the right one."""
        frames = self._frames() + 1
        self.machine.stacks.resize(LINKS, frames)
        self.machine.stacks.resize(STACKS, frames)
        return self._return_to(self.machine.state.get(TARGET), thrown=True)

    def _odd_jump(self) -> int:
        return self._return_to(self.machine.state.get(TARGET))

    def _moved(self) -> int:
        """One instruction has loaded the stack pointer and gone elsewhere."""
        return self._return_to(self.machine.state.get(TARGET), thrown=True)

    def _return_to(self, location: int, *, thrown: bool = False) -> int:
        """Control goes to ``location``, which ends the frames that return there. ``thrown``: if
        none does, frames were given up, and this is no jump within a function."""
        stack, frames = self.stack(), self._frames()
        self._drop_below(stack)
        thrown = thrown or self._frames() < frames
        self.tracker.unwind(stack)
        index = self._find(location, stack)
        if index is not None:
            self._cut(index)
            self.tracker.arrived(self.machine.key_of(location).pc, stack)
        elif self._end:
            self._look_out(None if thrown else stack)
        return location

    def _look_out(self, stack: int | None) -> None:
        """Make stubs of the return sites of spoilt frames, all or those with one stack pointer:
        their activations can end by control falling into the site."""
        for index in reversed(self._spoilt):
            location, pointer = self._frame(index)
            if stack not in (None, pointer):
                return
            site = self.machine.key_of(location).pc
            if site not in self._sites:
                handler = partial(self._fallen_into, location)
                self._sites[site] = self.machine.stub(site, handler, first=True)

    def _fallen_into(self, location: int) -> None:
        self._return_to(location)

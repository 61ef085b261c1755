"""Follows the stack pointer: which stack the guest is on, and when the pointer passes a frame.

Frames can only be compared within one stack: a coroutine that continues, or a handler on an
alternate stack, gives up no frame, wherever its stack lies. A stack is the range of addresses that
the stack pointer has moved through by adding and subtracting. When the pointer is *loaded* with a
value outside of all known ranges, another stack begins; a value within a known range leads back to
that stack. Three cases are taken for something else: a stack within another, such as an array of
some function, counts as that other stack; room that a program makes on its stack by way of another
register counts as a stack for as long as it is used; and a longjmp that lowers the pointer below
every address it was seen at seems to lead to another stack, because the pointer is seen only when
something watched happens.

A pass puts a ``trap_if`` where the pointer may rise or is loaded. The trap fires only when the
pointer passes ``SP_LIMIT``, is loaded with exactly that, or is loaded with less than it was. Then
the host executes the instruction and calls the followers. The kernel's own moves (signal frames)
are reported by ``moved_by_kernel``.
"""

from collections.abc import Callable

from dbt.classes import attrs
from dbt.hooks.slots import SP_LIMIT
from dbt.interfaces import State
from dbt.typing import Protocol, TypeAlias, runtime_checkable

RAISED, LOADED = "stack-raised", "stack-loaded"
"""Reasons of the traps: the pointer is moved up, or is replaced by a value from elsewhere."""
SIGNAL_FRAME = 4096
"""No signal frame is larger: where the kernel moves the pointer further, another stack begins."""


@attrs.define(eq=False)
class Stack:
    """The addresses that one stack's pointer has been seen at, both ends included. ``stack_id`` as
    in ``Record``."""

    low: int
    high: int
    stack_id: int = 0

    def __contains__(self, pointer: int) -> bool:
        return self.low <= pointer <= self.high

    def extend(self, pointer: int) -> None:
        """The pointer moved here."""
        if pointer < self.low:
            self.low = pointer
        elif pointer > self.high:
            self.high = pointer


class Copies:
    """Copies of stacks: of each stack, one."""

    def __init__(self) -> None:
        self._made: dict[Stack, Stack] = {}

    def of(self, stack: Stack) -> Stack:
        """The copy of a stack."""
        found = self._made.get(stack)
        if found is None:
            found = self._made[stack] = Stack(stack.low, stack.high, stack.stack_id)
        return found


NONE = Copies()
"""Where no stacks are followed."""


class OfThreads(Protocol):
    """Keeps something for each thread of the guest. Threads are given by their ids."""

    def switch_thread(self, left: int, entered: int) -> None:
        """Another thread runs, and its registers are in place."""

    def end_thread(self, thread: int) -> None:
        """Drop what is kept of a thread that does not run: it has ended."""


class Follower(Protocol):
    """Receives changes of stack and of the stack pointer, because it keeps frames on the guest's
    stacks."""

    changed: Callable[[], None]
    """The follower calls this when frames have come or gone."""

    def switched(self, left: Stack, entered: Stack) -> None:
        """The guest went from one stack to another."""

    def unwind(self, pointer: int) -> None:
        """The pointer of the present stack rose to ``pointer``: the frames below are given up."""

    def loaded(self, pointer: int) -> None:
        """The pointer was loaded, with ``pointer``: a frame that began there may be given up."""

    def innermost(self) -> int | None:
        """The stack pointer of the innermost frame on the present stack; None without frames."""

    def abandon(self) -> None:
        """Drop all frames: nothing will be reported any more."""


@runtime_checkable
class NativeFollower(Follower, Protocol):
    """A follower whose frames come and go in translated code. It writes ``SP_LIMIT`` itself."""

    lowest: int
    """The lowest pointer of the present stack that it has seen."""

    def bounds(self, low: int, limit: int) -> None:
        """The present stack has been seen down to ``low``. ``limit`` is the SP_LIMIT without the
        frames of this follower."""


_OfThread: TypeAlias = tuple[Stack, list[Stack], int]
"""The stack of a thread, those that are known, and the last number that was given to one."""
SavedStacks: TypeAlias = dict[int, _OfThread]
"""The same by threads' ids; 0: the thread that runs."""
Switched: TypeAlias = Callable[[Stack, Stack], None]
"""Called with the stack that the guest has left, and the one it went to."""


class StackFollower:
    """Keeps the known stacks and calls the followers. ``slot`` holds the stack pointer. ``bound``
    gives the highest address of the stack that a pointer is on, or the pointer itself where that is
    not known; it is called when following begins."""

    def __init__(self, state: State, slot: str, bound: Callable[[int], int]) -> None:
        self._words = state.words
        self._word, self._limit = state.word(slot), state.word(SP_LIMIT)
        self._bound = bound
        self._followers: dict[Follower, Switched | None] = {}
        self._known: list[Stack] = []
        self.native: NativeFollower | None = None
        """The follower that is such; there can be one."""
        self._last_id = 0
        self.current = Stack(0, 0)
        self._of_threads: SavedStacks = {}
        """``current``, ``_known`` and ``_last_id`` of threads that do not run, by their ids."""

    @property
    def pointer(self) -> int:
        """The stack pointer."""
        return self._words[self._word]

    @property
    def active(self) -> bool:
        """Whether there are followers."""
        return bool(self._followers)

    def add(self, follower: Follower, switched: Switched | None) -> None:
        """Call ``follower`` from now on, and ``switched`` before it when the stack changes."""
        if not self._followers:
            self._begin()
        self._followers[follower] = switched
        if isinstance(follower, NativeFollower):
            self.native = follower
        follower.switched(self.current, self.current)
        follower.changed = self.publish
        self.publish()

    def _begin(self) -> None:
        pointer = self.pointer
        self.current = Stack(pointer, max(pointer, self._bound(pointer)))
        self._known = [self.current]
        self._last_id = 0
        self._of_threads.clear()

    def remove(self, follower: Follower) -> None:
        """Call it no longer, and have it drop its frames."""
        self._note_lowest()
        del self._followers[follower]
        if follower is self.native:
            self.native = None
        follower.changed = ignore
        follower.abandon()

    def publish(self) -> None:
        """Write SP_LIMIT: frames have come or gone."""
        words, current = self._words, self.current
        pointer = words[self._word]
        if not current.low <= pointer <= current.high:
            current.extend(pointer)  # it is on this stack, or a switch would have been seen
        limit = current.high
        for follower in self._followers:
            if follower is not self.native:
                frame = follower.innermost()
                if frame is not None and frame < limit:
                    limit = frame
        if self.native is not None:
            self.native.bounds(current.low, limit)
            frame = self.native.innermost()
            if frame is not None and frame < limit:
                limit = frame
        words[self._limit] = limit

    def moved(self, old: int, *, loaded: bool) -> None:
        """The instruction that trapped has been executed. ``old``: the pointer before it;
        ``loaded``: it replaced the pointer by a value from elsewhere."""
        self._note_lowest()
        self.current.extend(old)
        self._enter(self._find(self.pointer) if loaded else self.current)
        if loaded:
            for follower in list(self._followers):
                follower.loaded(self.pointer)

    def moved_by_kernel(self, old: int) -> None:
        """The kernel has moved the pointer from ``old``, to a signal frame or back."""
        if not self._followers or self.pointer == old:
            return
        self._note_lowest()
        self.current.extend(old)
        if 0 <= old - self.pointer <= SIGNAL_FRAME:
            self._enter(self.current)
        else:
            stack_id = self.current.stack_id
            stack = self._find(self.pointer)
            stack.stack_id = stack_id
            self._enter(stack)

    def switch_thread(self, left: int, entered: int) -> None:
        """Another thread runs, on stacks of its own. Its registers are in place, and the followers
        have its frames."""
        if not self._followers:
            return
        self._note_lowest()
        self._of_threads[left] = self.current, self._known, self._last_id
        pointer = self.pointer
        mine = self._of_threads.pop(entered, None)
        if mine is None:
            stack = Stack(pointer, pointer)
            mine = stack, [stack], 0
        self.current, self._known, self._last_id = mine
        for follower in list(self._followers):
            follower.switched(self.current, self.current)
        self.publish()

    def end_thread(self, thread: int) -> None:
        """A thread that does not run any more has ended."""
        self._of_threads.pop(thread, None)

    # -- snapshots ---------------------------------------------------------------------------------

    def save(self, copies: Copies) -> SavedStacks | None:
        """The known stacks of all threads; None while nobody follows them."""
        if not self._followers:
            return None
        return {0: self._kept(copies, self._present), **self._copied(copies, self._of_threads)}

    def restore(self, saved: SavedStacks | None, copies: Copies) -> None:
        """Know the stacks that ``save`` returned; None: only that on which the guest is. The
        followers have the frames of then. ``publish`` is to be called when registers are in
        place."""
        if saved is None:
            self._begin()
            for follower in self._followers:
                follower.switched(self.current, self.current)
            return
        there = self._copied(copies, saved)
        self.current, self._known, self._last_id = there.pop(0)
        self._of_threads = there

    @property
    def _present(self) -> _OfThread:
        return self.current, self._known, self._last_id

    def _copied(self, copies: Copies, threads: SavedStacks) -> SavedStacks:
        return {thread: self._kept(copies, mine) for thread, mine in threads.items()}

    @staticmethod
    def _kept(copies: Copies, mine: _OfThread) -> _OfThread:
        current, known, last_id = mine
        return copies.of(current), [copies.of(stack) for stack in known], last_id

    def _note_lowest(self) -> None:
        if self.native is not None:
            self.current.extend(self.native.lowest)

    def _find(self, pointer: int) -> Stack:
        for stack in (self.current, *self._known):
            if pointer in stack:
                return stack
        self._last_id += 1
        self._known.append(Stack(pointer, pointer, self._last_id))
        return self._known[-1]

    def _enter(self, stack: Stack) -> None:
        left, self.current = self.current, stack
        for follower, switched in list(self._followers.items()):
            if left is not stack:
                if switched is not None:
                    switched(left, stack)
                follower.switched(left, stack)
            follower.unwind(self.pointer)
        self.publish()


def ignore() -> None:
    """Stands in for ``Follower.changed`` while no stacks are followed."""

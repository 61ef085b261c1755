"""Keeps the live activations of watched functions, and makes events of how they begin and end.

A mechanism reports that control arrived at a function or at a return site. What that means is
decided here, once for all mechanisms, by the rules of ``records.py``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from dbt.hooks.callbacks.events import ReturnEvent
from dbt.hooks.follow.call_hooks import HookedGuest, make_call_hooks
from dbt.hooks.follow.listeners import Hook, Listeners
from dbt.hooks.follow.stacks import Copies, Stack, ignore
from dbt.hooks.points.names import DEPTH
from dbt.hooks.records import Kind, Record
from dbt.ir.block import BlockKey
from dbt.typing import Any, Protocol, TypeAlias


class Tracked(HookedGuest, Protocol):
    """What a tracker needs of a process."""

    insn_sizes: tuple[int, ...]

    @property
    def insns(self) -> int:
        """Guest instructions completed."""

    @property
    def thread(self) -> int:
        """Id of the guest thread that runs."""

    def key_of(self, location: int) -> BlockKey: ...
    def pc_of(self, location: int) -> int:
        """The pc of ``key_of``."""

    def call(self, hook: Callable[[Any], Any], argument: Any) -> None:
        """Call a function of the user's. ``run`` raises what it raised, after everything else that
        belongs to the event has been done."""

    def name(self, pc: int) -> str:
        """The function's name, or its address as text."""


class Returns(Protocol):
    """The part of a mechanism that notices returns."""

    def expect(self, activation: "Activation") -> None:
        """Have the return of this activation noticed."""

    def done(self, activation: "Activation") -> None:
        """This activation has returned, or never will."""


@attrs.define(eq=False)
class Activation:
    """A live call of a watched function. ``location`` is where it returns to (with the state bit),
    ``site`` the pc of that; ``depth`` activations were alive when it began; ``stack_id`` as in
    ``Record``; ``tail``: it took the place of the one below it."""

    function: int
    location: int
    site: int
    stack: int
    depth: int
    stack_id: int
    tail: bool
    returns: Sequence[Hook] = ()
    """Return hooks whose condition held on entry."""
    sinks: Sequence[Hook] = ()
    """Sinks that received the record of its entry."""
    left: bool = False
    """The stack pointer was loaded with the value that the activation was entered with: it is about
    to return, or was given up by a longjmp into the frame that called it."""


@attrs.define(eq=False)
class _OfThread:
    """What a tracker keeps of a thread: its attributes of the same names."""

    active: list[Activation] = attrs.field(factory=list)
    alive: int = 0
    stack: Stack = attrs.field(factory=lambda: Stack(0, 0))
    elsewhere: dict[Stack, list[Activation]] = attrs.field(factory=dict)


_Saved: TypeAlias = tuple[_OfThread, dict[int, _OfThread]]


def _copy(mine: _OfThread, copies: Copies) -> _OfThread:
    elsewhere = {copies.of(stack): _copied(there) for stack, there in mine.elsewhere.items()}
    return _OfThread(_copied(mine.active), mine.alive, copies.of(mine.stack), elsewhere)


def _copied(activations: list[Activation]) -> list[Activation]:
    return [attrs.evolve(activation) for activation in activations]


class Tracker:
    """The activations of one mechanism in the thread that runs. ``active`` are those on the present
    stack, the innermost last: all there are, unless the mechanism follows the stacks
    (``stacks.py``)."""

    def __init__(self, guest: Tracked) -> None:
        self.guest = guest
        self.call_hooks = make_call_hooks(guest, self._holds)
        """Calls the hooks of a call."""
        self._words = guest.state.words
        self._stack_word = guest.state.word(guest.call_abi.stack)
        self.functions: dict[int, Listeners] = {}
        self.active: list[Activation] = []
        self.alive = 0
        self.stack = Stack(0, 0)
        """The present stack, if stacks are followed."""
        self.changed: Callable[[], None] = ignore
        """Called when activations have come or gone."""
        self.returns: Returns
        self._elsewhere: dict[Stack, list[Activation]] = {}
        self._of_threads: dict[int, _OfThread] = {}
        """What is of the threads that do not run, by their ids."""

    # -- what a mechanism calls --------------------------------------------------------------------

    def entered(self, pc: int, location: int, *, called: bool | None = None) -> int | None:
        """Control has arrived at the function at ``pc``, which returns to ``location``.

        ``called``: whether a call instruction led here; None when that cannot be seen. Returns the
        location where the guest continues instead, or None for the function itself.
        """
        listeners = self.functions.get(pc)
        if listeners is not None and listeners.simple and not self.active:
            return self.call_hooks(listeners, pc, location, None, None, None)
        guest = self.guest
        stack = self._words[self._stack_word]
        site = guest.pc_of(location)
        tail = bool(self.active) and self._make_room(site, stack, called)
        if listeners is None:
            return None
        sinks = tuple(listeners.sinks)
        counting = listeners.counting(guest.state.get, pc)
        caller = 0 if tail else None
        if sinks:
            kind = Kind.TAIL_CALL if tail else Kind.CALL
            caller = caller if tail else guest.caller(location, pc)
            self._record_call(kind, pc, site, stack, caller or 0, listeners, sinks)
        returns: Sequence[Hook] = tuple(listeners.returns)
        if not listeners.always:
            returns = [hook for hook in returns if self._holds(hook, pc)]
        go_to = None
        if listeners.calls:
            known = (tail, caller, self.alive) if counting else (None, caller, None)
            go_to = self.call_hooks(listeners, pc, location, *known)
        if counting and listeners.has_one_of(counting):
            depth, stack_id = self.alive, self.stack.stack_id
            self._push(Activation(pc, location, site, stack, depth, stack_id, tail, returns, sinks))
            if go_to == location:  # the function is skipped: return as the mechanism wants it
                go_to = guest.state.get(guest.call_abi.link)
        return go_to

    def arrived(self, site: int, stack: int) -> None:
        """Control has arrived at ``site`` with this stack pointer: activations may have ended."""
        if self.active:
            innermost = self.active[-1]
            if innermost.site == site and innermost.stack == stack and not innermost.tail:
                self._returned(self._pop())
                return
        self.unwind(stack)
        while self._unwind_to(site, stack):
            activation = self._pop()
            self._returned(activation)
            if not activation.tail:  # else it returns for the one whose place it took, too
                return

    def unwind(self, stack: int) -> None:
        """End the activations below ``stack`` as unwound: stacks grow down."""
        while self.active and self.active[-1].stack < stack:
            self._unwound(self._pop())

    def loaded(self, stack: int) -> None:
        """The stack pointer was loaded with this value: mark the activations that began there."""
        for activation in reversed(self.active):
            if activation.stack != stack:
                return
            activation.left = True

    # -- the stacks, if they are followed ----------------------------------------------------------

    def switched(self, left: Stack, entered: Stack) -> None:
        """The guest went to another stack. Activations on the one it left stay alive."""
        if self.active:
            self._elsewhere[left] = self.active
        self.stack = entered
        self.active = self._elsewhere.pop(entered, [])

    def innermost(self) -> int | None:
        """The stack pointer of the innermost activation on the present stack."""
        return self.active[-1].stack if self.active else None

    def switch_thread(self, left: int, entered: int) -> None:
        """Another thread runs: keep the activations of the one that did, and take its own. Each
        thread's depths are counted by themselves."""
        self._of_threads[left] = _OfThread(self.active, self.alive, self.stack, self._elsewhere)
        mine = self._of_threads.pop(entered, None) or _OfThread()
        self.active, self.alive = mine.active, mine.alive
        self.stack, self._elsewhere = mine.stack, mine.elsewhere
        self.changed()

    def end_thread(self, thread: int) -> None:
        """A thread that does not run any more has ended, and its activations with it."""
        mine = self._of_threads.pop(thread, None)
        if mine is not None:
            for activations in (mine.active, *mine.elsewhere.values()):
                for activation in reversed(activations):
                    self.returns.done(activation)

    def abandon(self) -> None:
        """Drops all live activations; no return of theirs will be reported."""
        elsewhere, self._elsewhere = self._elsewhere, {}
        while self.active:
            self._pop()
        for activations in elsewhere.values():
            self.active[:] = activations
            while self.active:
                self._pop()
        self.stack = Stack(0, 0)
        for thread in list(self._of_threads):
            self.end_thread(thread)

    def stacks(self) -> dict[Stack, list[Activation]]:
        """The live activations by stack."""
        return {**self._elsewhere, self.stack: self.active}

    def adopt(self, stacks: Mapping[Stack, list[Activation]]) -> None:
        """Keep these activations from now on; there are no others."""
        self._elsewhere = dict(stacks)
        self.active = self._elsewhere.pop(self.stack, [])
        for activations in stacks.values():
            self.alive += len(activations)
            for activation in activations:
                self.returns.expect(activation)
        self.changed()

    # -- snapshots ---------------------------------------------------------------------------------

    def save(self, copies: Copies) -> _Saved:
        """The activations of all threads, for ``restore``."""
        now = _OfThread(self.active, self.alive, self.stack, self._elsewhere)
        threads = self._of_threads.items()
        return _copy(now, copies), {thread: _copy(mine, copies) for thread, mine in threads}

    def restore(self, saved: _Saved | None, copies: Copies) -> None:
        """Have the activations that ``save`` returned, or none. Nobody is told of the ends of
        others."""
        self.abandon()
        if saved is None or not self.functions:
            return
        now = _copy(saved[0], copies)
        self._of_threads = {thread: _copy(mine, copies) for thread, mine in saved[1].items()}
        for mine in self._of_threads.values():
            for activations in (mine.active, *mine.elsewhere.values()):
                for activation in activations:
                    self.returns.expect(activation)
        self.stack = now.stack
        self.adopt({**now.elsewhere, now.stack: now.active})

    def take_back(self) -> None:
        """Drop the innermost activation."""
        self._pop()

    # -- activations -------------------------------------------------------------------------------

    def _make_room(self, site: int, stack: int, called: bool | None) -> bool:
        """Ends the activations that cannot be alive when a function is entered that returns to
        ``site``. Returns True for a tail call."""
        innermost = self.active[-1]
        if innermost.stack > stack and not innermost.left:
            return False  # all lie above it
        self.unwind(stack)
        while self.active and self.active[-1].left and self.active[-1].site != site:
            self._unwound(self._pop())
        while self._unwind_to(site, stack):
            if not called:
                return True
            self._unwound(self._pop())  # its call instruction ran again: it is not alive
        return False

    def _unwind_to(self, site: int, stack: int) -> bool:
        """Finds the innermost activation that returns to ``site`` with this stack pointer, and ends
        those that began within it as unwound. Returns False when there is none."""
        for index in range(len(self.active) - 1, -1, -1):
            activation = self.active[index]
            if activation.stack != stack:  # pointers fall from the first to the last
                return False
            if activation.site == site:
                while len(self.active) > index + 1:
                    self._unwound(self._pop())
                return len(self.active) > index  # unless a hook has removed all hooks
        return False

    def _push(self, activation: Activation) -> None:
        self.active.append(activation)
        self.alive += 1
        self.changed()
        self.returns.expect(activation)

    def _pop(self) -> Activation:
        activation = self.active.pop()
        self.alive -= 1
        self.changed()
        self.returns.done(activation)
        return activation

    # -- events ------------------------------------------------------------------------------------

    def _holds(self, hook: Hook, pc: int) -> bool:
        return hook.when is None or hook.when.holds(self._slot, pc=pc)

    def _slot(self, name: str) -> int:
        """The value of a name in a condition; ``depth`` counts this mechanism's activations."""
        return self.alive if name == DEPTH else self.guest.state.get(name)

    def _returned(self, activation: Activation) -> None:
        if not (activation.returns or activation.sinks):
            return
        guest = self.guest
        listeners = self.functions.get(activation.function)
        if listeners is None:
            return
        if activation.returns:
            event = ReturnEvent(
                guest, activation.function, guest.name(activation.function), activation.site,
                activation.depth, guest.insns, guest.thread,
            )  # fmt: skip
            for hook in activation.returns:
                if hook in listeners.returns:
                    self.guest.call(hook.call, event)
        if activation.sinks:
            result = guest.state.get(guest.call_abi.result)
            self._record_end(Kind.RETURN, activation, listeners, result=result)

    def _unwound(self, activation: Activation) -> None:
        listeners = self.functions.get(activation.function)
        if listeners is not None and activation.sinks:
            self._record_end(Kind.UNWOUND, activation, listeners)

    def _record_end(
        self, kind: Kind, activation: Activation, listeners: Listeners, result: int | None = None
    ) -> None:
        guest, pc = self.guest, activation.function
        record = Record(
            kind, pc, guest.name(pc), activation.site, activation.stack, activation.depth,
            guest.insns, thread=guest.thread, result=result, stack_id=activation.stack_id,
        )  # fmt: skip
        self._deliver(record, listeners, activation.sinks)

    def _record_call(
        self,
        kind: Kind,
        pc: int,
        site: int,
        stack: int,
        caller: int,
        listeners: Listeners,
        sinks: Iterable[Hook],
    ) -> None:
        guest = self.guest
        arguments = tuple([guest.state.get(slot) for slot in guest.call_abi.arguments])
        record = Record(
            kind, pc, guest.name(pc), site, stack, self.alive,
            guest.insns, caller, guest.thread, arguments, stack_id=self.stack.stack_id,
        )  # fmt: skip
        self._deliver(record, listeners, sinks)

    def _deliver(self, record: Record, listeners: Listeners, sinks: Iterable[Hook]) -> None:
        """Give a record to those of ``sinks`` that were not removed meanwhile."""
        for sink in sinks:
            if sink in listeners.sinks:
                self.guest.call(sink.call, record)

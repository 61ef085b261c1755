"""Keeps the live activations of watched functions, and makes events of how they begin and end.

A mechanism reports that control arrived at a function or at a return site. What that means is
decided here, once for all mechanisms, by the rules of ``records.py``.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import attrs

from dbt.hooks.callbacks.events import CallEvent, Guest, ReturnEvent
from dbt.hooks.follow.stacks import Stack, ignore
from dbt.hooks.points.conditions import Condition
from dbt.hooks.points.names import DEPTH
from dbt.hooks.records import Kind, Record
from dbt.ir.block import BlockKey


class Tracked(Guest, Protocol):
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
    returns: "Sequence[Hook]" = ()
    """Return hooks whose condition held on entry."""
    sinks: "Sequence[Hook]" = ()
    """Sinks that received the record of its entry."""
    left: bool = False
    """The stack pointer was loaded with the value that the activation was entered with: it is about
    to return, or was given up by a longjmp into the frame that called it."""


@attrs.frozen(eq=False)
class Hook:
    """A function of the user's, and the condition under which it is called."""

    call: Callable[[Any], Any]
    when: Condition | None = None
    counts: bool = True
    """The activations that it is called for are kept to their end, and count in ``depth``."""

    def matters(self, get: Callable[[str], int], pc: int) -> bool:
        """True when nothing but ``depth`` keeps the hook from being called."""
        known = self.when and self.when.without(DEPTH)
        return known is None or known.holds(get, pc=pc)


@attrs.define
class Listeners:
    """The hooks and sinks of one watched function. ``add``, ``remove`` and ``clear`` change them,
    by the name of the list."""

    calls: list[Hook] = attrs.Factory(list)
    returns: list[Hook] = attrs.Factory(list)
    sinks: list[Hook] = attrs.Factory(list)
    always: bool = attrs.field(default=True, init=False)
    """No hook has a condition."""
    simple: bool = attrs.field(default=False, init=False)
    """There are hooks on calls alone, none has a condition, and no activation is kept."""
    symbol: str = attrs.field(default="", init=False)
    """The function's name, once an event has needed it."""
    on_calls: tuple[Hook, ...] = attrs.field(default=(), init=False)
    """A copy of ``calls``, which hooks may change."""
    _counting: list[Hook] = attrs.field(factory=list, init=False)
    """The hooks whose activations are kept to their end."""

    def __bool__(self) -> bool:
        return bool(self.calls or self.returns or self.sinks)

    def add(self, kind: str, hook: Hook) -> None:
        """Add a hook."""
        getattr(self, kind).append(hook)
        self._changed()

    def remove(self, kind: str, hook: Hook) -> None:
        """Remove a hook that is there."""
        getattr(self, kind).remove(hook)
        self._changed()

    def clear(self) -> None:
        """Remove all."""
        for hooks in (self.calls, self.returns, self.sinks):
            hooks.clear()
        self._changed()

    def _changed(self) -> None:
        hooks = self.hooks()
        self.on_calls = tuple(self.calls)
        self.always = all(hook.when is None for hook in hooks)
        self._counting = [hook for hook in hooks if hook.counts]
        self.simple = self.always and not (self._counting or self.returns or self.sinks)

    def hooks(self) -> list[Hook]:
        """All hooks and sinks."""
        return [*self.calls, *self.returns, *self.sinks]

    def conditions(self) -> tuple[Condition, ...] | None:
        """Conditions that translated code can test before it enters the host: one of them must
        hold. Terms with ``depth`` are left out: only the host counts activations."""
        terms = [hook.when and hook.when.without(DEPTH) for hook in self.hooks()]
        known = tuple(term for term in terms if term is not None)
        return known if len(known) == len(terms) else None

    def counting(self, get: Callable[[str], int], pc: int) -> list[Hook]:
        """The hooks that need an activation which begins in this state to be kept to its end."""
        if self.always:
            return self._counting
        return [hook for hook in self._counting if hook.matters(get, pc)]

    def has_one_of(self, hooks: list[Hook]) -> bool:
        """Whether one of these has not been removed."""
        return hooks is self._counting or any(hook in self for hook in hooks)

    def __contains__(self, hook: Hook) -> bool:
        return hook in self.calls or hook in self.returns or hook in self.sinks


class Tracker:
    """The activations of one mechanism. ``active`` are those on the present stack, the innermost
    last: all there are, unless the mechanism follows the stacks (``stacks.py``)."""

    def __init__(self, guest: Tracked) -> None:
        self.guest = guest
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

    # -- what a mechanism calls --------------------------------------------------------------------

    def entered(self, pc: int, location: int, *, called: bool | None = None) -> int | None:
        """Control has arrived at the function at ``pc``, which returns to ``location``.

        ``called``: whether a call instruction led here; None when that cannot be seen. Returns the
        location where the guest continues instead, or None for the function itself.
        """
        listeners = self.functions.get(pc)
        if listeners is not None and listeners.simple and not self.active:
            return self._call(listeners, pc, location, None, None)
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
            go_to = self._call(listeners, pc, location, tail if counting else None, caller)
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

    def _call(
        self, listeners: Listeners, pc: int, location: int, tail: bool | None, caller: int | None
    ) -> int | None:
        """Call the hooks of a call. ``tail`` is None where the activation is not kept, ``caller``
        where it is not known yet. Returns the location that a hook wants instead, or None."""
        hooks: Sequence[Hook] = listeners.on_calls
        if not listeners.always:
            hooks = [hook for hook in hooks if self._holds(hook, pc)]
            if not hooks:
                return None
        guest = self.guest
        symbol = listeners.symbol = listeners.symbol or guest.name(pc)
        event = CallEvent(
            guest, pc, symbol, location, guest.insns, guest.thread,
            None if tail is None else self.alive, tail, caller,
        )  # fmt: skip
        for hook in hooks:
            if hooks is listeners.on_calls or hook in listeners.calls:
                guest.call(hook.call, event)
        return event.go_to

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

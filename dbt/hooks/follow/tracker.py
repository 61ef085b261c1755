"""Activations: which watched functions are alive, and the events that follow from it.

A mechanism finds out *that* control arrived at a function or at a return site; what that means is
decided here, once for all mechanisms, by the rules of ``records.py``.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import attrs

from dbt.hooks.callbacks.events import CallEvent, ReturnEvent
from dbt.hooks.follow.stacks import Stack, nobody
from dbt.hooks.points.conditions import Condition
from dbt.hooks.points.names import DEPTH
from dbt.hooks.records import Kind, Record
from dbt.interfaces import CallAbi, Memory, State
from dbt.ir.block import BlockKey


class Guest(Protocol):
    """What a tracker needs of a process."""

    call_abi: CallAbi
    insn_sizes: tuple[int, ...]

    @property
    def state(self) -> State: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def insns(self) -> int:
        """Guest instructions completed."""

    @property
    def thread(self) -> int:
        """Id of the guest thread that runs."""

    def key_of(self, location: int) -> BlockKey: ...
    def code(self, where: int | str) -> int:
        """The location of code, by symbol or address. Raises UsageError."""

    def call(self, hook: Callable[[Any], Any], argument: Any) -> None:
        """Call a function of the user's. What it raises is raised by ``run``, when everything that
        belongs to the event is done."""

    def caller(self, location: int, pc: int) -> int:
        """Address of the call instruction that led to ``pc``, to return to ``location``, or 0."""

    def name(self, pc: int) -> str:
        """The function's name, or its address as text."""


class Returns(Protocol):
    """The part of a mechanism that sees to it that returns are noticed."""

    def expect(self, activation: "Activation") -> None:
        """A function was entered whose return is wanted."""

    def done(self, activation: "Activation") -> None:
        """It has returned, or never will."""


@attrs.define(eq=False)
class Activation:
    """A live call of a watched function. ``location`` is where it is to return to (with the state
    bit), ``site`` the pc of that; ``depth`` activations were alive when it began; ``stack_id`` as
    in ``Record``; ``tail``: it took the place of the one below it."""

    function: int
    location: int
    site: int
    stack: int
    depth: int
    stack_id: int
    tail: bool
    returns: "list[Hook]" = attrs.Factory(list)
    """Return hooks whose condition held on entry."""
    sinks: "list[Hook]" = attrs.Factory(list)
    """Those that were told of its entry."""
    left: bool = False
    """The stack pointer was loaded with the value that it was entered with: it is about to return,
    or was given up by a longjmp into the frame that called it."""


@attrs.frozen(eq=False)
class Hook:
    """A function of the user's, and when it is to be called."""

    call: Callable[[Any], Any]
    when: Condition | None = None
    counts: bool = True
    """Activations that it is told of are kept to their end, and count in ``depth``."""

    def matters(self, get: Callable[[str], int], pc: int) -> bool:
        """True when nothing but ``depth`` keeps the hook from being called."""
        known = self.when and self.when.without(DEPTH)
        return known is None or known.holds(get, pc=pc)


@attrs.define
class Listeners:
    """Who wants to hear about one function."""

    calls: list[Hook] = attrs.Factory(list)
    returns: list[Hook] = attrs.Factory(list)
    sinks: list[Hook] = attrs.Factory(list)

    def __bool__(self) -> bool:
        return bool(self.calls or self.returns or self.sinks)

    def clear(self) -> None:
        """Nobody wants to any more."""
        for hooks in (self.calls, self.returns, self.sinks):
            hooks.clear()

    def hooks(self) -> list[Hook]:
        """All of them."""
        return [*self.calls, *self.returns, *self.sinks]

    def conditions(self) -> tuple[Condition, ...] | None:
        """What can be asked before the host is entered: one of these must hold. ``depth`` is for
        the host to say, which counts activations as it meets them."""
        terms = [hook.when and hook.when.without(DEPTH) for hook in self.hooks()]
        known = tuple(term for term in terms if term is not None)
        return known if len(known) == len(terms) else None

    def counting(self, get: Callable[[str], int], pc: int) -> list[Hook]:
        """Those for whom an activation that begins in a state is to be kept to its end."""
        return [hook for hook in self.hooks() if hook.counts and hook.matters(get, pc)]

    def __contains__(self, hook: Hook) -> bool:
        return hook in self.calls or hook in self.returns or hook in self.sinks


class Tracker:
    """The activations of one mechanism. ``active`` are those on the present stack, innermost last:
    all there are, unless the mechanism follows the stacks (``dbt/hooks/follow/stacks.py``)."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.functions: dict[int, Listeners] = {}
        self.active: list[Activation] = []
        self.alive = 0
        self.stack = Stack(0, 0)
        """The present one, if stacks are followed."""
        self.changed: Callable[[], None] = nobody
        """Called when activations have come or gone."""
        self.returns: Returns
        self._elsewhere: dict[Stack, list[Activation]] = {}

    # -- what a mechanism calls --------------------------------------------------------------------

    def entered(self, pc: int, location: int, *, called: bool | None = None) -> int | None:
        """Control has arrived at the function at ``pc``, to return to ``location``.

        ``called``: a call instruction led here, True or False, None when that cannot be seen. The
        result is where to go on instead, if a hook wants that.
        """
        guest = self.guest
        stack = guest.state.get(guest.call_abi.stack)
        site = guest.key_of(location).pc
        tail = self._make_room(site, stack, called)
        listeners = self.functions.get(pc) or Listeners()
        sinks = list(listeners.sinks)
        counting = listeners.counting(guest.state.get, pc)
        told = sinks or listeners.calls
        caller = guest.caller(location, pc) if told and not tail else 0
        if sinks:
            kind = Kind.TAIL_CALL if tail else Kind.CALL
            self._record(kind, pc, site, stack, caller, listeners, sinks)
        returns = [hook for hook in listeners.returns if self._holds(hook, pc)]
        go_to = self._call(listeners, pc, location, tail if counting else None, caller)
        if any(hook in listeners for hook in counting):
            depth, stack_id = self.alive, self.stack.stack_id
            self._push(Activation(pc, location, site, stack, depth, stack_id, tail, returns, sinks))
            if go_to == location:  # the function is skipped: return as the mechanism wants it
                go_to = guest.state.get(guest.call_abi.link)
        return go_to

    def arrived(self, site: int, stack: int) -> None:
        """Control has arrived at ``site`` with this stack pointer: activations may have ended."""
        self.unwind(stack)
        while self._standing(site, stack):
            activation = self._pop()
            self._returned(activation)
            if not activation.tail:  # else it returns for the one whose place it took, too
                return

    def unwind(self, stack: int) -> None:
        """The stack grows down: frames below ``stack`` can only have been given up."""
        while self.active and self.active[-1].stack < stack:
            self._unwound(self._pop())

    def loaded(self, stack: int) -> None:
        """The stack pointer was loaded with this value."""
        for activation in reversed(self.active):
            if activation.stack != stack:
                return
            activation.left = True

    # -- the stacks, if they are followed ----------------------------------------------------------

    def switched(self, left: Stack, entered: Stack) -> None:
        """The guest went to another stack; what is alive on the one it left stays so."""
        if self.active:
            self._elsewhere[left] = self.active
        self.stack = entered
        self.active = self._elsewhere.pop(entered, [])

    def innermost(self) -> int | None:
        """The stack pointer of the innermost activation on the present stack."""
        return self.active[-1].stack if self.active else None

    def abandon(self) -> None:
        """Of what is alive nothing will be heard any more."""
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
        """Drop what cannot be alive any more; True for a tail call."""
        self.unwind(stack)
        while self.active and self.active[-1].left and self.active[-1].site != site:
            self._unwound(self._pop())
        while self._standing(site, stack):
            if not called:
                return True
            self._unwound(self._pop())  # its call instruction ran again: it is not alive
        return False

    def _standing(self, site: int, stack: int) -> bool:
        """Give up what began within the innermost activation that is to return to ``site`` with
        this stack pointer; False when there is none."""
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
        self._publish(1)
        self.returns.expect(activation)

    def _pop(self) -> Activation:
        activation = self.active.pop()
        self._publish(-1)
        self.returns.done(activation)
        return activation

    def _publish(self, more: int) -> None:
        self.alive += more
        self.changed()

    # -- telling -----------------------------------------------------------------------------------

    def _call(
        self, listeners: Listeners, pc: int, location: int, tail: bool | None, caller: int
    ) -> int | None:
        """Call the hooks; ``tail`` is None where the activation is not to be kept."""
        hooks = [hook for hook in listeners.calls if self._holds(hook, pc)]
        if not hooks:
            return None
        guest = self.guest
        event = CallEvent(
            pc, guest.name(pc), location, None if tail is None else self.alive,
            guest.state, guest.memory, guest.call_abi, tail, guest.insns, guest.thread, caller,
            guest.code,
        )  # fmt: skip
        for hook in hooks:
            if hook in listeners.calls:
                self.guest.call(hook.call, event)
        return event.go_to

    def _holds(self, hook: Hook, pc: int) -> bool:
        return hook.when is None or hook.when.holds(self._slot, pc=pc)

    def _slot(self, name: str) -> int:
        """What a condition asks for: ``depth`` is that of this mechanism's activations."""
        return self.alive if name == DEPTH else self.guest.state.get(name)

    def _returned(self, activation: Activation) -> None:
        guest = self.guest
        listeners = self.functions.get(activation.function)
        if listeners is None:
            return
        if activation.returns:
            event = ReturnEvent(
                activation.function, guest.name(activation.function), activation.site,
                activation.depth, guest.state, guest.memory, guest.call_abi, guest.insns,
                guest.thread,
            )  # fmt: skip
            for hook in activation.returns:
                if hook in listeners.returns:
                    self.guest.call(hook.call, event)
        if activation.sinks:
            result = guest.state.get(guest.call_abi.result)
            self._tell(Kind.RETURN, activation, listeners, result=result)

    def _unwound(self, activation: Activation) -> None:
        listeners = self.functions.get(activation.function)
        if listeners is not None and activation.sinks:
            self._tell(Kind.UNWOUND, activation, listeners)

    def _tell(
        self, kind: Kind, activation: Activation, listeners: Listeners, result: int | None = None
    ) -> None:
        guest, pc = self.guest, activation.function
        record = Record(
            kind, pc, guest.name(pc), activation.site, activation.stack, activation.depth,
            guest.insns, thread=guest.thread, result=result, stack_id=activation.stack_id,
        )  # fmt: skip
        self._give(record, listeners, activation.sinks)

    def _record(
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
        self._give(record, listeners, sinks)

    def _give(self, record: Record, listeners: Listeners, sinks: Iterable[Hook]) -> None:
        """To those sinks that are not removed meanwhile."""
        for sink in sinks:
            if sink in listeners.sinks:
                self.guest.call(sink.call, record)

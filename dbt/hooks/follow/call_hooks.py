"""Calls the hooks of a call. It happens millions of times, so it is one function, and what it needs
of others is at hand."""

from collections.abc import Callable, Sequence

from dbt.hooks.callbacks.events import CallEvent, Guest
from dbt.hooks.follow.listeners import Hook, Listeners
from dbt.runtime.budget import Budget
from dbt.runtime.own_process import OwnProcess
from dbt.typing import Any, Protocol, TypeAlias

_new = object.__new__


class HookedGuest(Guest, Protocol):
    """What is needed of a process. While there are no ``helpers``, ``moment`` returns
    ``budget.base - budget.left.value`` and ``running or OwnProcess.id``, and takes longer."""

    budget: Budget
    running: int
    helpers: Any

    def moment(self) -> tuple[int, int]:
        """Guest instructions completed, and the id of the guest thread that runs."""

    def keep_failure(self, failure: BaseException) -> None:
        """Have ``run`` raise what a function of the user's has raised."""


Holds: TypeAlias = Callable[[Hook, int], bool]
"""Whether the condition of a hook holds at a pc."""
CallHooks: TypeAlias = Callable[
    [Listeners, int, int, bool | None, int | None, int | None], int | None
]
"""Calls the hooks of a call: of ``listeners``, at ``pc``, which returns to ``location``. ``tail``
and ``depth`` are None where the activation is not kept, ``caller`` where it is not known yet.
Returns the location that a hook wants instead, or None."""


def make_call_hooks(guest: HookedGuest, holds: Holds) -> CallHooks:
    """Make a function that calls the hooks of a guest's calls; ``holds`` evaluates conditions."""
    moment, keep_failure, name = guest.moment, guest.keep_failure, guest.name
    new, call_event, own = _new, CallEvent, OwnProcess
    budget, left = guest.budget, guest.budget.left

    def wanted(hooks: tuple[Hook, ...], pc: int) -> list[Hook]:
        return [hook for hook in hooks if holds(hook, pc)]

    def call_hooks(
        listeners: Listeners,
        pc: int,
        location: int,
        tail: bool | None,
        caller: int | None,
        depth: int | None,
    ) -> int | None:
        on_calls = listeners.on_calls
        hooks: Sequence[Hook] = on_calls
        if not listeners.always:
            hooks = wanted(on_calls, pc)
            if not hooks:
                return None
        symbol = listeners.symbol
        if not symbol:
            symbol = listeners.symbol = name(pc)
        # CallEvent(...) and moment() do the same, and take longer; a test compares the fields.
        event = new(call_event)
        event._guest, event.pc, event.symbol, event.return_to = guest, pc, symbol, location
        if guest.helpers is None:
            event.insns, event.thread = budget.base - left.value, guest.running or own.id
        else:
            event.insns, event.thread = moment()
        event._depth, event._tail, event._caller, event.go_to = depth, tail, caller, None
        for hook in hooks:
            if hooks is listeners.on_calls or hook in listeners.calls:
                function = hook.call
                try:
                    function(event)
                except BaseException as failure:
                    keep_failure(failure)
        return event.go_to

    return call_hooks

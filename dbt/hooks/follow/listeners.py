"""The functions of the user's that are called for the events of one watched function."""

from collections.abc import Callable
from typing import Any

import attrs

from dbt.hooks.points.conditions import Condition
from dbt.hooks.points.names import DEPTH


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
    by the name of the list. ``location`` is the function's, with the bits of its code's state."""

    location: int
    calls: list[Hook] = attrs.Factory(list)
    returns: list[Hook] = attrs.Factory(list)
    sinks: list[Hook] = attrs.Factory(list)
    always: bool = attrs.field(default=True, init=False)
    """No hook has a condition."""
    plain: bool = attrs.field(default=True, init=False)
    """There are hooks on calls alone, and none has a condition."""
    simple: bool = attrs.field(default=False, init=False)
    """It is plain, and no activation is kept."""
    symbol: str = attrs.field(default="", init=False)
    """The function's name, once an event has needed it."""
    on_calls: tuple[Hook, ...] = attrs.field(default=(), init=False)
    """A copy of ``calls``, which hooks may change."""
    counts: list[Hook] = attrs.field(factory=list, init=False)
    """The hooks whose activations are kept to their end; another list after each change."""

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
        self.counts = [hook for hook in hooks if hook.counts]
        self.plain = self.always and not (self.returns or self.sinks)
        self.simple = self.plain and not self.counts

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
            return self.counts
        return [hook for hook in self.counts if hook.matters(get, pc)]

    def has_one_of(self, hooks: list[Hook]) -> bool:
        """Whether one of these has not been removed."""
        return hooks is self.counts or any(hook in self for hook in hooks)

    def __contains__(self, hook: Hook) -> bool:
        return hook in self.calls or hook in self.returns or hook in self.sinks

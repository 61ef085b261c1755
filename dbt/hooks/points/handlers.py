"""Points: pcs, each with the handlers to call when control arrives there."""

from collections.abc import Callable

from dbt.typing import Any

Handler = Callable[[], int | None]
"""Called when control has arrived at the point, before its instruction. Returns a location where
the guest continues instead, or None."""
Remove = Callable[[], None]
"""Undoes what returned it."""


class Points:
    """Handlers by pc. ``changed(pc, present)`` is called when a pc gets its first handler and when
    it loses its last."""

    def __init__(self, changed: Callable[[int, bool], None]) -> None:
        self._changed = changed
        self.handlers: dict[int, list[Handler]] = {}
        """To be changed here alone."""
        self.pcs = self.handlers.keys()
        """All pcs that have a handler; a view that follows changes."""

    def add(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have ``handler`` called at ``pc``, behind the handlers that are there or, ``first``,
        before them. Returns what undoes it."""
        handlers = self.handlers.get(pc)
        if handlers is None:
            handlers = self.handlers[pc] = []
            self._changed(pc, True)
        handlers.insert(0 if first else len(handlers), handler)
        gone = False

        def remove() -> None:
            nonlocal gone
            if gone:
                return
            gone = True
            handlers.remove(handler)
            if not handlers:
                del self.handlers[pc]
                self._changed(pc, False)

        return remove

    def fire(self, pc: int) -> int | None:
        """Call the handlers of ``pc``, except those that are added or removed meanwhile. Returns
        the last location that one of them returned, or None."""
        handlers = self.handlers.get(pc, [])
        wanted = None
        for handler in list(handlers):
            if handler in handlers:
                location = handler()
                wanted = wanted if location is None else location
        return wanted


def take_out(hooks: list[Any], hook: Any) -> None:
    """Remove a hook from a list, if it is there."""
    if hook in hooks:
        hooks.remove(hook)

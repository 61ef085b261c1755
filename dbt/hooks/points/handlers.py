"""Points: pcs at which something is to happen, with those who asked for it."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[], int | None]
"""Called when control has arrived at the point, before its instruction. A location that it returns
is where the guest continues instead."""
Remove = Callable[[], None]
"""Undoes what returned it."""


class Points:
    """Handlers by pc; ``changed`` hears of the first that comes to a pc and the last that goes."""

    def __init__(self, changed: Callable[[int, bool], None]) -> None:
        self._changed = changed
        self._handlers: dict[int, list[Handler]] = {}
        self.pcs = self._handlers.keys()
        """All points, live."""

    def add(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have ``handler`` called at ``pc``, ``first`` before those there; undone by the result."""
        handlers = self._handlers.get(pc)
        if handlers is None:
            handlers = self._handlers[pc] = []
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
                del self._handlers[pc]
                self._changed(pc, False)

        return remove

    def fire(self, pc: int) -> int | None:
        """Call the handlers that stand at ``pc`` now and are not removed meanwhile; the location
        that the last one to name any wants, or None."""
        handlers = self._handlers.get(pc, [])
        wanted = None
        for handler in list(handlers):
            if handler in handlers:
                location = handler()
                wanted = wanted if location is None else location
        return wanted


def take_out(hooks: list[Any], hook: Any) -> None:
    """Remove a hook from a list; once is enough."""
    if hook in hooks:
        hooks.remove(hook)

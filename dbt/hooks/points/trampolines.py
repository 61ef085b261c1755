"""Trampolines: locations outside of guest memory at which control enters the host."""

from collections.abc import Callable

from dbt.hooks.points.handlers import Handler
from dbt.runtime.engine import Engine
from dbt.stops import UsageError


class Trampolines:
    """Trampolines and their handlers, by pc. ``locations`` are those that no program has code at.

    A trampoline that is removed while guest code runs stays until ``drop_removed``, because the
    running block may still lead to it.
    """

    def __init__(self, engine: Engine, locations: range) -> None:
        self._engine = engine
        self._locations = locations
        self._handlers: dict[int, Handler] = {}
        self._removed: dict[int, Handler] = {}
        self._free: list[int] = []
        self._next = locations.start

    def add(self, handler: Handler) -> tuple[int, Callable[[], None]]:
        """Make a trampoline. Returns its location and what removes it. Raises UsageError when
        there is no room."""
        pc = self._free.pop() if self._free else self._next
        if pc >= self._locations.stop:
            most = len(self._handlers) + len(self._removed)
            raise UsageError(f"no room for more than {most:,} functions with this mechanism")
        self._next = max(self._next, pc + self._locations.step)
        self._handlers[pc] = handler

        def remove() -> None:
            self._removed[pc] = self._handlers.pop(pc)
            if not self._engine.busy:
                self.drop_removed()

        return pc, remove

    def at(self, pc: int) -> Handler | None:
        """The handler of the trampoline at a pc, or None."""
        return self._handlers.get(pc) or self._removed.get(pc)

    def drop_removed(self) -> None:
        """Drop the removed trampolines. Control is elsewhere: nothing leads to them any more."""
        while self._removed:
            pc, _ = self._removed.popitem()
            self._free.append(pc)
            self._engine.discard_pc(pc)

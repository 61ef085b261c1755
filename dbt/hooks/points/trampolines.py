"""Locations outside of guest memory that guest code can be sent to, to enter the host."""

from collections.abc import Callable

from dbt.hooks.points.handlers import Handler
from dbt.runtime.engine import Engine
from dbt.stops import UsageError

FIRST = 0xFFFF2000
"""Above all that Linux gives a program, behind the kernel helper page."""
END = 1 << 32


class Trampolines:
    """Trampolines and their handlers, by pc.

    One that is given up while a block runs that may lead to it stays until control is elsewhere.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handlers: dict[int, Handler] = {}
        self._left: dict[int, Handler] = {}
        self._free: list[int] = []
        self._next = FIRST

    def add(self, handler: Handler) -> tuple[int, Callable[[], None]]:
        """Where control will call ``handler``, and what removes it. Raises UsageError when there
        is no room."""
        pc = self._free.pop() if self._free else self._next
        if pc >= END:
            most = len(self._handlers) + len(self._left)
            raise UsageError(f"no room for more than {most:,} functions with this mechanism")
        self._next = max(self._next, pc + 4)
        self._handlers[pc] = handler

        def remove() -> None:
            self._left[pc] = self._handlers.pop(pc)
            if not self._engine.busy:
                self.control_is_elsewhere()

        return pc, remove

    def at(self, pc: int) -> Handler | None:
        """What stands at a pc."""
        return self._handlers.get(pc) or self._left.get(pc)

    def control_is_elsewhere(self) -> None:
        """Nothing leads to those given up any more."""
        while self._left:
            pc, _ = self._left.popitem()
            self._free.append(pc)
            self._engine.discard_pc(pc)

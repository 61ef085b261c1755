"""Stubs: blocks that enter the host, in place of the guest's own at a hooked pc."""

from functools import reduce

from dbt.hooks.points.handlers import Handler, Points, Remove
from dbt.hooks.points.trampolines import Trampolines
from dbt.interfaces import Pass
from dbt.ir.block import CONTINUED, HOOK_CONDITION_PASSED, HOOKED, Block, BlockKey, Branch, Hook
from dbt.runtime.engine import Engine
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.hooks.points.conditions import Conditions


class Stubs:
    """The handlers that stubs lead to, by pc, each with the conditions under which it is called.

    ``least`` is the size of the shortest instruction, in bytes.
    """

    def __init__(self, engine: Engine, trampolines: Trampolines, least: int) -> None:
        self._engine = engine
        self._least = least
        self._trampolines = trampolines
        self._points = Points(self.changed)
        self._conditions: dict[int, dict[Handler, Conditions]] = {}
        self.passes: list[Pass] = []
        """Run on stubs, too."""
        self.fire, self.handlers = self._points.fire, self._points.handlers

    def add(self, pc: int, handler: Handler, *, first: bool, when: "Conditions") -> Remove:
        """Have the block at ``pc`` enter the host, always or ``when`` one of these holds. Returns
        what undoes it."""
        conditions = self._conditions.setdefault(pc, {})
        conditions[handler] = when
        remove = self._points.add(pc, handler, first=first)
        self._engine.discard_pc(pc)  # a stub there may test the conditions of others only

        def undo() -> None:
            conditions.pop(handler, None)
            remove()
            self._engine.discard_pc(pc)

        return undo

    def changed(self, pc: int, present: bool) -> None:
        """``pc`` has got its first handler or lost its last: have a block begin there, or no
        longer, and drop the translations that contain it."""
        (self._engine.add_boundary if present else self._engine.remove_boundary)(pc)
        self._engine.discard_pc(pc)

    def block(self, key: BlockKey) -> Block | None:
        """Returns the stub or the trampoline's block for a key, or None for the guest's own block.
        Raises GuestFault where the guest may not execute."""
        pc = key.pc
        if self._trampolines.at(pc) is not None:
            return Block(key, [], Hook(key))
        if pc not in self._points.pcs or key.mode & CONTINUED:
            return None
        stub = self._stub(key)
        for pass_ in self.passes:
            pass_.run(stub)
        return stub

    def _stub(self, key: BlockKey) -> Block:
        pc = key.pc
        self._engine.memory.fetch(pc, self._least)
        resume = BlockKey(pc, key.mode & ~HOOK_CONDITION_PASSED | HOOKED)
        wanted = self._conditions[pc].values()
        if key.mode & HOOK_CONDITION_PASSED or any(conditions is None for conditions in wanted):
            return Block(key, [], Hook(resume))
        from dbt.ir.builder import Builder

        emit = Builder([])
        holds = [one.compile(emit, pc=pc) for conditions in wanted for one in conditions or ()]
        enter = key.with_mode(HOOK_CONDITION_PASSED)
        return Block(key, emit.insts, Branch(reduce(emit.or_, holds), enter, resume))

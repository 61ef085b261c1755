"""Stub blocks: at a hooked pc the guest's own block gives way to one that enters the host."""

from functools import reduce

from dbt.hooks.points.conditions import Conditions
from dbt.hooks.points.handlers import Handler, Points, Remove
from dbt.hooks.points.trampolines import Trampolines
from dbt.ir.block import CONTINUED, HOOK_CONDITION_PASSED, HOOKED, Block, BlockKey, Branch, Hook
from dbt.ir.builder import Builder
from dbt.runtime.engine import Engine


class Stubs:
    """Handlers that stubs lead to, by pc, each with the conditions under which it wants to be
    called."""

    def __init__(self, engine: Engine, trampolines: Trampolines) -> None:
        self._engine = engine
        self._trampolines = trampolines
        self._points = Points(self.changed)
        self._conditions: dict[int, dict[Handler, Conditions]] = {}
        self.fire = self._points.fire

    def add(self, pc: int, handler: Handler, *, first: bool, when: Conditions) -> Remove:
        """Make the block at ``pc`` enter the host, always or ``when`` one of some conditions
        holds. Returns what undoes it."""
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
        """A point was set, or the last one removed: a block begins at ``pc``, and is made anew."""
        (self._engine.add_boundary if present else self._engine.remove_boundary)(pc)
        self._engine.discard_pc(pc)

    def block(self, key: BlockKey) -> Block | None:
        """The stub to run instead of the guest's block, or the block of a trampoline; None for the
        guest's own. Raises GuestFault where the guest may not execute."""
        pc = key.pc
        if self._trampolines.at(pc) is not None:
            return Block(key, [], Hook(key))
        if pc not in self._points.pcs or key.mode & CONTINUED:
            return None
        self._engine.memory.fetch(pc, 2)
        resume = BlockKey(pc, key.mode & ~HOOK_CONDITION_PASSED | HOOKED)
        wanted = self._conditions[pc].values()
        if key.mode & HOOK_CONDITION_PASSED or any(conditions is None for conditions in wanted):
            return Block(key, [], Hook(resume))
        emit = Builder([])
        holds = [one.compile(emit, pc=pc) for conditions in wanted for one in conditions or ()]
        enter = key.with_mode(HOOK_CONDITION_PASSED)
        return Block(key, emit.insts, Branch(reduce(emit.or_, holds), enter, resume))

"""Points at which the block itself calls a native function: used by the mechanism ``helper``."""

from collections.abc import Callable
from functools import partial

import attrs

from dbt.hooks.points.handlers import Handler, Points
from dbt.ir.block import CONDITION_PASSED, Block
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN
from dbt.runtime.functions import Functions
from dbt.runtime.resume import Resume
from dbt.stops import UsageError


@attrs.define(eq=False)
class CallHelpers:
    """Begins the blocks at some pcs with a call.

    insn 0x8000 4    =>    insn 0x8000 4
                           invoke hook.0x8000 0x1
    """

    helpers: "Helpers"

    def concerns(self, pc: int, end: int) -> bool:
        """See ``Selective``."""
        del end
        return pc in self.helpers.points.pcs

    def run(self, block: Block) -> None:
        """Insert the call, if there is a point at the block's pc."""
        key = block.key
        if key.pc not in self.helpers.points.pcs or key.mode & CONDITION_PASSED:
            return
        calls = Builder([])
        calls.invoke(self.helpers.name(key.pc), calls.const(block.insn_count))
        at = 1 if block.insts and block.insts[0].op is INSN else 0
        block.insts[at:at] = calls.insts


class Helpers:
    """Points whose handlers translated code invokes.

    ``counted``: instructions by which ``executed`` is too high while handlers run (the block's own,
    which are counted when it begins).
    """

    def __init__(
        self,
        functions: Functions,
        executed: Callable[[], int],
        changed: Callable[[int, bool], None],
        take_failure: Callable[[], BaseException | None],
        resume: Resume,
    ) -> None:
        self._functions = functions
        self._executed = executed
        self._take_failure = take_failure
        self._resume = resume
        self.points = Points(changed)
        self.counted = 0

    def name(self, pc: int) -> str:
        """The name of the function that is invoked at ``pc``."""
        return f"hook.{pc:#x}"

    def add(self, pc: int, handler: Handler, *, first: bool) -> Callable[[], None]:
        """Have ``handler`` called at ``pc``. Returns what undoes it."""
        if pc not in self.points.pcs:
            self._functions.define(self.name(pc), partial(self._invoked, pc))
        return self.points.add(pc, handler, first=first)

    def _invoked(self, pc: int, _environment: int, counted: int) -> None:
        self.counted = counted
        moment = (pc, self._executed() - self.counted)
        try:
            wanted = None if moment == self._resume.helper else self.points.fire(pc)
        finally:
            self.counted = 0
        self._resume.helper = moment
        failure = self._take_failure()
        if failure is not None:
            raise failure
        if wanted is not None:
            raise UsageError("the mechanism helper cannot skip or redirect a call")

"""``trap``: a breakpoint instruction is written over the function's first one.

How it works
    What a debugger does: ``bkpt`` replaces the instruction at a watched pc and, once learned, at
    the return sites. When it traps, the host is entered; the instruction that belongs there is then
    executed by itself, and the guest continues behind it.
What it costs
    Two visits to the host, each with one instruction evaluated in Python. The page is written, so
    its translations are dropped for each breakpoint set or removed.
What it cannot see
    It is not transparent: a program that reads or checksums its own code sees the breakpoints, one
    that writes over them loses them. Breakpoints differ by the state of the code, which it takes
    from the location: one for the wrong state (Thumb code without a symbol, given by an even
    address; a return to Thumb code by a link register without bit 0) spoils the code. Otherwise as
    ``dispatch``. A ``bkpt`` that the program brings itself is the program's.
"""

from collections.abc import Callable

from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.mechanisms.base import Machine
from dbt.hooks.points import Handler


class Trap(AtSites):
    """Breakpoints at entries and learned return sites."""

    name = "trap"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._locations: dict[int, int] = {}
        """Those of entries and sites, by pc: breakpoints differ by the state of the code."""

    def watch(self, pc: int) -> None:
        self._locations[pc] = self.location(pc)
        super().watch(pc)

    def expect(self, activation: Activation) -> None:
        self._locations[activation.site] = activation.location
        super().expect(activation)

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.breakpoint(self._locations[pc], handler, first=first)

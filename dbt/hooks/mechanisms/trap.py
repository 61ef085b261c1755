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
    that writes over them loses them. Otherwise as ``dispatch``. A ``bkpt`` that the program brings
    itself is the program's.
"""

from collections.abc import Callable

from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.points import Handler


class Trap(AtSites):
    """Breakpoints at entries and learned return sites."""

    name = "trap"

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.breakpoint(pc, handler, first=first)

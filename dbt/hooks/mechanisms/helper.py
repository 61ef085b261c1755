"""``helper``: the function's first block calls a separately compiled function.

How it works
    The block at a watched pc, and those at learned return sites, begin with an ``invoke``: a call
    of a native function through a table, from the code cache, without leaving it. (The helpers of
    the 2010 post and of TCG, PANDA's callbacks in a block, Pin's analysis routines.) Here the
    function leads to Python, for the same events as everywhere; ``dbt.hooks.Callback`` makes
    functions that stay compiled.
What it costs
    Two calls out of compiled code per call and return, cheaper than leaving it; guest registers
    that live in host registers are written before and read again after. A translation of the few
    blocks concerned. Chaining stays as it is.
What it cannot see
    As ``dispatch``. It cannot act on control flow, for the block continues: a hook may change
    registers and memory, but not skip a call or redirect it (which ends the run with an error); a
    request to stop takes effect at the end of the block, and so does a hook set in the block that
    runs. A function whose first instruction faults and is tried again is reported once only if
    nothing was executed in between.
"""

from collections.abc import Callable

from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.points import Handler


class Helper(AtSites):
    """Invoked functions at entries and learned return sites."""

    name = "helper"

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.helper(pc, handler, first=first)

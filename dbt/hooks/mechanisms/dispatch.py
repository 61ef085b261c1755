"""``dispatch``: the dispatcher looks out for the pc, and nothing is chained into it.

How it works
    The idea of 2010 that this project began with: check ``pc`` in the execution loop before a block
    runs, and do not link the blocks of interest, so that each entry passes the loop. Return sites
    are learned when the function is entered and looked out for in the same way. Only edges into
    watched pcs lose their links; a watched pc begins a block.
What it costs
    A trip through the dispatcher and a visit to the host per call and per return. A table entry per
    watched pc: no block is translated again unless one runs across the pc. Nothing anywhere else.
What it cannot see
    Whether a call instruction led here: a function that is called again from the same site with the
    same stack pointer, after a longjmp gave up its earlier activation, looks like a tail call.
    Where the stack pointer was meanwhile: a longjmp, or another way to give frames up, is noticed
    at the next event, and not at all when the stack has grown again by then; ``depth`` counts such
    frames too. A longjmp, or an exception, into the frame that had made the call leaves the pointer
    where it was at the call: what is entered next seems to be called by the function given up.
    Which stack the pointer is on: leaving for a higher one (a coroutine, a handler on an alternate
    stack) looks like unwinding.
"""

from collections.abc import Callable

from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.points import Handler


class Dispatch(AtSites):
    """Watched pcs in the dispatcher."""

    name = "dispatch"

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.watch(pc, handler, first=first)

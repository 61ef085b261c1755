"""``backend``: every block begins with a probe that the backend emits.

How it works
    The code generator puts a probe in front of every block: a test of the block's flag. Watching a
    pc sets the flags of the blocks there. The IR knows nothing of it. Return sites are learned when
    the function is entered, and get a probe too. (The fifth place that the 2010 post names; QEMU's
    check of ``icount`` and exit requests at the head of each block is of this kind.)
What it costs
    A load, a test and a branch per *block* of the whole program; two visits to the host per watched
    call and return. Everything is translated again with the first hook and with the last, nothing
    in between. Chaining stays as it is.
What it cannot see
    As ``dispatch``.
"""

from collections.abc import Callable

from dbt.hooks.mechanisms.at_sites import AtSites
from dbt.hooks.points import Handler


class BackendProbe(AtSites):
    """Probes in front of every block."""

    name = "backend"

    def point(self, pc: int, handler: Handler, *, first: bool = False) -> Callable[[], None]:
        return self.machine.probe(pc, handler, first=first)

"""Dumps by stage, in the manner of QEMU's ``-d``: named items, an address filter, one output."""

import sys
from collections.abc import Iterable
from typing import TextIO

from dbt.stops import UsageError

ITEMS = {
    "in_asm": "guest instructions of each block as it is translated",
    "ir": "IR as lifted",
    "ir_instr": "IR after the instrumentation passes",
    "ir_opt": "IR after the optimisation passes",
    "bytecode": "tier-0 bytecode of each installed block",
    "llvm": "LLVM IR of compiled blocks",
    "out_asm": "host code of compiled blocks",
    "exec": "every return to the dispatcher: event and pc",
    "chain": "changes of the chain policy and invalidations",
    "strace": "system calls (also -strace)",
}


class Log:
    """Where dumps go. ``wants(item, pc)`` is asked before any text is made."""

    def __init__(
        self,
        items: Iterable[str] = (),
        out: TextIO | None = None,
        ranges: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.items = frozenset(items)
        unknown = self.items - ITEMS.keys()
        if unknown:
            raise UsageError(f"unknown dump item {sorted(unknown)[0]!r}; known: {', '.join(ITEMS)}")
        self._out = out
        self.ranges = tuple(ranges)

    @property
    def out(self) -> TextIO:
        """The stream dumps are written to."""
        return self._out or sys.stderr

    def wants(self, item: str, pc: int | None = None) -> bool:
        """True when ``item`` is dumped, for this pc if one is given."""
        if item not in self.items:
            return False
        return pc is None or not self.ranges or any(a <= pc < b for a, b in self.ranges)

    def write(self, item: str, text: str) -> None:
        """Write one dump, headed by its item."""
        print(f"-- {item}\n{text}", file=self.out, flush=True)


QUIET = Log()

"""Dumps of stages, as QEMU's ``-d`` makes them: named items, an address filter, one output."""

import sys
from collections.abc import Iterable

from dbt import choices
from dbt.stops import UsageError
from dbt.streams import write_lines
from dbt.typing import Any, TextIO

ITEMS = {
    "in_asm": "guest instructions of each block as it is translated",
    "ir": "IR as lifted",
    "ir_instr": "IR after the instrumentation passes",
    "ir_opt": "IR after the optimisation passes",
    "copied": "host code that tier 0 copies for a block's instructions",
    "llvm": "LLVM IR of compiled blocks",
    "out_asm": "host code of compiled blocks",
    "exec": "pc and symbol of every block that is executed, as it begins",
    "dispatch": "every return to the dispatcher: event and pc",
    "chain": "changes of the chain policy and invalidations",
    "strace": "system calls (also -strace)",
}


class Log:
    """Writes the dumps that a user wants. Callers ask ``wants(item, pc)`` before they make a text.

    ``items`` are names of ``ITEMS``, which may be separated by commas. ``ranges`` are pairs of
    addresses, the first one and the one past the last. Raises UsageError.
    """

    def __init__(
        self,
        items: Iterable[str] | str = (),
        out: TextIO | None = None,
        ranges: Iterable[tuple[int, int]] = (),
    ) -> None:
        if isinstance(items, str):
            items = filter(None, items.split(","))
        self.items = frozenset(choices.one_of("dump item", item, ITEMS) for item in items)
        if out is not None and not hasattr(out, "write"):
            raise UsageError(f"out is an open file, not {choices.shown(out)}")
        self._out = out
        self.ranges = tuple(map(_bounds, ranges))

    @property
    def out(self) -> TextIO:
        """The stream that dumps are written to."""
        return self._out or sys.stderr

    def wants(self, item: str, pc: int | None = None) -> bool:
        """True when ``item`` is dumped, for this pc if one is given."""
        if item not in self.items:
            return False
        return pc is None or not self.ranges or any(a <= pc < b for a, b in self.ranges)

    def write_line(self, item: str, text: str) -> None:
        """Write a dump of one line, which begins with its item."""
        write_lines(self.out, f"-- {item} {text}")

    def write(self, item: str, text: str) -> None:
        """Write one dump, after a line with its item."""
        write_lines(self.out, f"-- {item}\n{text}")


def _bounds(given: Any) -> tuple[int, int]:
    try:
        first, end = given
    except (TypeError, ValueError):
        raise UsageError(f"a range is a pair of addresses, not {choices.shown(given)}") from None
    first = choices.whole("a range's first address", first, most=choices.WORD)
    end = choices.whole("a range's end", end, most=choices.WORD + 1)
    if first >= end:
        raise UsageError(f"a range begins before it ends, not {first:#x}..{end:#x}")
    return first, end


QUIET = Log()

"""Packets about breakpoints and watchpoints: ``Z`` and ``z``."""

from dbt.gdb.breakpoints import Breakpoints
from dbt.gdb.context import INVALID, OK, UNSUPPORTED, Answer
from dbt.gdb.packets import number
from dbt.gdb.watchpoints import NAMES, Watchpoint, Watchpoints

_BREAKPOINTS = (0, 1)
_MOST_WATCHED = 1 << 16
"""Bytes of a watchpoint."""


class Points:
    """Inserts and removes breakpoints and watchpoints."""

    def __init__(self, breakpoints: Breakpoints, watchpoints: Watchpoints) -> None:
        self._breakpoints, self._watchpoints = breakpoints, watchpoints
        self.answers: dict[bytes, Answer] = {
            b"Z": lambda rest: self._change(rest, present=True),
            b"z": lambda rest: self._change(rest, present=False),
        }

    def _change(self, rest: bytes, *, present: bool) -> bytes:
        kind, *operands = rest.split(b";", 1)[0].split(b",")
        if len(operands) != 2:
            return INVALID
        which, address, size = number(kind), number(operands[0]), number(operands[1])
        if which in _BREAKPOINTS:
            change = self._breakpoints.insert if present else self._breakpoints.remove
            change(which, address)
            return OK
        if which not in NAMES:
            return UNSUPPORTED
        if not 0 < size <= _MOST_WATCHED:
            return INVALID
        watchpoint = Watchpoint(which, address, size)
        if present:
            self._watchpoints.insert(watchpoint)
        else:
            self._watchpoints.remove(watchpoint)
        return OK

"""The call tree for a terminal, as it happens, one line per call.

         insns
                main(0x1, 0x407ffe44, 0x407ffe4c, 0x0) {
             7    helper(0x3, 0x0, 0x0, 0x0) = 0x2d0a4b9
                  <write(1,"hello\\12",6) = 6>
            95  } main = 0x0

On the left the guest instructions spent in a call, inclusive, once it is over. ``->`` marks a tail
call, ``<...>`` a system call. The four argument registers are shown whatever the function takes.
"""

from typing import TextIO

from dbt.hooks.outputs.base import Program, clean
from dbt.hooks.outputs.calltree import CallTree, End, Frame
from dbt.hooks.records import Kind, Record
from dbt.text import NAME

_WIDTH = 14
_STEP = "  "
Line = tuple[int, int]
"""Thread and lane."""


class Tree:
    """Writes a line when a call is over, or when something happens inside it."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out = out
        self._describe = program.syscall
        self._before: dict[Line, str] = {}
        self._tree = CallTree(self, program.start)
        self._level: dict[Line, int] = {}
        self._waiting: Frame | None = None
        self._shown: Line | None = None

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if self._shown is None:
            self._out.write(f"{'insns':>{_WIDTH}}\n")
            self._shown = record.line
        self._tree.feed(record)
        if record.kind is Kind.SYSCALL:
            self._before[record.line] = self._describe(record, None)

    def finish(self, end: int) -> None:
        """Close what is open."""
        self._tree.finish(end)
        self._out.flush()

    def opened(self, frame: Frame) -> None:
        """Wait: if it is over before anything else happens, one line is enough."""
        self._flush()
        self._waiting = frame
        self._switch(frame.call.line)

    def closed(self, frame: Frame) -> None:
        """Write how it ended."""
        line = frame.call.line
        outcome = _outcome(frame)
        if self._waiting is frame:
            self._waiting = None
            self._write(line, f"{_head(frame)}{outcome}", frame.inclusive)
        else:
            self._flush()
            self._switch(line)
            self._level[line] -= 1
            name = clean(frame.call.symbol, NAME)
            self._write(line, f"}} {name}{outcome}", frame.inclusive)

    def syscall(self, call: Record, result: int | None) -> None:
        """Write it: as it is now, or as it was when it began if it did not return."""
        self._flush()
        self._switch(call.line)
        before = self._before.pop(call.line, call.symbol)
        text = before if result is None else self._describe(call, result)
        self._write(call.line, f"<{clean(text)}>")

    def _flush(self) -> None:
        frame, self._waiting = self._waiting, None
        if frame is not None:
            line = frame.call.line
            self._write(line, f"{_head(frame)} {{")
            self._level[line] = self._level.get(line, 0) + 1

    def _switch(self, line: Line) -> None:
        if line != self._shown:
            self._shown = line
            thread, lane = line
            coroutine = f", coroutine {lane}" if lane else ""
            self._out.write(f"{'':{_WIDTH}}  [thread {thread}{coroutine}]\n")

    def _write(self, line: Line, text: str, insns: int | None = None) -> None:
        cost = "" if insns is None else str(insns)
        indent = _STEP * self._level.get(line, 0)
        self._out.write(f"{cost:>{_WIDTH}}  {indent}{text}\n")


def _head(frame: Frame) -> str:
    arrow = "-> " if frame.tail else ""
    return f"{arrow}{clean(frame.call.symbol, NAME)}({', '.join(map(hex, frame.call.arguments))})"


def _outcome(frame: Frame) -> str:
    match frame.end:
        case End.UNWOUND:
            return " unwound"
        case End.OPEN:
            return " still running"
    return "" if frame.result is None else f" = {frame.result:#x}"

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
Strand = tuple[int, int]
"""A thread and one of its stacks (``Record.strand``)."""


class Tree:
    """Writes a line when a call is over, or when something happens inside it."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out = out
        self._describe = program.syscall
        self._before: dict[Strand, str] = {}
        self._tree = CallTree(self, program.start)
        self._level: dict[Strand, int] = {}
        self._unwritten: Frame | None = None
        self._shown: Strand | None = None

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if self._shown is None:
            self._out.write(f"{'insns':>{_WIDTH}}\n")
            self._shown = record.strand
        self._tree.feed(record)
        if record.kind is Kind.SYSCALL:
            self._before[record.strand] = self._describe(record, None)

    def finish(self, end: int) -> None:
        """Close what is open."""
        self._tree.finish(end)
        self._out.flush()

    def opened(self, frame: Frame) -> None:
        """Remember it: if the call ends before anything else happens, it gets one line."""
        self._flush()
        self._unwritten = frame
        self._switch(frame.call.strand)

    def closed(self, frame: Frame) -> None:
        """Write how it ended."""
        strand = frame.call.strand
        outcome = _outcome(frame)
        if self._unwritten is frame:
            self._unwritten = None
            self._write(strand, f"{_head(frame)}{outcome}", frame.inclusive)
        else:
            self._flush()
            self._switch(strand)
            self._level[strand] -= 1
            name = clean(frame.call.symbol, NAME)
            self._write(strand, f"}} {name}{outcome}", frame.inclusive)

    def syscall(self, call: Record, result: int | None) -> None:
        """Write the call as it is now; if it did not return, as it was when it began."""
        self._flush()
        self._switch(call.strand)
        before = self._before.pop(call.strand, call.symbol)
        text = before if result is None else self._describe(call, result)
        self._write(call.strand, f"<{clean(text)}>")

    def _flush(self) -> None:
        frame, self._unwritten = self._unwritten, None
        if frame is not None:
            strand = frame.call.strand
            self._write(strand, f"{_head(frame)} {{")
            self._level[strand] = self._level.get(strand, 0) + 1

    def _switch(self, strand: Strand) -> None:
        if strand != self._shown:
            self._shown = strand
            thread, stack_id = strand
            coroutine = f", coroutine {stack_id}" if stack_id else ""
            self._out.write(f"{'':{_WIDTH}}  [thread {thread}{coroutine}]\n")

    def _write(self, strand: Strand, text: str, insns: int | None = None) -> None:
        cost = "" if insns is None else str(insns)
        indent = _STEP * self._level.get(strand, 0)
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

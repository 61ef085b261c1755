"""A trace for Perfetto and chrome://tracing: every call on a time line of guest instructions.

Trace Event Format, JSON object form. A time stamp is the number of guest instructions completed, so
one "microsecond" on the screen is one instruction. Calls are ``B`` and ``E`` events, balanced and
nested per track, which is a thread or a coroutine of it; system calls are instants. ``args.end`` of
an ``E`` says why a call did not return: ``unwound``, or ``open`` where the run ended inside it.
"""

import json
from typing import Any, TextIO

from dbt.hooks.outputs.base import Program, clean
from dbt.hooks.outputs.calltree import CallTree, End, Frame
from dbt.hooks.records import Kind, Record

_PID = 1
_COROUTINES = 1 << 30
"""No thread of Linux has such an id (FUTEX_TID_MASK)."""


class Chrome:
    """Writes events as they come."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out = out
        self._describe = program.syscall
        self._before: dict[tuple[int, int], str] = {}
        self._tree = CallTree(self, program.start)
        self._tracks: dict[tuple[int, int], int] = {}
        self._separator = '{"displayTimeUnit": "ns", "traceEvents": [\n'
        self._event("M", "process_name", args={"name": " ".join(map(clean, program.command))})

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if record.strand not in self._tracks:
            self._tracks[record.strand] = self._new_track(record)
            name = f"guest thread {record.thread}"
            name += f", coroutine {record.stack_id}" if record.stack_id else ""
            self._event("M", "thread_name", self._track(record), args={"name": name})
        self._tree.feed(record)
        if record.kind is Kind.SYSCALL:
            self._before[record.strand] = self._describe(record, None)

    def finish(self, end: int) -> None:
        """End all calls, then the file."""
        self._tree.finish(end)
        unit = {"unit of time": "guest instructions"}
        self._out.write(f'\n], "otherData": {json.dumps(unit)}}}\n')

    def opened(self, frame: Frame) -> None:
        """Begin a slice."""
        call = frame.call
        args: dict[str, object] = {"arguments": [*map(hex, call.arguments)]}
        if call.caller:
            args["caller"] = hex(call.caller)
        category = "tail_call" if frame.tail else "call"
        self._event("B", call.symbol, self._track(call), cat=category, ts=call.insns, args=args)

    def closed(self, frame: Frame) -> None:
        """End a slice."""
        args: dict[str, object] = {}
        if frame.result is not None:
            args["result"] = hex(frame.result)
        if frame.end is not End.RETURNED:
            args["end"] = frame.end.value
        track = self._track(frame.call)
        self._event("E", frame.call.symbol, track, ts=frame.ended, args=args)

    def syscall(self, call: Record, result: int | None) -> None:
        """An instant."""
        before = self._before.pop(call.strand, call.symbol)
        text = before if result is None else self._describe(call, result)
        args, track = {"call": clean(text)}, self._track(call)
        self._event("i", call.symbol, track, cat="syscall", ts=call.insns, s="t", args=args)

    def _track(self, record: Record) -> int:
        return self._tracks[record.strand]

    def _new_track(self, record: Record) -> int:
        """The thread's id, or for a coroutine one that no thread has."""
        if not record.stack_id:
            return record.thread
        return _COROUTINES + len(self._tracks)

    def _event(self, phase: str, name: str, track: int = 0, **rest: Any) -> None:
        event = {"name": name, "ph": phase, "pid": _PID, "tid": track, **rest}
        self._out.write(self._separator + json.dumps(event))
        self._separator = ",\n"

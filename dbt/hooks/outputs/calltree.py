"""Folds a record stream into frames with costs: the model that most outputs share.

Every CALL or TAIL_CALL opens a ``Frame`` and every frame is closed exactly once, innermost first:
what listeners get is always balanced.

- RETURN and UNWOUND close the innermost frame of the same activation, after the frames that are
  still open above it, which close as unwound. They are ignored where the activation was never seen
  (the stream began inside it).
- The depth of a CALL is the number of activations alive below it. Frames that cannot be among them
  are closed first, as unwound: their end is missing from the stream.
- Frames that are open when the stream ends are closed as ``OPEN``.

There is a list of frames per *strand*, which is a thread and one of its stacks, because coroutines
return in another order than they were called. Depths say nothing where a thread has several stacks;
mechanisms that follow the stacks report every end.

Instructions completed between two records count for the innermost frame of the strand that makes
the second one, those after the last record for the strand of that record. Time does not run
backwards: a record with an earlier time gets that of the record before it. A tail call opens a
frame inside the frame that made it, because both are alive until they return together. The sum of
all ``self_cost`` and ``outside`` is the length of the run.
"""

import enum
from collections import Counter

import attrs

from dbt.hooks.records import Kind, Record
from dbt.typing import Protocol

CALLS = (Kind.CALL, Kind.TAIL_CALL)
ENDS = (Kind.RETURN, Kind.UNWOUND)


class End(enum.Enum):
    """How a frame was left."""

    RETURNED = "returned"
    UNWOUND = "unwound"
    OPEN = "open"


@attrs.define(eq=False)
class Frame:
    """One activation. Costs are guest instructions, complete when the frame is closed."""

    call: Record
    parent: "Frame | None"
    recursive: bool
    """Whether the same function was active in this strand already."""
    self_cost: int = 0
    inner_cost: int = 0
    """Inclusive cost of the frames called from here."""
    end: End = End.OPEN
    ended: int = 0
    """Guest instructions completed when it was closed."""
    result: int | None = None

    @property
    def inclusive(self) -> int:
        """The frame's own cost and that of everything called from it."""
        return self.self_cost + self.inner_cost

    @property
    def tail(self) -> bool:
        """Entered by a tail call."""
        return self.call.kind is Kind.TAIL_CALL


class Listener(Protocol):
    """Receives what happens in a stream, in order."""

    def opened(self, frame: Frame) -> None: ...
    def closed(self, frame: Frame) -> None: ...
    def syscall(self, call: Record, result: int | None) -> None:
        """A system call. ``result`` is None if the thread's next record is not its return."""


@attrs.define
class _Strand:
    frames: list[Frame] = attrs.field(factory=list)
    active: Counter[tuple[int, str]] = attrs.field(factory=Counter)
    pending: Record | None = None
    """A system call whose return has not been seen."""
    alone: bool = True
    """Whether it is the only strand of its thread."""


class CallTree:
    """Folds records into frames. ``outside`` counts instructions completed outside every frame."""

    def __init__(self, listener: Listener, start: int = 0) -> None:
        self._listener = listener
        self._strands: dict[tuple[int, int], _Strand] = {}
        self._running = _Strand()
        self.now = start
        self.outside = 0

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if record.insns < self.now:
            record = attrs.evolve(record, insns=self.now)
        strand = self._strands.get(record.strand)
        if strand is None:
            strand = self._begin(record)
        self._running = strand
        self._advance(strand, record.insns)
        if strand.pending is not None:
            if record.kind is Kind.SYSCALL_RETURN and record.function == strand.pending.function:
                call, strand.pending = strand.pending, None
                self._listener.syscall(call, record.result)
                return
            self._give_up(strand)
        if record.kind in CALLS:
            self._open(strand, record)
        elif record.kind in ENDS:
            self._leave(strand, record)
        elif record.kind is Kind.SYSCALL:
            strand.pending = record
        else:
            self._listener.syscall(record, record.result)

    def _begin(self, record: Record) -> _Strand:
        strand = self._strands[record.strand] = _Strand()
        of_thread = [self._strands[key] for key in self._strands if key[0] == record.thread]
        for one in of_thread:
            one.alone = len(of_thread) == 1
        return strand

    def finish(self, end: int) -> None:
        """The stream has ended: close everything."""
        self._advance(self._running, end)
        for strand in self._strands.values():
            self._give_up(strand)
            while strand.frames:
                self._close(strand, End.OPEN)

    def _advance(self, strand: _Strand, insns: int) -> None:
        spent = insns - self.now
        if spent <= 0:
            return
        self.now = insns
        if strand.frames:
            strand.frames[-1].self_cost += spent
        else:
            self.outside += spent

    def _give_up(self, strand: _Strand) -> None:
        if strand.pending is not None:
            call, strand.pending = strand.pending, None
            self._listener.syscall(call, None)

    def _open(self, strand: _Strand, call: Record) -> None:
        # A tail call may have the depth of the frame that it replaces.
        limit = call.depth + (call.kind is Kind.TAIL_CALL)
        while strand.alone and strand.frames and strand.frames[-1].call.depth >= limit:
            self._close(strand, End.UNWOUND)
        key = call.function, call.symbol
        parent = strand.frames[-1] if strand.frames else None
        frame = Frame(call, parent, strand.active[key] > 0)
        strand.frames.append(frame)
        strand.active[key] += 1
        self._listener.opened(frame)

    def _leave(self, strand: _Strand, record: Record) -> None:
        found = _innermost(strand.frames, record)
        if found is None:
            return
        while len(strand.frames) > found + 1:
            self._close(strand, End.UNWOUND)
        strand.frames[-1].result = record.result
        self._close(strand, End.RETURNED if record.kind is Kind.RETURN else End.UNWOUND)

    def _close(self, strand: _Strand, end: End) -> None:
        frame = strand.frames.pop()
        strand.active[frame.call.function, frame.call.symbol] -= 1
        frame.end = end
        frame.ended = self.now
        if frame.parent is not None:
            frame.parent.inner_cost += frame.inclusive
        self._listener.closed(frame)


def _innermost(frames: list[Frame], record: Record) -> int | None:
    """The index of the innermost frame of a record's activation."""
    wanted = record.function, record.site, record.stack
    for index in range(len(frames) - 1, -1, -1):
        call = frames[index].call
        if (call.function, call.site, call.stack) == wanted:
            return index
    return None

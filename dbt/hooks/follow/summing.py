"""Adds up what a recording has kept, part by part, with the functions of ``sums.py``."""

import ctypes
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from dbt.hooks.follow import decisions as d
from dbt.hooks.follow import sums as s
from dbt.hooks.follow.store import Part
from dbt.hooks.records import Record
from dbt.interfaces import Executor
from dbt.reservation import Reservation
from dbt.stops import UsageError
from dbt.typing import Any, NamedTuple, TypeAlias

_NO_LIMIT = 1 << 32


class Row(NamedTuple):
    """What calls cost in guest instructions, by themselves and with what they call, a recursive
    call not twice."""

    calls: int
    self_cost: int
    inclusive: int


class Path(NamedTuple):
    """A call path: the index of the path without the last function (0: the empty one), the index of
    this function, calls, and its own cost there."""

    before: int
    function: int
    calls: int
    self_cost: int


Key: TypeAlias = tuple[int, int]
"""A thread and the id of one of its stacks."""


@attrs.define
class _Strand:
    """The frames of a strand that is not the present one, and how many each function has."""

    frames: "array[int]" = attrs.field(factory=partial(array, "q"))
    active: "array[int]" = attrs.field(factory=partial(array, "q"))


class Summing:
    """Costs by function, by arc and by call path, of the events of one recording after the other.

    They are those of ``outputs.calltree`` for the same events. Frames with ``most_depth``
    activations below them are left out, and ``most_paths`` call paths at most are told apart.
    ``start``: guest instructions completed before. ``seen`` is called with the address and the name
    of each function before its first call is added up.
    """

    def __init__(
        self,
        executor: Executor,
        start: int,
        *,
        most_depth: int | None = None,
        most_paths: int = s.MOST_PATHS,
        seen: Callable[[int, str], None] = lambda _pc, _name: None,
    ) -> None:
        self._start, self._seen = start, seen
        self.functions: list[tuple[int, str]] = [(0, "")]
        """Address and name by index; the first stands for all code that is not watched."""
        self._indices: dict[tuple[int, str], int] = {}
        self._ways: array[int] = array("q")
        self._costs: array[int] = array("q", bytes(8 * s.FUNCTION))
        self._numbers: array[int] = array("q", bytes(8 * s.NUMBERS))
        n = self._numbers
        n[s.NOW] = start
        n[s.PATHS], n[s.PATH_ROOM] = 1, min(most_paths + 1, s.MOST_PATHS)
        n[s.MOST] = _NO_LIMIT if most_depth is None else most_depth
        self._words = Reservation(4 * (d.WORDS - d.EVENTS), "events")
        sizes = (
            2 * d.MOST_FRAMES, s.FRAME * s.MOST_FRAMES, s.ARC * s.MOST_ARCS,
            s.PATH * s.MOST_PATHS, 2 * s.MOST_ARCS, 2 * s.MOST_PATHS,
        )  # fmt: skip
        self._tables = [Reservation(8 * size, "sums of events") for size in sizes]
        self._live, self._frames, self._arcs, self._paths, *self._places = (
            table.view.cast("q") for table in self._tables
        )
        self._active: array[int] = array("q", [0])
        self._stacks: dict[int, array[int]] = {}
        """The activations of other stacks than the present one."""
        self._owners: dict[int, int] = {}
        """The thread of each stack."""
        self._strands: dict[Key, _Strand] = {}
        """Other strands than the present one."""
        self._stack = -1
        self._strand: Key = (-1, 0)
        self._running = self._strand
        """The strand of the last event."""
        compiled = executor.decision(s, "fold")
        call = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
        self._compiled: Callable[[int], int] | None = call(compiled) if compiled else None

    # -- events ------------------------------------------------------------------------------------

    def read(
        self,
        parts: Sequence[Part | Record],
        ways: Sequence[tuple[int, int, int]],
        names: Mapping[int, str],
    ) -> None:
        """Add up the next parts of a recording, which has these ``ways`` and ``names`` by now."""
        self._learn(ways, names)
        for part in parts:
            if isinstance(part, Record):
                self._advance(part)
            else:
                self._fold(part)

    def begin_anew(self) -> None:
        """Another recording follows, of another program: what has not ended has ended now."""
        self._close_all()
        self._ways = array("q")
        self._stacks.clear()
        self._owners.clear()
        self._stack, self._numbers[s.LIVE] = -1, 0

    def finish(self, end: int) -> None:
        """It is over, after ``end`` guest instructions."""
        self._spend(self._running, end)
        self._close_all()

    def _learn(self, ways: Sequence[tuple[int, int, int]], names: Mapping[int, str]) -> None:
        """Take over the ways that are new."""
        for pc, _, caller in ways[len(self._ways) // 2 :]:
            key = pc, names[pc]
            index = self._indices.get(key)
            if index is None:
                index = self._indices[key] = len(self.functions)
                self.functions.append(key)
                self._costs.extend((0,) * s.FUNCTION)
                self._seen(*key)
            self._ways.extend((index, caller))
        self._fit(self._active)

    def _fit(self, active: "array[int]") -> "array[int]":
        active.extend((0,) * (len(self.functions) - len(active)))
        return active

    def _fold(self, part: Part) -> None:
        n, size = self._numbers, memoryview(part).nbytes
        self._words.view[:size] = memoryview(part).cast("B")
        words = self._words.view[:size].cast("I")
        n[s.AT], n[s.END] = 0, size // 4
        while self._fold_to_mark(words):
            at = n[s.AT]
            if words[at] & ((1 << d.KIND_BITS) - 1) != d.MARK:
                raise UsageError(
                    f"costs of more than {s.MOST_ARCS:,} pairs of caller and callee, or "
                    f"{s.MOST_FRAMES:,} calls that have not returned, cannot be added up"
                )
            self._mark(*words[at + 1 : at + d.SIZES[d.MARK]].tolist())
            n[s.AT] += d.SIZES[d.MARK]
        self._running = self._strand

    def _fold_to_mark(self, words: Any) -> int:
        n = self._numbers
        if self._compiled is None:
            return s.fold(
                n, words, self._ways, self._live, self._frames, self._active, self._costs,
                self._arcs, self._paths, *self._places,
            )  # fmt: skip
        live, frames, arcs, paths, *places = (table.address for table in self._tables)
        small = (one.buffer_info()[0] for one in (self._ways, self._active, self._costs))
        ways, active, costs = small
        addresses = (self._words.address, ways, live, frames, active, costs, arcs, paths, *places)
        for index, address in enumerate(addresses, s.EVENTS_AT):
            n[index] = address
        return self._compiled(n.buffer_info()[0])

    def _mark(self, low: int, high: int, thread: int, stack: int, stack_id: int) -> None:
        """Another stack or thread, or a long time without an event."""
        n = self._numbers
        n[s.INSNS] = low | high << 32
        self._enter((thread, stack_id))
        if stack != self._stack:
            if self._stack >= 0:
                self._stacks[self._stack] = array("q", self._live[: 2 * n[s.LIVE]])
            there = self._stacks.pop(stack, array("q"))
            self._live[: len(there)] = memoryview(there)
            self._stack, n[s.LIVE] = stack, len(there) // 2
        self._owners[stack] = thread
        others = (len(live) for one, live in self._stacks.items() if self._owners[one] == thread)
        n[s.ALIVE] = n[s.LIVE] + sum(others) // 2

    def _enter(self, key: Key) -> None:
        """Make the frames of a strand the present ones."""
        n = self._numbers
        if key == self._strand:
            return
        kept = array("q", self._frames[: s.FRAME * n[s.DEPTH]])
        self._strands[self._strand] = _Strand(kept, self._active)
        there = self._strands.pop(key, None) or _Strand()
        self._frames[: len(there.frames)] = memoryview(there.frames)
        self._strand, self._active = key, self._fit(there.active)
        n[s.DEPTH] = len(there.frames) // s.FRAME

    def _advance(self, record: Record) -> None:
        """A system call: what was executed before it counts for its strand."""
        self._running = record.strand
        self._spend(record.strand, record.insns)

    def _spend(self, strand: Key, now: int) -> None:
        """What was executed until now counts for the innermost frame of a strand."""
        n = self._numbers
        spent = now - n[s.NOW]
        if spent <= 0:
            return
        n[s.NOW] = now
        other = self._strands.get(strand)
        if strand == self._strand and n[s.DEPTH]:
            self._frames[s.FRAME * (n[s.DEPTH] - 1) + s.OWN] += spent
        elif other is not None and other.frames:
            other.frames[s.OWN - s.FRAME] += spent
        else:
            n[s.OUTSIDE] += spent

    def _close_all(self) -> None:
        """End all frames, the innermost ones first."""
        costs = self._costs, self._arcs, self._paths
        for strand in (self._strand, *self._strands):
            self._enter(strand)
            while self._numbers[s.DEPTH]:
                s.closed(self._numbers, self._frames, self._active, *costs)

    # -- results -----------------------------------------------------------------------------------

    @property
    def outside(self) -> int:
        """Guest instructions outside of all frames."""
        return self._numbers[s.OUTSIDE]

    @property
    def total(self) -> int:
        """Guest instructions added up."""
        return self._numbers[s.NOW] - self._start

    @property
    def merged(self) -> int:
        """Calls whose paths had no room: they count for the paths of their callers."""
        return self._numbers[s.MERGED]

    def costs(self) -> Iterator[tuple[int, Row]]:
        """The index and the cost of each function, in the order in which they first ended."""
        found = (
            (self._costs[at + 3], at // s.FUNCTION, Row(*self._costs[at : at + 3]))
            for at in range(0, len(self._costs), s.FUNCTION)
        )
        return ((index, row) for _, index, row in sorted(found) if row.calls)

    def arcs(self) -> Iterator[tuple[int, int, int, Row]]:
        """Caller, callee, the address of the calling instruction (0: not known) and the cost of
        each arc, in the order in which they first ended."""
        numbers = self._arcs[: s.ARC * self._numbers[s.ARCS]].tolist()
        rows = [numbers[at : at + s.ARC] for at in range(0, len(numbers), s.ARC)]
        rows.sort(key=lambda row: row[-1])
        return ((row[0], row[1], row[2], Row(*row[3:6])) for row in rows if row[3])

    def paths(self) -> Iterator[Path]:
        """The call paths, each behind the one that it makes longer. The first one is empty."""
        for at in range(0, s.PATH * self._numbers[s.PATHS], s.PATH):
            before, function, calls, self_cost = self._paths[at : at + s.PATH]
            yield Path(before // s.PATH, function, calls, self_cost)

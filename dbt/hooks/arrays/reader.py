"""Makes arrays of the parts of a recording."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from dbt.hooks.arrays.dtypes import BLOCKS, CALLS, KINDS, MEMORY, SYSCALL_ARGUMENTS, SYSCALLS
from dbt.hooks.follow import decisions as d
from dbt.hooks.follow import rows
from dbt.hooks.follow.store import Part
from dbt.hooks.records import Kind, Record

Array: TypeAlias = "np.ndarray[Any, Any]"


class ArrayReader:
    """Reads the parts of a recording from its beginning (``follow/reader.py`` makes Records of the
    same). ``ways`` grow while the recording goes on; ``expand`` is the compiled function, or None.
    """

    def __init__(
        self, ways: Sequence[tuple[int, int, int]], expand: Callable[[int], int] | None
    ) -> None:
        self._ways, self._compiled = ways, expand
        self._known = np.empty((0, 3), "<u4")
        """``ways`` as an array."""
        self._numbers = np.zeros(rows.NUMBERS, "<i8")
        self._live = np.empty((d.MOST_FRAMES, rows.LIVE), "<u4")  # the host commits it as it fills
        self._stacks: dict[int, Array] = {}
        """The live activations of other stacks than the present one."""
        self._stack = -1
        self._owners: dict[int, int] = {}
        """The thread of each stack."""
        self.syscall_names: dict[int, str] = {}
        """Names of the system calls that were read, by number."""

    def read(self, parts: Sequence[Part | Record], count: int) -> tuple[Array, Array, Array, Array]:
        """Rows of CALLS, SYSCALLS, BLOCKS and MEMORY, of so many events in all."""
        size = count - sum(isinstance(part, Record) for part in parts)
        made = [np.empty(size, kind) for kind in (CALLS, BLOCKS, MEMORY)]
        counts = self._numbers[rows.CALLS : rows.ACCESSES + 1]
        counts[:] = 0
        found = []
        for part in parts:
            if isinstance(part, Record):
                found.append(self._row(part))
            else:
                self._expand(np.frombuffer(part, "<u4"), *made)
        calls, blocks, accesses = map(_filled, made, counts.tolist())
        return calls, np.array(found, SYSCALLS), blocks, accesses

    def _row(self, record: Record) -> tuple[Any, ...]:
        """The record of a system call."""
        self.syscall_names[record.function] = record.symbol
        order = int(self._numbers[rows.ORDER])
        self._numbers[rows.ORDER] += 1
        given = record.arguments
        return (
            record.insns, order, record.function, record.site, record.stack, record.depth,
            record.thread, record.stack_id, given + (0,) * (SYSCALL_ARGUMENTS - len(given)),
            KINDS.index(record.kind.value), record.result or 0,
        )  # fmt: skip

    def _expand(self, words: Array, *made: Array) -> None:
        """Make rows of a part behind those that are there."""
        numbers = self._numbers
        if len(self._known) != len(self._ways):
            self._known = np.array(self._ways, "<u4")
        numbers[rows.AT], numbers[rows.END] = 0, len(words)
        while self._expand_to_mark(words, self._known, self._live, *made):
            at = int(numbers[rows.AT])
            self._mark(*words[at + 1 : at + d.SIZES[d.MARK]].tolist())
            numbers[rows.AT] += d.SIZES[d.MARK]

    def _expand_to_mark(self, *arrays: Array) -> int:
        """Make rows up to the next mark. Returns the words that are left."""
        numbers = self._numbers
        if self._compiled is None:
            return rows.expand(_view(numbers, "q"), *(_view(one, "I") for one in arrays))
        for index, one in enumerate(arrays, rows.EVENTS_AT):
            numbers[index] = one.ctypes.data
        return self._compiled(numbers.ctypes.data)

    def _mark(self, low: int, high: int, thread: int, stack: int, stack_id: int) -> None:
        """Another stack or thread, or a long time without an event."""
        numbers, owners = self._numbers, self._owners
        numbers[rows.INSNS] = low | high << 32
        numbers[rows.THREAD], numbers[rows.STACK_ID] = thread, stack_id
        if stack != self._stack:
            if self._stack >= 0:
                self._stacks[self._stack] = self._live[: numbers[rows.DEPTH]].copy()
            there = self._stacks.pop(stack, self._live[:0])
            self._live[: len(there)] = there
            self._stack, numbers[rows.DEPTH] = stack, len(there)
        owner = owners.setdefault(stack, thread)
        if owner != thread:  # this is a forked child, whose thread has another id
            owners.update({one: thread for one, its in owners.items() if its == owner})
        others = (len(live) for one, live in self._stacks.items() if owners[one] == thread)
        numbers[rows.ALIVE] = numbers[rows.DEPTH] + sum(others)


def _filled(rows: Array, count: int) -> Array:
    """The first rows, of an array that has few others or none, without what holds it."""
    return rows if count == len(rows) else rows[:count].copy()


def _view(array: Any, kind: Literal["I", "q"]) -> Any:
    """An array as numbers of Python."""
    return memoryview(array.tobytes() if not array.size else array.view("u1")).cast("B").cast(kind)


def records_of_calls(part: Array, names: Mapping[int, str]) -> Iterator[tuple[int, Record]]:
    """The records of rows of CALLS, each with its number."""
    kinds = tuple(Kind)
    columns = [part[name].tolist() for name in CALLS.names or ()]
    for row in zip(*columns, strict=True):
        insns, order, function, site, stack, depth, caller, thread, stack_id, given, result, n = row
        kind = kinds[n]
        yield order, Record(
            kind, function, names[function], site, stack, depth, insns, caller, thread,
            tuple(given) if kind in (Kind.CALL, Kind.TAIL_CALL) else (),
            result if kind is Kind.RETURN else None, stack_id,
        )  # fmt: skip


def records_of_syscalls(part: Array, names: Mapping[int, str]) -> Iterator[tuple[int, Record]]:
    """The records of rows of SYSCALLS, each with its number."""
    kinds = tuple(Kind)
    columns = [part[name].tolist() for name in SYSCALLS.names or ()]
    for row in zip(*columns, strict=True):
        insns, order, number, site, stack, depth, thread, stack_id, given, n, result = row
        kind = kinds[n]
        yield order, Record(
            kind, number, names[number], site, stack, depth, insns, 0, thread, tuple(given),
            result if kind is Kind.SYSCALL_RETURN else None, stack_id,
        )  # fmt: skip

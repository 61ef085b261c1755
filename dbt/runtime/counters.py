"""Counters and side stacks that passes use: Python knows them by name, compiled code by index."""

import itertools

from dbt.interfaces import COUNTERS_AT, MOST_COUNTERS, STACK_BYTES, STACK_ENTRIES
from dbt.reservation import Reservation
from dbt.runtime.state import GuestState
from dbt.typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dbt.runtime.counter_views import CounterView

_Entries: TypeAlias = dict[str, tuple[int, list[int]]]
"""The depth and the topmost entries of stacks, by name."""
SavedStacks: TypeAlias = tuple[_Entries, dict[int, _Entries]]
"""What ``Stacks.save`` returns."""


class _Bank:
    """A buffer of equal entries, each with a name. The host commits its memory when touched."""

    def __init__(self, capacity: int, view: memoryview, address: int) -> None:
        self.capacity, self._map, self.address = capacity, view, address
        self.names: dict[str, int] = {}
        self._free = itertools.count()

    def index(self, name: str) -> int:
        """The index of a name, which it gets now if it is new. Raises MemoryError."""
        index = self.names.get(name)
        if index is None:
            # The thread that compiles may add a name at the same time: neither waits, and each
            # index is given once.
            index = next(self._free)
            if index >= self.capacity:
                raise MemoryError(f"more than {self.capacity} names, at {name!r}")
            index = self.names.setdefault(name, index)
        return index

    def _u64(self, offset: int) -> int:
        return int.from_bytes(self._map[offset : offset + 8], "little")


class Counters(_Bank):
    """Named 64-bit counters, behind the guest's registers."""

    def __init__(self, state: GuestState, capacity: int = MOST_COUNTERS) -> None:
        super().__init__(capacity, state.room_for_counters, state.address + COUNTERS_AT)

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a counter (the reference evaluator's ``count``)."""
        offset = 8 * self.index(name)
        value = (self._u64(offset) + amount) & ((1 << 64) - 1)
        self._map[offset : offset + 8] = value.to_bytes(8, "little")

    def __getitem__(self, name: str) -> int:
        """The value of a counter; 0 if nothing has counted under this name."""
        return self._u64(8 * self.names[name]) if name in self.names else 0

    @property
    def values(self) -> memoryview:
        """The counters that have names, by ``names``: numbers that follow the run, and may be
        written between runs. A loop of many short runs reads them without making Python numbers:
        ``bytes(values)`` is the state of all, and ``numpy.asarray(values)`` an array of them."""
        return self._map[: 8 * len(self.names)].cast("Q")

    def clear(self) -> None:
        """Set all counters to 0. The host's memory for them is kept."""
        size = 8 * len(self.names)
        self._map[:size] = bytes(size)

    def view(self, prefix: str = "") -> "CounterView":
        """Those whose names start with ``prefix`` as NumPy arrays, to reset them and to see what
        was counted meanwhile."""
        from dbt.runtime.counter_views import CounterView

        return CounterView(self, prefix)

    def snapshot(self, prefix: str = "") -> dict[str, int]:
        """Values of all counters whose name starts with ``prefix``, by name."""
        names = list(self.names)  # the thread that compiles may add one
        return {name: self[name] for name in names if name.startswith(prefix)}


class Stacks(_Bank):
    """Named side stacks of u32. ``dbt.interfaces.StackBank`` says what happens when one is full or
    empty."""

    def __init__(self, capacity: int = 64) -> None:
        self._reservation = Reservation(capacity * STACK_BYTES, "side stacks")
        super().__init__(capacity, self._reservation.view, self._reservation.address)
        self._kept: dict[int, _Entries] = {}
        """The entries of threads that do not run, by their ids."""

    def _entry(self, base: int, depth: int) -> int:
        return base + 8 + 4 * (depth % STACK_ENTRIES)

    def push(self, name: str, value: int) -> None:
        """Put a word on a stack."""
        base = self.index(name) * STACK_BYTES
        depth = self._u64(base)
        at = self._entry(base, depth)
        self._map[at : at + 4] = value.to_bytes(4, "little")
        self._map[base : base + 8] = (depth + 1).to_bytes(8, "little")

    def pop(self, name: str) -> int:
        """Take the topmost word off a stack; 0 if it is empty."""
        base = self.index(name) * STACK_BYTES
        depth = self._u64(base)
        if depth == 0:
            return 0
        self._map[base : base + 8] = (depth - 1).to_bytes(8, "little")
        at = self._entry(base, depth - 1)
        return int.from_bytes(self._map[at : at + 4], "little")

    def entry(self, name: str, index: int) -> int:
        """Entry ``index``, counted from the bottom. What a full stack has lost has no meaning."""
        at = self._entry(self.index(name) * STACK_BYTES, index)
        return int.from_bytes(self._map[at : at + 4], "little")

    def put(self, name: str, index: int, value: int) -> None:
        """Replace an entry."""
        at = self._entry(self.index(name) * STACK_BYTES, index)
        self._map[at : at + 4] = value.to_bytes(4, "little")

    def resize(self, name: str, depth: int) -> None:
        """Set the number of entries: drop the topmost, or restore ones that were popped."""
        base = self.index(name) * STACK_BYTES
        self._map[base : base + 8] = depth.to_bytes(8, "little")

    def switch_thread(self, left: int, entered: int) -> None:
        """Keep the entries of the thread ``left``, and take those of ``entered``: none, the first
        time. What a full stack has lost is not kept."""
        self._kept[left] = {name: self._entries(name) for name in self.names}
        self._set(self._kept.pop(entered, {}))

    def end_thread(self, thread: int) -> None:
        """Drop the entries that were kept of a thread."""
        self._kept.pop(thread, None)

    def save(self) -> SavedStacks:
        """The entries of all threads, for ``restore``."""
        return {name: self._entries(name) for name in self.names}, dict(self._kept)

    def restore(self, saved: SavedStacks) -> None:
        """Put them back. What a full stack has lost stays so."""
        there, self._kept = saved[0], dict(saved[1])
        self._set(there)

    def _set(self, there: _Entries) -> None:
        for name in self.names:
            depth, entries = there.get(name, (0, []))
            self.resize(name, depth)
            for index, value in enumerate(entries, depth - len(entries)):
                self.put(name, index, value)

    def _entries(self, name: str) -> tuple[int, list[int]]:
        """The depth of a stack, and its topmost entries."""
        depth = self.depth(name)
        first = max(0, depth - STACK_ENTRIES)
        return depth, [self.entry(name, index) for index in range(first, depth)]

    def depth(self, name: str) -> int:
        """Number of entries on a stack, those included that a full stack has lost."""
        return self._u64(self.index(name) * STACK_BYTES)

"""The activations and events that ``decisions.py`` works on, as Python sees them."""

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from dbt.hooks.follow import decisions as d
from dbt.hooks.follow.stacks import Stack, ignore
from dbt.hooks.follow.store import Part, Store
from dbt.hooks.slots import SP_LIMIT
from dbt.interfaces import CallAbi, State
from dbt.reservation import Reservation

ARGUMENTS = 4
"""Argument registers that events have room for."""


class Frames:
    """Activations in an array (a ``stacks.Follower``), and the events of their beginning and end.

    ``numbers``, ``array``, the registers and ``fuel`` are the arrays of ``decisions``; ``mark`` is
    the slot in which calls leave their mark.
    """

    def __init__(
        self, state: State, abi: CallAbi, mark: str, fuel: Any, full: Callable[[], None]
    ) -> None:
        self._reservations = (
            Reservation(8 * d.NUMBERS, "events"),
            Reservation(4 * d.WORDS, "events"),
        )
        self.address = self._reservations[0].address
        self.numbers: Any = self._reservations[0].view.cast("q")
        self.array: Any = self._reservations[1].view.cast("I")
        self.numbers[d.ARRAY_AT] = self._reservations[1].address
        self.numbers[d.WORDS_AT] = state.address
        self._words, self._fuel = state.words, fuel
        places = [
            abi.link,
            abi.stack,
            mark,
            SP_LIMIT,
            abi.result,
            *abi.arguments[:ARGUMENTS],
        ]
        for number, slot in enumerate(places, d.LINK):
            self.numbers[number] = state.word(slot)
        self.numbers[d.CALL_AT] = self.numbers[d.SITE_AT] = self.numbers[d.LAST] = -1
        self.changed = ignore
        self.full = full
        """Called when there are so many events that they have to be taken."""
        _living.add(self)
        self.numbers[d.PROCESS] = os.getpid()  # whoever begins amid a run sets another thread
        self.numbers[d.ROOM] = d.MOST_USED
        self._store = Store()
        self._elsewhere: dict[Stack, list[int]] = {}
        self._of_threads: dict[int, tuple[list[int], dict[Stack, list[int]]]] = {}
        """Activations of threads that do not run, by their ids: on the stack that they were on, and
        on others."""
        self._ways = 0
        self._numbers: dict[tuple[int, int, int], int] = {}
        self.ways: list[tuple[int, int, int]] = []
        """Function, site and caller, by the numbers that events have."""
        self._stack_numbers: dict[Stack, int] = {}

    # -- what translated code does -----------------------------------------------------------------

    def arrived(self, what: int, counted: int) -> bool:
        """Decide what translated code could not. Returns whether it could be done."""
        arrays = self.numbers, self.array, self._words, self._fuel
        return d.arrived(*arrays, what, counted) == d.DONE

    def accessed(self, what: int, address: int, value: int) -> bool:
        """Add an access to memory. Returns whether events are to be taken."""
        arrays = self.numbers, self.array, self._fuel
        return d.accessed(*arrays, what, address, value) == d.ASK

    def learn(self, pc: int, link: int, site: int, caller: int, register: int, value: int) -> None:
        """Enter a way into a function. ``register`` is 1 more than the index of the register that
        has to have ``value`` for it to be that way, or 0."""
        known_by = self._numbers.setdefault((pc, site, caller), len(self.ways))
        if known_by == len(self.ways):
            self.ways.append((pc, site, caller))
        if 2 * self._ways >= d.MOST_WAYS:
            self.forget_ways()
        index, array = d.way_at(pc, link), self.array
        while True:
            at = d.WAYS + d.WAY * index
            known = array[at], array[at + 1]
            if known in ((0, 0), (pc, link)):
                break
            index = (index + 1) & (d.MOST_WAYS - 1)
        self._ways += known == (0, 0)
        for offset, number in enumerate((pc, link, site, known_by, register, value)):
            array[at + offset] = number

    def forget_ways(self) -> None:
        """All ways have to be learned anew."""
        if self._ways:
            self._ways = 0
            start, count = d.WAYS, d.WAY * d.MOST_WAYS
            self.array[start : start + count] = memoryview(bytes(4 * count)).cast("I")

    # -- the stacks --------------------------------------------------------------------------------

    def bounds(self, low: int, limit: int) -> None:
        """The present stack has been seen down to ``low``, and the host has to know when the
        pointer rises above ``limit`` whatever frames are here."""
        self.numbers[d.LOW], self.numbers[d.LIMIT] = low, limit

    @property
    def lowest(self) -> int:
        """The lowest pointer seen on the present stack."""
        low: int = self.numbers[d.LOW]
        return low

    def innermost(self) -> int | None:
        """The stack pointer of the innermost activation on the present stack."""
        depth = self.numbers[d.DEPTH]
        return self.array[d.FRAMES + d.FRAME * (depth - 1) + 1] if depth else None

    def unwind(self, pointer: int) -> None:
        """End the activations below ``pointer``."""
        if self.is_full:
            self.full()
        before = self.count
        d.unwind(self.numbers, self.array, self._now, pointer)
        if self.count != before:
            self.changed()

    @property
    def _now(self) -> int:
        now: int = self.numbers[d.GRANTED] - self._fuel[0]
        return now

    def loaded(self, pointer: int) -> None:
        """Mark the activations that began with this pointer."""
        for index in range(self.numbers[d.DEPTH] - 1, -1, -1):
            at = d.FRAMES + d.FRAME * index
            if self.array[at + 1] != pointer:
                return
            self.array[at + 3] = 1

    def switched(self, left: Stack, entered: Stack) -> None:
        """Keep the activations of the stack that the guest left, and take those of the other."""
        end = d.FRAMES + d.FRAME * self.numbers[d.DEPTH]
        if end > d.FRAMES:
            self._elsewhere[left] = self.array[d.FRAMES : end].tolist()
        there = self._elsewhere.pop(entered, [])
        self.numbers[d.ELSEWHERE] = self._count_elsewhere()
        self.array[d.FRAMES : d.FRAMES + len(there)] = _words(there)
        self.numbers[d.DEPTH] = len(there) // d.FRAME
        self.numbers[d.STACK_ID] = entered.stack_id
        known = self._stack_numbers
        self.numbers[d.STACK_NUMBER] = known.setdefault(entered, len(known))
        self.numbers[d.LAST] = -1

    def switch_thread(self, left: int, entered: int) -> None:
        """Another thread runs: keep the activations of the one that did, and take its own."""
        end = d.FRAMES + d.FRAME * self.numbers[d.DEPTH]
        self._of_threads[left] = self.array[d.FRAMES : end].tolist(), self._elsewhere
        there, self._elsewhere = self._of_threads.pop(entered, ([], {}))
        self.array[d.FRAMES : d.FRAMES + len(there)] = _words(there)
        self.numbers[d.DEPTH] = len(there) // d.FRAME
        self.numbers[d.ELSEWHERE] = self._count_elsewhere()
        self.numbers[d.PROCESS], self.numbers[d.LAST] = entered, -1

    def end_thread(self, thread: int) -> None:
        """A thread that does not run any more has ended, and its activations with it."""
        self._of_threads.pop(thread, None)

    def abandon(self) -> None:
        """Drop all activations."""
        self._elsewhere.clear()
        self.numbers[d.DEPTH] = self.numbers[d.ELSEWHERE] = 0

    def _count_elsewhere(self) -> int:
        return sum(map(len, self._elsewhere.values())) // d.FRAME

    def stacks(self, current: Stack) -> dict[Stack, list[int]]:
        """The activations as words, by stack; ``current`` is the present one."""
        end = d.FRAMES + d.FRAME * self.numbers[d.DEPTH]
        return {**self._elsewhere, current: self.array[d.FRAMES : end].tolist()}

    def adopt(self, stacks: Mapping[Stack, list[int]], current: Stack) -> None:
        """Take over the activations that ``stacks`` has returned, where there are none."""
        self._elsewhere = {stack: words for stack, words in stacks.items() if words}
        self.switched(current, current)

    # -- events ------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Number of events that were not taken."""
        count: int = self.numbers[d.COUNT]
        return count

    @property
    def is_full(self) -> bool:
        """Whether events have to be taken before the next one."""
        return bool(self.numbers[d.USED] >= self.numbers[d.ROOM])

    def limit(self, words: int) -> None:
        """Have events taken when they use so many words, if not sooner."""
        self.numbers[d.ROOM] = min(words, d.MOST_USED)

    @property
    def alive(self) -> int:
        """Number of activations on all stacks."""
        return int(self.numbers[d.DEPTH]) + self._count_elsewhere()

    def events(self) -> bytes:
        """The events that were not taken."""
        return bytes(self.array[d.EVENTS : d.EVENTS + self.numbers[d.USED]])

    def take(self) -> Part:
        """Take the events."""
        events = self._store.keep(self.array[d.EVENTS : d.EVENTS + self.numbers[d.USED]])
        self.numbers[d.USED] = self.numbers[d.COUNT] = 0
        return events

    def close(self) -> None:
        """Release the arrays, which nobody uses any more."""
        _living.discard(self)
        self.numbers.release()
        self.array.release()
        for reservation in self._reservations:
            reservation.close()


_living: "weakref.WeakSet[Frames]" = weakref.WeakSet()


def _renew() -> None:
    """A forked child has another process id."""
    for frames in _living:
        frames.numbers[d.PROCESS], frames.numbers[d.LAST] = os.getpid(), -1


os.register_at_fork(after_in_child=_renew)


def _words(values: list[int]) -> memoryview:
    return memoryview(b"".join(value.to_bytes(4, "little") for value in values)).cast("I")

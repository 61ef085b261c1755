"""Recordings: calls, returns, blocks and accesses to memory that translated code keeps by itself,
without entering Python.

How it works
    The blocks at entries and at learned return sites begin with a call of a compiled function. It
    makes the tracker's decisions (``follow/decisions.py``) and adds events to an array. It asks
    Python when control arrives by a way that it does not know (a new pair of function and return
    location, or a computed call whose register has another value), and when the array is full. Call
    instructions are marked and the stack pointer is followed as by the mechanism ``entry``.
    Accesses to memory are added by a second function, behind the instructions that make them.
    Blocks that call a function are compiled. Until control has arrived at a place ``COLD`` times
    it has a stub, and Python runs the same function there.
What it costs
    The call, and memory: 28 bytes a call, 8 a return, 12 a block, and 16 an access, 20 if it is
    of 8 bytes.
    Records are made when somebody asks for them.
What it cannot see
    What the mechanism ``entry`` cannot see.
"""

import copy
import ctypes
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from dbt import interruption
from dbt.hooks.follow import decisions as d
from dbt.hooks.follow.arrivals import ReportArrivals, ReportBlocks, ReportMemory
from dbt.hooks.follow.frames import Frames
from dbt.hooks.follow.reader import Reader
from dbt.hooks.follow.stacks import ignore
from dbt.hooks.follow.store import Part
from dbt.hooks.machine import HookMachine
from dbt.hooks.mechanisms.entry import MarkCalls
from dbt.hooks.points import Remove
from dbt.hooks.records import Record
from dbt.hooks.slots import RECORD_MARK
from dbt.interfaces import Executor, NativeFunction
from dbt.runtime.functions import Functions

_numbers = itertools.count()
Accesses = tuple[range, Collection[int]]
"""The memory whose accesses are events, and their kinds, of ``points.accesses``."""
Consumer = Callable[[Record], object]
COLD = 200
"""Arrivals in Python at a place take about as long as compiling its block."""


class Recording:
    """The events of some functions since it was made, until ``stop`` or an execve, and the system
    calls until ``stop``.

    ``records`` makes Records of them, in the order of the run. With a ``consumer`` they are given
    to it instead, some time after the events, and in any case by ``flush``; it must not look at the
    process. A forked child has a copy, which begins with the events of its parent.

    ``follow`` False: no functions are recorded, and ``watch`` is not to be called. ``blocks``: the
    beginning of each block is an event, too, and ``memory``: so are accesses; there are no Records
    of these.
    """

    def __init__(
        self,
        machine: HookMachine,
        functions: Functions,
        pcs: Iterable[int],
        consumer: Consumer | None = None,
        *,
        follow: bool = True,
        blocks: bool = False,
        memory: Accesses | None = None,
    ) -> None:
        self._machine, self._functions, self._consumer = machine, functions, consumer
        number = next(_numbers)
        self._arrived, self._accessed = f"record.arrived-{number}", f"record.accessed-{number}"
        """The functions that translated code invokes, amid a block also when this is stopped and
        another one has begun."""
        self.on_growth: Callable[[], None] = ignore
        """Called now and then when events were added. What it raises is raised by the run."""
        self._entries: dict[int, _Point] = {}
        self._sites: dict[int, _Point] = {}
        self._hot: set[int] = set()
        """What the compiled function is called with (``_Point.what``)."""
        self._names: dict[int, str] = {}
        self._parts: list[Part | Record] = []
        self._on_stop: list[Remove] = []
        self._count = 0
        executor = machine.engine.executor
        self._frames = Frames(
            machine.state, machine.call_abi, RECORD_MARK, _Fuel(executor), self._take
        )
        self._reader = Reader(self._frames.ways, self._names)
        self._words = machine.state.words
        self._link = machine.state.word(machine.call_abi.link)
        self._define(executor)
        self._frames.numbers[d.PROCESS] = machine.thread
        self._removers = self._begin(follow=follow, blocks=blocks, memory=memory)
        self._watch(set(pcs))

    # -- beginning and ending ----------------------------------------------------------------------

    def _define(self, executor: Executor) -> None:
        if not executor.fuel_address:  # it calls Python functions in any case
            self._functions.define(self._arrived, self._ask_always)
            self._functions.define(self._accessed, self._add_access)
            return
        interruption.is_called(Recording._ask)
        thunk = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(self._ask)
        self._frames.numbers[d.FUEL_AT] = executor.fuel_address
        self._frames.numbers[d.ASK_AT] = ctypes.cast(thunk, ctypes.c_void_p).value
        self._functions.define_native(self._arrived, executor.decision(d), 3, anchor=thunk)

    def _begin(self, *, follow: bool, blocks: bool, memory: Accesses | None) -> list[Remove]:
        machine, budget = self._machine, self._machine.engine.budget
        budget.observer = self._frames.numbers[d.GRANTED : d.GRANTED + 1]
        budget.observe()
        removers: list[Remove] = [
            machine.per_thread(self._frames),
            partial(setattr, budget, "observer", None),
        ]
        if blocks:
            removers.append(machine.instrument(ReportBlocks(self._arrived, self._frames.address)))
        if memory is not None:
            removers.append(self._report(*memory))
        return removers + self._follow() if follow else removers

    def _report(self, where: range, kinds: Collection[int]) -> Remove:
        """Have accesses to memory recorded."""
        executor = self._machine.engine.executor
        if executor.fuel_address:
            compiled, native = executor.decision(d, "access"), NativeFunction(uses_state=False)
            self._functions.define_native(self._accessed, compiled, 4, native)
        pass_ = ReportMemory(self._accessed, self._frames.address, where, kinds)
        return self._machine.instrument(pass_)

    def _follow(self) -> list[Remove]:
        """Have notice taken of calls."""
        machine = self._machine
        marks = MarkCalls(machine.call_abi.stack, RECORD_MARK)
        forget_ways, drop = self._frames.forget_ways, machine.memory.on_code_write

        def code_written(page: int) -> None:
            forget_ways()
            drop(page)

        machine.memory.on_code_write = code_written
        return [
            machine.instrument(marks),
            machine.follow_stacks(self._frames),
            machine.instrument(
                ReportArrivals(self._arrived, self._hot, self._frames.address), everything=False
            ),
            partial(setattr, machine.memory, "on_code_write", drop),
        ]

    @property
    def active(self) -> bool:
        """Whether functions are recorded."""
        return bool(self._removers)

    def on_stop(self, remove: Remove) -> None:
        """Call ``remove`` when it is stopped."""
        self._on_stop.append(remove)

    def stop(self) -> None:
        """Record nothing from now on. What was recorded stays."""
        self.leave()
        while self._on_stop:
            self._on_stop.pop()()

    def leave(self) -> None:
        """Another program is in memory: record its system calls alone, if any."""
        if self._removers:
            self._take()
            while self._removers:
                self._removers.pop()()
            for points in (self._entries, self._sites):
                while points:
                    points.popitem()[1].remove()
            self._hot.clear()
            self._functions.define(self._arrived, _drop_arrival)
            self._functions.define(self._accessed, _drop_access)
            self._frames.close()

    # -- where control arrives ---------------------------------------------------------------------

    def watch(self, functions: Iterable[int | str]) -> None:
        """Record these functions and no others from now on. Of others, calls that are under way
        are recorded to their end. Raises UsageError for an unknown symbol and where there is no
        code."""
        machine = self._machine
        self._watch({machine.key_of(machine.code(where)).pc for where in functions})

    def watch_also(self, functions: Iterable[int | str]) -> None:
        """Record these functions, too. Raises UsageError as ``watch`` does."""
        machine = self._machine
        self._enter({machine.key_of(machine.code(where)).pc for where in functions})

    def _watch(self, wanted: set[int]) -> None:
        if not self._removers:
            return
        for pc in self._entries.keys() - wanted:
            self._entries.pop(pc).remove()
            self._hot.discard(pc)
            self._machine.retranslate([pc])
        self._enter(wanted)

    def _enter(self, wanted: set[int]) -> None:
        if self._removers:
            for pc in sorted(wanted - self._entries.keys()):
                self._entries[pc] = self._point(pc)

    def _point(self, what: int) -> "_Point":
        """Have control noticed where it arrives, at first by a stub."""
        point = _Point(what, COLD)
        pc = what & 0xFFFFFFFF
        point.remove = self._machine.stub(pc, partial(self._cold, point))
        return point

    def _cold(self, point: "_Point") -> None:
        """Control has arrived at a stub. Where others have one, too, it is recorded behind them."""
        pc = point.what & 0xFFFFFFFF
        point.left -= 1
        if (
            not point.left
            or self._hot & {pc, pc | d.SITE}
            or len(self._machine.stub_handlers[pc]) > 1
        ):
            self._heat(pc)
        elif self._frames.is_full or not self._frames.arrived(point.what, 0):
            self._ask(point.what, 0)

    def _heat(self, pc: int) -> None:
        """Have what is recorded at ``pc`` recorded by compiled code, a return before a call."""
        machine = self._machine
        for points in (self._sites, self._entries):
            point = points.get(pc)
            if point is not None and point.what not in self._hot:
                point.remove()
                point.remove = machine.begin_block(pc)
                self._hot.add(point.what)
        machine.retranslate([pc])

    # -- what compiled code cannot do --------------------------------------------------------------

    def _ask(self, what: int, counted: int) -> None:
        try:
            if self._frames.is_full:
                self._take()
            if what == d.TAKE:
                pass
            elif what & (d.SITE | d.BLOCK):
                self._frames.arrived(what, counted)
            else:
                self._ask_called(what, counted)
            self.on_growth()
            if interruption.late:
                interruption.raise_late()
        except BaseException as error:  # it is raised where the run returns to Python
            self._functions.fail(error)

    def _ask_always(self, _environment: int, _numbers: int, what: int, counted: int) -> None:
        """Stands in for the compiled function."""
        self._ask(what, counted)

    def _add_access(self, _: int, _numbers: int, what: int, address: int, value: int) -> None:
        """Stands in for the compiled function."""
        if self._frames.accessed(what, address, value):
            self._ask(d.TAKE, 0)

    def _ask_called(self, pc: int, counted: int) -> None:
        machine, frames = self._machine, self._frames
        link = self._words[self._link]
        caller, slot, lasts = machine.way(link, pc)
        site = machine.pc_of(link)
        register = machine.state.word(slot) if slot else self._link
        value = self._words[register]
        frames.learn(pc, link, site, caller, register + 1, value)
        self._names[pc] = machine.name(pc)
        if site not in self._sites:
            self._sites[site] = self._point(site | d.SITE)
        if not frames.arrived(pc, counted):
            raise MemoryError(f"more than {d.MOST_FRAMES:,} calls that have not returned")
        if not lasts:
            frames.learn(pc, link, site, caller, register + 1, value ^ 1)

    # -- events ------------------------------------------------------------------------------------

    def _take(self) -> None:
        count, events = self._frames.count, self._frames.take()
        if self._consumer is None:
            self._parts.append(events)
            self._count += count
        else:
            for record in self._reader.read(events):
                self._consumer(record)

    def add(self, record: Record) -> None:
        """Add a record of something else that has happened now."""
        if self._removers:
            self._take()
        if self._consumer is None:
            self._parts.append(record)
            self._count += 1
        else:
            self._consumer(record)
        self.on_growth()

    @property
    def alive(self) -> int:
        """Number of activations that have not ended."""
        return self._frames.alive if self._removers else 0

    def flush(self) -> None:
        """Give the consumer what it has not got."""
        if self._removers and self._consumer is not None:
            self._take()

    def __len__(self) -> int:
        """Number of events that ``records`` has."""
        return self._count + (self._frames.count if self._removers else 0)

    def records(self) -> Iterator[Record]:
        """The events recorded so far, but those that a consumer or ``drain`` has got."""
        now = [self._frames.events()] if self._removers and self._consumer is None else []
        shared = {id(part): part for part in (self._frames.ways, self._names)}
        return _read(copy.deepcopy(self._reader, shared), [*self._parts, *now])

    def drain(self) -> list[Record]:
        """The events since the last call of this. They are not kept."""
        return list(_read(self._reader, self.take_parts()[0]))

    def take_parts(self) -> tuple[list[Part | Record], int]:
        """The events since the last call of this or of ``drain``, as ``decisions.EVENTS`` has them,
        with the records of others between them; and their number. They are not kept."""
        if self._removers:
            self._take()
        parts, count = self._parts, self._count
        self._parts, self._count = [], 0
        return parts, count

    @property
    def ways(self) -> Sequence[tuple[int, int, int]]:
        """Function, site and caller, by the numbers that calls have among the events."""
        return self._frames.ways

    @property
    def names(self) -> Mapping[int, str]:
        """The names of functions that were called, by pc."""
        return self._names

    def limit(self, words: int) -> None:
        """Have ``on_growth`` called when so many words of events have come, if not sooner."""
        if self._removers:
            self._frames.limit(words)


def _drop_arrival(_: int, _numbers: int, _what: int, _counted: int) -> None:
    """Control has arrived, and nobody records it any more."""


def _drop_access(_: int, _numbers: int, _what: int, _address: int, _value: int) -> None:
    """Memory was accessed, and nobody records it any more."""


def _read(reader: Reader, parts: Iterable[Part | Record]) -> Iterator[Record]:
    """The records of parts of a recording."""
    for part in parts:
        if isinstance(part, Record):
            yield part
        else:
            yield from reader.read(part)


@attrs.define(eq=False)
class _Point:
    """A place where control arrives, at a function or, with ``decisions.SITE``, a return site.

    ``left``: arrivals until it is compiled.
    """

    what: int
    left: int
    remove: Remove = attrs.field(init=False)


class _Fuel:
    """An executor's fuel as an array of one number."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def __getitem__(self, index: int) -> int:
        return self._executor.fuel

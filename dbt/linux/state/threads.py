"""The threads of a process, and whose turn it is.

All of them run on one thread of the host, one at a time, so that the interleaving is a function of
the program, its input and a seed. A turn ends when its thread waits, ends or yields, or has
executed a number of instructions that is drawn from the seed. While no other thread can run, turns
have no end.

A call that has to wait raises ``Blocked``, and its thread is parked. When what it waits for has
come, the thread can run again, and in its next turn the call is made again.
"""

import os
import time
from collections.abc import Callable, Iterator

from dbt.classes import attrs
from dbt.lazy import lazy_property
from dbt.linux.errors import Blocked
from dbt.linux.state import waiting
from dbt.linux.state.altstack import AltStack
from dbt.linux.state.thread_ids import MOST_THREADS, ThreadIds
from dbt.linux.state.thread_signals import ThreadSignals
from dbt.syscalls import Request
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from dbt.linux.kernel import Kernel

SHORTEST_TURN, LONGEST_TURN = 500_000, 5_000_000
"""Instructions of a turn. Hot code executes some thousand million in a second, and the end of a
turn takes some 0.3 ms: what is left of it to a block's end is evaluated."""
LOOK_SECONDS = 0.002


@attrs.define(eq=False)
class Call:
    """A system call that is being made: its request, its arguments as hooks have left them, and the
    location behind it."""

    request: Request
    registers: list[int]
    location: int
    begun: bool = False
    """Hooks and traces have seen it."""
    done: int = 0
    """How much of it was done before its thread was parked, in units of its family."""
    again: Callable[[], int] | None = None
    """What is done in place of its handler when it is made again."""


@attrs.define(eq=False)
class Thread:
    """What a thread has of its own. ``registers`` and ``location`` say where it continues while it
    does not run."""

    tid: int
    signals: ThreadSignals
    name: bytes = b""
    registers: bytes = b""
    location: int = 0
    interruptible: bool = True
    """Whether a signal may be delivered where it continues."""
    call: Call | None = None
    """The call that it was parked in."""
    wait: Blocked | None = None
    """What it waits for; None when it can run."""
    woken: bool = False
    """Another thread has ended its wait for a futex."""
    sleep_until: int | None = None
    clear_child_tid: int = 0
    robust_list: int = 0


class Threads:
    """The threads of one process, in the order in which they were made. ``current`` runs."""

    def __init__(self, kernel: "Kernel", seed: int, turn: int | None) -> None:
        self._kernel = kernel
        self._seed = seed
        self._turn = turn
        self.current = Thread(os.getpid(), ThreadSignals(self._altstack()))
        self._all = {self.current.tid: self.current}
        self.ids = ThreadIds()
        self._turn_ends = False
        self._look_at = 0.0
        """When ``look_now_and_then`` looks again, by ``time.monotonic``."""
        self.status: int | None = None
        """What the first thread has ended with, if it has."""
        self.yields = False
        """The thread gives the rest of its turn away."""
        self.on_switch: Callable[[int, int], None] = _ignore
        """Called with the ids of the thread that ran and of the one that runs now, whose registers
        are in place."""
        self.on_end: Callable[[int], None] = _ignore
        """Called with the id of the running thread when it ends and others go on."""
        self.on_begin: Callable[[int], None] = _ignore
        """Called with the id of a thread before it is made."""
        self.on_alone: Callable[[list[int]], None] = _ignore_gone
        """Called when the current thread has become the first and only one of a process, without
        the others that had these ids."""
        self.may_run: Callable[[int], bool] = _always
        """Says of the id of a thread whether it may have a turn."""
        self.on_turn: Callable[[Thread], None] = _ignore_thread
        """Called with the thread whose turn begins, before it continues its call, if it is in
        one."""
        self.begin_turn: Callable[[int | None], None] = _ignore_turn
        """Called to have ``Kernel.turn_over`` called after so many instructions; None: never."""

    @lazy_property
    def _random(self) -> "Random":
        from random import Random

        return Random(self._seed)

    @property
    def order(self) -> object:
        """What decides which thread runs next, and for how long; None while nothing was decided."""
        return self._random.getstate() if "_random" in vars(self) else None

    @order.setter
    def order(self, order: Any) -> None:
        if order is not None:
            self._random.setstate(order)
        else:
            vars(self).pop("_random", None)

    def __iter__(self) -> Iterator[Thread]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def get(self, tid: int) -> Thread | None:
        """The thread with an id."""
        return self._all.get(tid)

    @property
    def others(self) -> bool:
        """Whether there are other threads than the current one."""
        return len(self._all) > 1

    def _altstack(self) -> AltStack:
        kernel = self._kernel
        return AltStack(lambda: kernel.abi.stack_pointer(kernel.state))

    # -- beginning and ending ----------------------------------------------------------------------

    def add(self, tid: int, registers: bytes, location: int) -> Thread:
        """A new thread that can run."""
        self.on_begin(tid)
        self._kernel.signals.expect_nudges()
        parent = self.current
        signals = ThreadSignals(self._altstack(), parent.signals.mask)
        thread = self._all[tid] = Thread(tid, signals, parent.name, registers, location)
        self._limit_turn()
        return thread

    def free_tid(self) -> int:
        """An id for a new thread. EAGAIN."""
        try:
            return self.ids.free(self._all)
        except BlockingIOError:
            self._kernel.unknown_syscalls[f"more than {MOST_THREADS} threads"] += 1
            raise

    def end(self) -> None:
        """The current thread has ended, and others have not."""
        self.on_end(self.current.tid)
        del self._all[self.current.tid]
        self._kernel.signals.sync_mask()

    def forked(self) -> None:
        """In a forked child: the current thread is the only one. It holds no locks, for its id is
        another one (copy_process)."""
        self._alone()
        self.current.clear_child_tid = self.current.robust_list = 0
        self.ids.forked()

    def executed(self) -> None:
        """A new program is loaded: the current thread becomes the first and only one."""
        self._alone()
        self.current.clear_child_tid = self.current.robust_list = 0

    def _alone(self) -> None:
        gone = [tid for tid in self._all if tid != self.current.tid]
        self.current.tid = os.getpid()
        self._all = {self.current.tid: self.current}
        self.yields, self.status = False, None
        self._kernel.futexes.clear()
        self.on_alone(gone)
        self._set_turn(None)
        self._kernel.signals.sync_mask()

    # -- turns -------------------------------------------------------------------------------------

    def park(self, call: Call, wait: Blocked) -> None:
        """The current thread waits in a call."""
        thread = self.current
        thread.call, thread.wait = call, wait
        self._leave(call.location)

    def set_aside(self, location: int, *, interruptible: bool = True) -> None:
        """The current thread's turn is over before the instruction at ``location``."""
        self._leave(location)
        self.current.interruptible = interruptible

    def _leave(self, location: int) -> None:
        kernel, thread = self._kernel, self.current
        thread.registers, thread.location = kernel.state.save(), location

    def wake(self, thread: Thread) -> None:
        """It can run again."""
        if thread.wait is not None:
            thread.wait = None
            self._limit_turn()

    def look(self) -> None:
        """Wake the threads for which what they wait for has come."""
        self._look_at = time.monotonic() + LOOK_SECONDS
        waiting.look(self._kernel, self._parked())

    def look_now_and_then(self) -> None:
        """The same, if it was not done for a while: a thread may make one call after the other."""
        if self.others and time.monotonic() >= self._look_at:
            self.look()

    def signalled(self) -> None:
        """A signal is pending: wake the threads that it ends the wait of."""
        if self.others:
            waiting.look_for_signals(self._kernel, self._parked())

    def _parked(self) -> list[Thread]:
        return [thread for thread in self if thread.wait is not None]

    def can_switch(self) -> bool:
        """Whether another thread than the current one can run."""
        return any(t.wait is None for t in self if t is not self.current)

    def next(self) -> Thread:
        """Make another thread the current one, or the same if no other can run. Sleeps until one
        can. When the user's time is over, it is one that still waits."""
        self.yields = False
        before = self.current
        while True:
            self.look()
            ready = [t for t in self if t.wait is None and self.may_run(t.tid)]
            if len(ready) > 1 and before in ready:
                ready.remove(before)
            if ready:
                thread = ready[self._random.randrange(len(ready))] if len(ready) > 1 else ready[0]
                break
            if self._kernel.overdue():
                thread = next((t for t in self if self.may_run(t.tid)), before)
                thread.wait = None
                break
            waiting.sleep(self._kernel, [t for t in self if self.may_run(t.tid)])
        self._enter(thread, before)
        return thread

    def _enter(self, thread: Thread, before: Thread) -> None:
        kernel = self._kernel
        self.current = thread
        kernel.state.load(thread.registers)
        kernel.signals.own = thread.signals
        self._set_turn(self._length() if self.can_switch() else None)
        self.on_turn(thread)
        if thread is not before:
            self.on_switch(before.tid, thread.tid)

    def _limit_turn(self) -> None:
        """Another thread can run: the present turn has an end from now on."""
        if not self._turn_ends and self.can_switch():
            self._set_turn(self._length())

    def _length(self) -> int:
        if self._turn is not None:
            return self._random.randint(1, 2 * self._turn - 1) if self._turn > 1 else 1
        return self._random.randint(SHORTEST_TURN, LONGEST_TURN)

    def _set_turn(self, length: int | None) -> None:
        self._turn_ends = length is not None
        self.begin_turn(length)

    def stop_soon(self) -> None:
        """Have the turn of the current thread end behind its next instruction."""
        self._set_turn(1)


def _ignore(*tids: int) -> None:
    """Default of ``on_switch`` and ``on_end``: does nothing."""


def _always(tid: int) -> bool:
    """Default of ``may_run``."""
    del tid
    return True


def _ignore_thread(thread: Thread) -> None:
    """Default of ``on_turn``: does nothing."""


def _ignore_turn(length: int | None) -> None:
    """Default of ``begin_turn``: does nothing."""


def _ignore_gone(gone: list[int]) -> None:
    """Default of ``on_alone``: does nothing."""

"""The threads of a replayed process: a log says when there are how many, and which one runs."""

from collections.abc import Sequence

from dbt.linux.state.thread_signals import ThreadSignals
from dbt.linux.state.threads import Thread, Threads
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


class ReplayedThreads(Threads):
    """Threads that neither wait nor are chosen. Registers of hooks are each thread's own, as they
    were when it was recorded."""

    def __init__(self, kernel: "Kernel") -> None:
        super().__init__(kernel, 0, None)
        self._state = kernel.state

    def made(self, tid: int) -> None:
        """A thread was made; the registers that it begins with are the present ones, but for what
        the log has when it runs."""
        self.on_begin(tid)
        signals = ThreadSignals(self._altstack())
        self._all[tid] = Thread(tid, signals, self.current.name, self._state.save())

    def ended(self, tid: int) -> None:
        """A thread has ended."""
        self.on_end(tid)
        del self._all[tid]

    def switched(self, before: int, location: int, after: int) -> None:
        """Thread ``before`` was left at a location, and ``after`` runs."""
        left = self._all.get(before)
        if left is not None:
            left.registers, left.location = self._state.save(), location
        self.current = self._all[after]
        self._state.load(self.current.registers)
        self.on_turn(self.current)
        self.on_switch(before, after)

    def put_back(self, threads: Sequence[Thread], current: int) -> None:
        """There are these threads, of which the one with this id runs."""
        self._all = {thread.tid: thread for thread in threads}
        self.current = self._all[current]

    def alone(self, gone: Sequence[int], tid: int) -> None:
        """The thread that runs is the only one, and has this id."""
        self.current.tid = tid
        self._all = {tid: self.current}
        self.on_alone(list(gone))

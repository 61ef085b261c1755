"""What a snapshot keeps of a guest process, and how it is put back.

Not undone is what lies outside of the process: contents of files, what was written to pipes and
sockets, what is set in the host's objects behind descriptors (which ones epoll watches, the number
of an eventfd, the time of a timerfd), children, System V objects. What cannot be put back right is
refused.
"""

from dbt.linux.saving.files import Files
from dbt.linux.saving.kept import Kept
from dbt.linux.saving.memory import Memory
from dbt.linux.saving.tasks import kept_signals, kept_threads
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_OF_KERNEL = ("stack_start", "resume", "request", "call")
_OF_PROCESS = ("path", "program", "argv", "persona", "image", "limits")


class Saved:
    """A process as it was when this was made. Raises UsageError for one that cannot be saved."""

    def __init__(self, kernel: "Kernel") -> None:
        _check(kernel)
        process = kernel.process
        self._memory = Memory(kernel)
        self._kept = [
            Kept(kernel, _OF_KERNEL),
            Kept(process, _OF_PROCESS),
            Kept(process.task),
            Kept(process.interval_timers, ("_intervals", "_paused")),
            Kept(process.file_mask, ("_guests",)),
            Kept(kernel.paths, ("_working",)),
            Kept(kernel.symbolizer, ("program",)),
            *kept_threads(kernel),
            *kept_signals(kernel),
        ]
        self._random = None if kernel.random is None else kernel.random.getstate()
        self._turns = kernel.threads.order
        self._files = Files(kernel)
        kernel.in_step = self, kernel.activity

    def restore(self, kernel: "Kernel") -> None:
        """Put it back. Raises UsageError, and then has changed nothing."""
        like, then = kernel.in_step
        if like is self and then == kernel.activity and self._memory.rewind():
            return
        _check_timers(kernel)
        self._memory.put_back(kernel)
        waking = kernel.signals.host.wanted
        for kept in self._kept:
            kept.restore()
        kernel.signals.keep_waking(waking)
        if kernel.random is not None and self._random is not None:
            kernel.random.setstate(self._random)
        kernel.threads.order = self._turns
        self._files.put_back(kernel)
        kernel.in_step = self, kernel.activity


def _check(kernel: "Kernel") -> None:
    if kernel.is_child:
        raise UsageError("snapshot: a process that the guest has forked cannot be saved")
    _check_timers(kernel)


def _check_timers(kernel: "Kernel") -> None:
    if kernel.process.timers:
        raise UsageError("snapshot: the program has timers (timer_create), which cannot be saved")

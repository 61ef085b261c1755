"""What is kept of threads, of what they wait for, and of signals."""

from collections.abc import Iterator

from dbt.linux.saving.kept import Kept
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_OF_THREADS = ("current", "_all", "status", "yields", "_turn_ends")
_OF_SIGNALS = ("own", "actions", "pending", "timer_signals", "_caught", "_watched")


def kept_threads(kernel: "Kernel") -> Iterator[Kept]:
    """The threads, their registers, their calls, and who waits for which futex."""
    yield Kept(kernel.threads, _OF_THREADS)
    yield Kept(kernel.threads.ids, ("_last",))
    for thread in kernel.threads:
        yield Kept(thread)
        yield Kept(thread.signals)
        yield Kept(thread.signals.altstack, ("_start", "_size"))
        if thread.call is not None:
            yield Kept(thread.call)
    yield Kept(kernel.futexes, ("waiters",))
    for waiter in kernel.futexes.waiters:
        yield Kept(waiter)


def kept_signals(kernel: "Kernel") -> Iterator[Kept]:
    """Actions, what is pending, and what the host is to do while the guest runs."""
    signals = kernel.signals
    yield Kept(signals, _OF_SIGNALS)
    yield Kept(signals.children, ("_reaped",))
    yield Kept(signals.host, ("wanted", "_mask"))

"""What parked threads wait for, and the one place where a process with threads sleeps.

Handlers of calls that may have to wait call ``block`` first. In a process with one thread it does
nothing, and the handler sleeps on the host.
"""

import ctypes
import errno
import os
import struct
import time
from collections.abc import Callable, Iterable, Sequence

from dbt.linux import host
from dbt.linux.errors import Blocked, Wanted, failure
from dbt.linux.state import socket_times
from dbt.typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

T = TypeVar("T")

POLLIN, POLLOUT = 1, 4
_POLLFD = struct.Struct("=ihh")
_LONGEST = 20_000_000
"""Nanoseconds of one sleep: signals that were blocked, or came just before it, are noticed then."""
_SECOND = 1_000_000_000
_LOOK = 5_000_000
"""Nanoseconds between two attempts of a call that no descriptor tells about."""


def block(
    kernel: "Kernel",
    *,
    fds: Sequence[Wanted] = (),
    until: int | None = None,
    signals: int = 0,
) -> None:
    """Let other threads run, if there are any, until one of these comes (see ``Blocked``); the call
    is made again then. A signal for the thread ends the wait as well: the handler has to look at
    ``Signals.interrupted`` before it calls this."""
    if kernel.threads.others and not kernel.overdue():
        raise Blocked(fds, until, signals)


def let_others_run(kernel: "Kernel") -> None:
    """Have a call that slept on the host, and was interrupted for another thread, made again a
    while later."""
    block(kernel, until=time.monotonic_ns() + _LOOK)


def until(clock: int, when: int) -> int:
    """The moment of CLOCK_MONOTONIC at which another clock will show ``when``."""
    return when - time.clock_gettime_ns(clock) + time.monotonic_ns()


def ready(fds: Sequence[Wanted]) -> list[int]:
    """What has happened to descriptors so far, as poll says it."""
    try:
        return _poll(fds, 0)
    except InterruptedError:
        return [0] * len(fds)


def has_time(kernel: "Kernel") -> bool:
    """Whether the time is not over that the present call has, if it has one."""
    end = kernel.threads.current.sleep_until
    return end is None or time.monotonic_ns() < end


def blocks(fd: int) -> bool:
    """Whether calls on a descriptor of the host wait."""
    return os.get_blocking(fd)


def wait_for(kernel: "Kernel", fd: int, events: int, signals: int = 0) -> None:
    """Wait until a call on a descriptor of the host will not wait, if there are other threads, or
    one of ``signals`` (a mask) is pending.
    EINTR when a signal comes first, EAGAIN when the time of a socket is over."""
    if not kernel.threads.others or not blocks(fd) or ready([(fd, events)])[0]:
        return
    kernel.signals.end_if_interrupted()
    end = end_of_time(kernel, fd, events)
    block(kernel, fds=[(fd, events)], until=end, signals=signals)
    raise failure(errno.EINTR)  # the user's time is over


def end_of_time(kernel: "Kernel", fd: int, events: int) -> int | None:
    """The moment of CLOCK_MONOTONIC at which the present call on a descriptor of the host ends
    though it could do nothing; None: never. EAGAIN when it is past."""
    limit = (socket_times.receiving if events & POLLIN else socket_times.sending)(fd)
    if limit is None:
        return None
    now = time.monotonic_ns()
    end = kernel.sleep_until(now + limit)
    if now >= end:
        raise failure(errno.EAGAIN)
    return end


def attempt(
    kernel: "Kernel",
    call: Callable[[], T],
    fails: tuple[int, ...] = (errno.EAGAIN,),
    until: int | None = None,
) -> T:
    """Make a call of the host that does not wait, now and then, while other threads run, until it
    fails with none of these errors. EINTR when a signal comes first; the call's error when the time
    is past ``until``, of CLOCK_MONOTONIC."""
    while True:
        try:
            return call()
        except OSError as error:
            if error.errno not in fails:
                raise
            kernel.signals.end_if_interrupted()
            now = time.monotonic_ns()
            if until is not None and now >= until:
                raise
        pause(kernel, now + _LOOK if until is None else min(now + _LOOK, until))


def pause(kernel: "Kernel", until: int, fds: Sequence[Wanted] = ()) -> None:
    """Let other threads run until a moment of CLOCK_MONOTONIC, or until a descriptor of the host is
    ready; sleep so long if there are none any more. EINTR when the user's time is over, or a
    signal comes."""
    block(kernel, fds=fds, until=until)
    if kernel.overdue():
        raise failure(errno.EINTR)
    _poll(fds, max(1, until - time.monotonic_ns()))


def look(kernel: "Kernel", parked: Sequence["Thread"]) -> None:
    """Wake the threads for which what they wait for has come."""
    if not parked:
        return
    # No wake-up is lost by looking at some threads only. A wait without an event outside is ended
    # by another thread, which does so itself (Threads.wake), or by a signal. One that was sent to
    # the thread is in its list from then on. Who takes one of the process may change with each
    # mask: while there is one, all threads are looked at each time.
    if not kernel.signals.has_process_signals():
        parked = [
            t for t in parked if t.signals.pending or t.wait is None or t.wait.has_outside_event
        ]
    now = time.monotonic_ns()
    happened = iter(ready([pair for thread in parked for pair in _fds(thread)]))
    for thread in parked:
        found = [next(happened) for _ in _fds(thread)]
        if any(found) or _is_due(kernel, thread, now):
            kernel.threads.wake(thread)


def look_for_signals(kernel: "Kernel", parked: Sequence["Thread"]) -> None:
    """Wake the threads whose wait a signal ends."""
    for thread in parked:
        if _is_signalled(kernel, thread):
            kernel.threads.wake(thread)


def _is_due(kernel: "Kernel", thread: "Thread", now: int) -> bool:
    wait = thread.wait
    if wait is None or (wait.until is not None and now >= wait.until):
        return True
    return _is_signalled(kernel, thread)


def _is_signalled(kernel: "Kernel", thread: "Thread") -> bool:
    wait = thread.wait
    if wait is None:
        return True
    if wait.signals and wait.signals & kernel.signals.pending_for(thread.signals):
        return True
    return kernel.signals.interrupts(thread)


def _fds(thread: "Thread") -> Sequence[Wanted]:
    return () if thread.wait is None else thread.wait.fds


def sleep(kernel: "Kernel", parked: Iterable["Thread"]) -> None:
    """Sleep until something may have come that one of the threads waits for."""
    parked = list(parked)
    until = [t.wait.until for t in parked if t.wait is not None and t.wait.until is not None]
    left = min([_LONGEST, *(moment - time.monotonic_ns() for moment in until)])
    if kernel.signals.any_interrupts() or left <= 0:
        return
    try:
        _poll([pair for thread in parked for pair in _fds(thread)], left)
    except InterruptedError:
        return


def _poll(fds: Sequence[Wanted], nanoseconds: int) -> list[int]:
    if not fds and not nanoseconds:
        return []
    data = b"".join(_POLLFD.pack(fd, events, 0) for fd, events in fds)
    buffer = ctypes.create_string_buffer(data, max(1, len(data)))
    spec = struct.pack("=qq", *divmod(nanoseconds, _SECOND))
    host.call("ppoll", buffer, len(fds), spec, None)
    return [fields[2] & 0xFFFF for fields in _POLLFD.iter_unpack(buffer.raw[: len(data)])]

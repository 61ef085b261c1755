"""Calls on POSIX timers (kernel/time/posix-timers.c)."""

import ctypes
import errno
import struct
import threading

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state import timer_rate, wakeup
from dbt.linux.state.sigaction import SIGALRM, valid
from dbt.linux.state.timers import HOST_ITIMERSPEC, Timer, delete, note_end
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO, pack_timespec, read_nanoseconds
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 0, 1, 2, 4
_NOTIFICATIONS = (SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID)
_SIGEVENT = struct.Struct("<IiiI")  # value, signal, notify, thread
_HOST_SIGEVENT = struct.Struct("=qiii44x")
_CLOCKS = {0, 1, 2, 3, 7, 11}
_NO_TIMERS = {4, 5, 6}
"""Clocks of which the kernel makes no timers: raw and coarse ones."""
_ABSOLUTE = 1


@syscall("timer_create")
def timer_create(kernel: "Kernel", clock: int, event: int, result: int) -> int:
    """Make a timer. Notification by a thread is done by the libc, which asks for a signal too."""
    timers = kernel.process.timers
    number = next(n for n in range(len(timers) + 1) if n not in timers)
    value, signo, notify, thread = number, SIGALRM, SIGEV_SIGNAL, 0
    if event:
        value, signo, notify, thread = _SIGEVENT.unpack(kernel.memory.read(event, 16))
    if clock in _NO_TIMERS:
        raise failure(errno.EOPNOTSUPP)
    if clock not in _CLOCKS or notify not in _NOTIFICATIONS:
        raise failure(errno.EINVAL)
    if notify != SIGEV_NONE and not valid(signo):
        raise failure(errno.EINVAL)
    if notify != SIGEV_THREAD_ID:
        thread = 0
    elif kernel.threads.get(thread) is None:
        raise failure(errno.EINVAL)
    elif not kernel.threads.others:
        thread = 0
    kernel.memory.store(result, 4, number)
    silent = notify == SIGEV_NONE
    if not silent and not thread:
        kernel.signals.timer_signals.add(signo)
        if not kernel.signals.sync_host(signo):  # outside the main thread: it would end the host
            kernel.unknown_syscalls["timer_create outside the main thread"] += 1
            raise failure(errno.EAGAIN)
    # Sent to the thread that runs the guest: other threads do not block what the guest blocks.
    packed = _HOST_SIGEVENT.pack(
        0,
        0 if silent else wakeup.SIGNAL if thread else signo,
        SIGEV_NONE if silent else SIGEV_THREAD_ID,
        threading.get_native_id(),
    )
    handle = ctypes.c_int64(0)
    host.call("timer_create", clock, packed, ctypes.byref(handle))
    timers[number] = Timer(handle.value, 0 if silent else signo, value, thread=thread, clock=clock)
    return 0


def _timer(kernel: "Kernel", number: int) -> Timer:
    found = kernel.process.timers.get(number)
    if found is None:
        raise failure(errno.EINVAL)
    return found


@syscall("timer_delete")
def timerdelete(kernel: "Kernel", number: int) -> int:
    """Drop a timer."""
    _timer(kernel, number)
    kernel.signals.interrupted()  # collects its signals, while their timer is known
    delete(kernel, number)
    return 0


def _store(kernel: "Kernel", address: int, raw: bytes, interval: int, *, wide: bool) -> None:
    """Store a struct itimerspec: the time that is left on the host's timer, and ``interval`` as the
    guest asked for it."""
    words = HOST_ITIMERSPEC.unpack(raw)
    times = (interval if any(words[:2]) else 0, words[2] * NANO + words[3])
    kernel.memory.write(address, b"".join(pack_timespec(t, wide=wide) for t in times))


def _settime(kernel: "Kernel", number: int, flags: int, new: int, old: int, *, wide: bool) -> int:
    if not new:
        raise failure(errno.EINVAL)
    interval = read_nanoseconds(kernel, new, wide=wide)
    value = read_nanoseconds(kernel, new + (16 if wide else 8), wide=wide)
    timer = _timer(kernel, number)
    host_interval = interval
    if timer.signal:
        slowed = kernel.process.timer_rate.slowed(timer, interval / NANO if value else 0.0)
        host_interval = max(interval, round(slowed * NANO))
        if not flags & _ABSOLUTE:
            value = round(timer_rate.first(value, interval, host_interval))
    wanted = HOST_ITIMERSPEC.pack(*divmod(host_interval, NANO), *divmod(value, NANO))
    before = ctypes.create_string_buffer(HOST_ITIMERSPEC.size)
    host.call("timer_settime", timer.handle, flags & _ABSOLUTE, wanted, before)
    asked, timer.interval, timer.set = timer.interval, interval, True
    if timer.thread:
        note_end(timer)
    if old:
        _store(kernel, old, before.raw, asked, wide=wide)
    return 0


@syscall("timer_settime")
def timer_settime(kernel: "Kernel", number: int, flags: int, new: int, old: int) -> int:
    """Arm or disarm a timer."""
    return _settime(kernel, number, flags, new, old, wide=False)


@syscall("timer_settime64")
def timer_settime64(kernel: "Kernel", number: int, flags: int, new: int, old: int) -> int:
    """The same with 64-bit times."""
    return _settime(kernel, number, flags, new, old, wide=True)


def _gettime(kernel: "Kernel", number: int, address: int, *, wide: bool) -> int:
    timer = _timer(kernel, number)
    raw = ctypes.create_string_buffer(HOST_ITIMERSPEC.size)
    host.call("timer_gettime", timer.handle, raw)
    _store(kernel, address, raw.raw, timer.interval, wide=wide)
    return 0


@syscall("timer_gettime")
def timer_gettime(kernel: "Kernel", number: int, address: int) -> int:
    """What is left."""
    return _gettime(kernel, number, address, wide=False)


@syscall("timer_gettime64")
def timer_gettime64(kernel: "Kernel", number: int, address: int) -> int:
    """What is left, 64-bit."""
    return _gettime(kernel, number, address, wide=True)


@syscall("timer_getoverrun")
def timer_getoverrun(kernel: "Kernel", number: int) -> int:
    """How many signals were left out, as the host counts: those of a slowed timer are fewer."""
    return host.call("timer_getoverrun", _timer(kernel, number).handle)

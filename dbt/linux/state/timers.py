"""The POSIX timers of a process: host timers that send the guest's signal to it."""

import ctypes
import struct
import time
from collections.abc import Iterator

from dbt.classes import attrs
from dbt.linux import host
from dbt.linux.state.siginfo import SI_TIMER, SigInfo
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

HOST_ITIMERSPEC = struct.Struct("=4q")
"""Interval and value: seconds and nanoseconds each."""
_NANO = 1_000_000_000
_DISARMED = bytes(HOST_ITIMERSPEC.size)


@attrs.define(eq=False)
class Timer:
    """A host timer (libc's ``timer_t``) and the signal it sends (0: none)."""

    handle: int
    signal: int
    value: int = 0
    """What its signal carries."""
    set: bool = False
    """It has been set: before, a signal is not this timer's."""
    interval: int = 0
    """Nanoseconds that the guest asked for; the host's timer may be slower (``TimerRate``)."""
    paused: bytes = b""
    """The setting to restart with, while the guest does not run."""
    thread: int = 0
    """The id of the thread that gets its signal; 0: the process does. The host's timer of one with
    a thread sends ``wakeup.SIGNAL``, and ``expired`` tells which it was."""
    clock: int = time.CLOCK_MONOTONIC
    ends: int = 0
    """When it runs out next, in nanoseconds of its clock, if it belongs to a thread; 0: never."""


def expired(kernel: "Kernel") -> "Iterator[tuple[SigInfo, Thread]]":
    """The signals of timers that belong to threads and have run out, and their threads."""
    for timer in list(kernel.process.timers.values()):
        if not (timer.thread and timer.ends):
            continue
        before = timer.ends
        note_end(timer)
        thread = kernel.threads.get(timer.thread)
        if thread is not None and (not timer.ends or timer.ends > before + timer.interval // 2):
            yield SigInfo(timer.signal, SI_TIMER, value=timer.value), thread


def note_end(timer: Timer) -> None:
    """Note when a timer runs out next."""
    raw = ctypes.create_string_buffer(HOST_ITIMERSPEC.size)
    now = time.clock_gettime_ns(timer.clock)
    host.call("timer_gettime", timer.handle, raw)
    *_, seconds, rest = HOST_ITIMERSPEC.unpack(raw.raw)
    left = seconds * _NANO + rest
    timer.ends = now + left if left else 0


def delete_all(kernel: "Kernel") -> None:
    """exec ends all timers."""
    for number in list(kernel.process.timers):
        delete(kernel, number)


def delete(kernel: "Kernel", number: int) -> None:
    """Drop one timer."""
    timer = kernel.process.timers.pop(number)
    kernel.process.timer_rate.drop(timer)
    host.call("timer_delete", timer.handle)


def pause(kernel: "Kernel") -> None:
    """Stop the guest's timers: their signals must not reach the host."""
    for timer in kernel.process.timers.values():
        if timer.paused:  # already: this would lose the setting to restart with
            continue
        before = ctypes.create_string_buffer(HOST_ITIMERSPEC.size)
        host.call("timer_settime", timer.handle, 0, _DISARMED, before)
        timer.paused = before.raw


def resume(kernel: "Kernel") -> None:
    """Restart the timers with what was left when ``pause`` stopped them."""
    for timer in kernel.process.timers.values():
        if timer.paused:
            host.call("timer_settime", timer.handle, 0, timer.paused, None)
            timer.paused = b""
            if timer.thread:
                note_end(timer)

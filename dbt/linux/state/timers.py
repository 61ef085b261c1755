"""The POSIX timers of a process: host timers that send the guest's signal to it."""

import ctypes
import struct

from dbt.classes import attrs
from dbt.linux import host
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

HOST_ITIMERSPEC = struct.Struct("=4q")
"""Interval and value: seconds and nanoseconds each."""
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

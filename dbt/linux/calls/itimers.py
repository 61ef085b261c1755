"""Calls on interval timers (kernel/time/itimer.c)."""

import errno

from dbt.linux.errors import failure
from dbt.linux.state.itimers import Setting
from dbt.linux.state.sigaction import SIGALRM, SIGPROF, SIGVTALRM
from dbt.linux.table import syscall
from dbt.linux.timespec import pack_timeval, read_timeval
from dbt.signals import signal
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SIGNALS = (SIGALRM, SIGVTALRM, SIGPROF)
_LONGEST_ALARM = 0x7FFFFFFF
"""Seconds (alarm_setitimer)."""


def _set(kernel: "Kernel", which: int, value: float, interval: float) -> Setting:
    """Arm a timer. ENOSYS where its signal cannot be caught, because it would end the host's
    process."""
    if not kernel.signals.sync_host(_SIGNALS[which]):
        kernel.unknown_syscalls["setitimer outside the main thread"] += 1
        raise failure(errno.ENOSYS)
    return kernel.process.interval_timers.set(which, value, interval)


def _pack(setting: Setting) -> bytes:
    """A struct itimerval: interval, then value."""
    value, interval = setting
    return pack_timeval(round(interval * 1e6)) + pack_timeval(round(value * 1e6))


@syscall("setitimer")
def setitimer(kernel: "Kernel", which: int, new: int, old: int) -> int:
    """Set an interval timer; those of processor time count the translator's work too."""
    interval = value = 0
    if new:
        interval, value = read_timeval(kernel, new), read_timeval(kernel, new + 8)
    if not 0 <= which <= 2:
        raise failure(errno.EINVAL)
    before = _set(kernel, which, value / 1e6, interval / 1e6)
    if old:
        kernel.memory.write(old, _pack(before))
    return 0


@syscall("getitimer")
def getitimer(kernel: "Kernel", which: int, address: int) -> int:
    """What is left of an interval timer."""
    if not 0 <= which <= 2:
        raise failure(errno.EINVAL)
    kernel.memory.write(address, _pack(kernel.process.interval_timers.get(which)))
    return 0


@syscall("alarm")
def alarm(kernel: "Kernel", seconds: int) -> int:
    """SIGALRM in some seconds; the seconds left of the last one."""
    left, _ = _set(kernel, signal.ITIMER_REAL, min(seconds, _LONGEST_ALARM), 0)
    return max(1, int(left + 0.5)) if left else 0

"""Signal numbers, what the guest wants done with each, and how the kernel treats some."""

import functools
import operator
from collections.abc import Iterable

from dbt.classes import attrs
from dbt.signals import signal

SIGHUP, SIGINT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL = 1, 2, 4, 5, 6, 7, 8, 9
SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP = 11, 13, 14, 15, 17, 18, 19
SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXFSZ, SIGVTALRM, SIGPROF = 20, 21, 22, 23, 25, 26, 27
SIGWINCH = 28
SIGNALS = 64

SIG_DFL, SIG_IGN = 0, 1
SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_RESTORER, SA_ONSTACK = 1, 2, 4, 0x04000000, 0x08000000
SA_RESTART, SA_NODEFER, SA_RESETHAND = 0x10000000, 0x40000000, 0x80000000
SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 0, 1, 2

IGNORED = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH}
STOPPING = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}
_SYNCHRONOUS = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}
TIMER_SIGNALS = {SIGALRM, SIGVTALRM, SIGPROF}
KEPT = {SIGKILL, SIGSTOP, *_SYNCHRONOUS, SIGURG}
"""Signals whose host disposition and host mask are never the guest's."""

_PYTHONS = {SIGPIPE, SIGXFSZ}
"""Signals that Python ignores as it starts: what its parent made of them is lost."""

NEVER_RESTARTED = {
    "rt_sigsuspend", "sigsuspend", "pause", "poll", "ppoll", "ppoll_time64", "select",
    "_newselect", "pselect6", "pselect6_time64", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "semop", "semtimedop", "semtimedop_time64", "msgrcv",
    "msgsnd",
}  # fmt: skip
"""Calls that a handler always ends with EINTR, whatever SA_RESTART says (signal(7))."""


@attrs.frozen
class Action:
    """What the guest wants done with a signal."""

    handler: int = SIG_DFL
    flags: int = 0
    restorer: int = 0
    mask: int = 0


DEFAULT = Action()


def bit(number: int) -> int:
    """A signal's bit in a mask."""
    return 1 << (number - 1)


def mask_of(numbers: Iterable[int]) -> int:
    """The mask of several signals."""
    return functools.reduce(operator.or_, map(bit, numbers), 0)


KEPT_BITS = sum(bit(number) for number in KEPT)
UNBLOCKABLE = bit(SIGKILL) | bit(SIGSTOP)


def inherited() -> dict[int, Action]:
    """What was ignored when the program started: it stays so (signal(7), execve(2))."""
    known = set(range(1, SIGNALS + 1)) - KEPT - _PYTHONS
    ignored = (number for number in known if signal.getsignal(number) == signal.SIG_IGN)
    return {number: Action(SIG_IGN) for number in ignored}


def valid(number: int) -> bool:
    """A signal that can have an action."""
    return 1 <= number <= SIGNALS

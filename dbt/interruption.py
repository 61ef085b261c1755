"""SIGTERM as Ctrl-C: a command that was interrupted writes what it has.

Python raises KeyboardInterrupt at SIGINT; while ``caught`` lasts, SIGTERM raises Terminated, which
is one, too. It is raised once: ``timeout`` sends the signal twice, to the process and to its group,
and the second one must not cut short the writing. Whoever cannot wait sends SIGKILL
(``timeout -k 5 10``).

A guest that handles SIGTERM itself gets it, as under qemu-arm.

Where native code has called Python, an exception would be lost before the function is within its
``try``: Python asks for signals when a function begins.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

from dbt.signals import signal

_called: set[CodeType] = set()
"""The code of functions that native code calls."""
late: list[int] = []
"""Signals that have come in one of them, and have raised nothing yet."""


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


def name_of(error: BaseException) -> str:
    """The name of the signal that has raised this."""
    return "SIGTERM" if isinstance(error, Terminated) else "SIGINT"


def status_of(error: BaseException) -> int:
    """The exit status of a command that this has interrupted: 128 and the signal's number."""
    number = signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT
    return 128 + number


def is_called(function: Callable[..., object]) -> None:
    """Native code calls this function, which catches what ``raise_late`` raises, its last act."""
    _called.add(function.__code__)


def raise_late() -> None:
    """Raise what has waited for the end of a function that native code has called."""
    while late:
        interrupt(late.pop())


def interrupt(number: int, frame: FrameType | None = None) -> None:
    """The handler of SIGINT and SIGTERM. Raises KeyboardInterrupt, or Terminated, but not in a
    function that native code has called, which calls ``raise_late``."""
    if frame is not None and frame.f_code in _called:
        late.append(number)
        return
    if number == signal.SIGTERM:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated
    raise KeyboardInterrupt


@contextlib.contextmanager
def caught() -> Iterator[None]:
    """A context in which SIGTERM interrupts this thread, if it is the main thread and the signal
    would end the process."""
    ctrl_c = signal.getsignal(signal.SIGINT)
    try:
        theirs = signal.getsignal(signal.SIGTERM)
        if theirs == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, interrupt)
        if ctrl_c is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not in the main thread
        theirs = None
    try:
        yield
    finally:
        if theirs == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, theirs)
        if theirs is not None and signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, ctrl_c)

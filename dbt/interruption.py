"""SIGTERM as Ctrl-C: a command that was interrupted writes what it has.

Python raises KeyboardInterrupt at SIGINT; while ``caught`` lasts, SIGTERM raises Terminated, which
is one, too. It is raised once: ``timeout`` sends the signal twice, to the process and to its group,
and the second one must not cut short the writing. Whoever cannot wait sends SIGKILL
(``timeout -k 5 10``).

A guest that handles SIGTERM itself gets it, as under qemu-arm.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


def _signal(error: BaseException) -> signal.Signals:
    return signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT


def name_of(error: BaseException) -> str:
    """The name of the signal that has raised this."""
    return _signal(error).name


def status_of(error: BaseException) -> int:
    """The exit status of a command that this has interrupted: 128 and the signal's number."""
    return 128 + _signal(error)


def interrupt(number: int, frame: FrameType | None = None) -> NoReturn:
    """The handler of SIGINT and SIGTERM. Raises KeyboardInterrupt, or Terminated."""
    del frame
    if number == signal.SIGTERM:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated
    raise KeyboardInterrupt


@contextlib.contextmanager
def caught() -> Iterator[None]:
    """A context in which SIGTERM interrupts this thread, if it is the main thread and the signal
    would end the process."""
    try:
        theirs = signal.getsignal(signal.SIGTERM)
        if theirs == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread
        theirs = None
    try:
        yield
    finally:
        if theirs == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, theirs)

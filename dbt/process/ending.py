"""Describes how a run ended, and maps it to an exit status.

The status is the guest's own; 128+n when signal n killed it (a child that the guest forked dies by
that signal); 2 for errors of usage; 124 after a time-out; 125 when a check, a hook, a limit or a
fault of armdbt stopped the guest.
"""

import contextlib
import os
import sys

from dbt.signals import signal
from dbt.stops import (
    Exited,
    InsnLimit,
    InternalError,
    Killed,
    Requested,
    Returned,
    Stop,
    TimeLimit,
    Trapped,
    UsageError,
)
from dbt.streams import EXIT_BROKEN, say
from dbt.text import printable
from dbt.typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_STOPPED = 125
TRACEBACK_VARIABLE = "ARMDBT_TRACEBACK"
MOST_SHOWN = 300
"""Characters of an unforeseen error that are shown."""


class Described(Protocol):
    """The part of ``Process`` that a description reads."""

    @property
    def kernel(self) -> "Kernel": ...
    def system_call(self, location: int) -> str: ...


def describe_stop(process: Described, stop: Stop) -> tuple[str, int]:
    """The text for the user, empty when there is nothing to say, and the exit status."""
    match stop:
        case Exited(status=status):
            return (_lacked(process) if status & 0xFF else ""), status & 0xFF
        case Killed(signal=number, quiet=True):
            return "", 128 + number
        case Killed(signal=number, report=report):
            return "\n".join(filter(None, [report, _lacked(process)])), 128 + number
        case TimeLimit(pc=pc):
            return f"armdbt: time is over at {_place(process, pc)}", EXIT_TIMEOUT
        case InsnLimit(pc=pc):
            text = f"instruction limit reached at {_place(process, pc)}"
        case Trapped(reason=reason, pc=pc):
            text = f"{printable(reason)} at {_place(process, pc)}"
            text += _refused(process, reason, pc if stop.location is None else stop.location)
        case Requested(pc=pc, reason=reason):
            text = f"stopped by a hook at {_place(process, pc)}"
            text += f": {printable(reason)}" if reason else ""
        case Returned(pc=pc):
            text = f"the call has returned to {pc:#010x}"
    return f"armdbt: {text}", EXIT_STOPPED


def _place(process: Described, pc: int) -> str:
    return f"{pc:#010x} ({process.kernel.place(pc)})"


def _refused(process: Described, reason: str, location: int) -> str:
    """The name of the system call that a check has refused, as the end of a sentence."""
    from dbt.instrument.swi import DENIED  # start-up does without

    call = process.system_call(location) if reason == DENIED else ""
    return f": the system call {call}" if call else ""


def _lacked(process: Described) -> str:
    if not process.kernel.unknown_syscalls:
        return ""
    from dbt.process.crash_report import shortcomings

    return shortcomings(process.kernel.unknown_syscalls)


def describe_error(error: BaseException) -> tuple[str, int] | None:
    """Text and status for an exception that ended the run; None for a bug, whose traceback is
    shown."""
    match error:
        case UsageError():
            return printable(f"armdbt: {error}"), EXIT_USAGE
        case BrokenPipeError():
            return "", EXIT_BROKEN
        case KeyboardInterrupt():
            from dbt.interruption import status_of

            return "", status_of(error)
        case MemoryError():
            return "armdbt: the host has no memory left", EXIT_STOPPED
        case InternalError():
            return describe_bug(error)
    from dbt.ir.verifier import VerifyError

    if isinstance(error, VerifyError):
        return f"armdbt: a pass made invalid IR: {error}", EXIT_STOPPED
    return None


def describe_bug(error: BaseException) -> tuple[str, int]:
    """The line that a user sees when armdbt has a bug, and the status. ``ARMDBT_TRACEBACK=1``
    prints the traceback as well."""
    if os.environ.get(TRACEBACK_VARIABLE):
        import traceback

        traceback.print_exception(error)
    what = printable(str(error) if isinstance(error, InternalError) else repr(error), MOST_SHOWN)
    advice = f"please report it with what {TRACEBACK_VARIABLE}=1 shows"
    return f"armdbt: internal error: {what}; {advice}", EXIT_STOPPED


def end_child(process: Described, ended: Stop | BaseException) -> NoReturn:
    """End the host process of a forked child in the way its guest has ended."""
    status = EXIT_STOPPED
    try:
        with contextlib.suppress(OSError, ValueError, UsageError):  # nobody may be reading
            sys.stdout.flush()
        status = _print_end(process, ended)
        if isinstance(ended, Killed):
            with contextlib.suppress(OSError, ValueError):  # a signal that libc keeps for itself
                signal.signal(ended.signal, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {ended.signal})
            os.kill(os.getpid(), ended.signal)
    finally:
        os._exit(status)  # whatever happens: the code behind the run is the parent's


def _print_end(process: Described, ended: Stop | BaseException) -> int:
    """Print the description; returns the status. A failure to print does not change the status."""
    try:
        text, status = _told(process, ended)
    except Exception:
        sys.excepthook(*sys.exc_info())
        return EXIT_STOPPED
    with contextlib.suppress(OSError, ValueError):
        if text:
            say(text)
    return status


def _told(process: Described, ended: Stop | BaseException) -> tuple[str, int]:
    if not isinstance(ended, BaseException):
        return describe_stop(process, ended)
    if isinstance(ended, SystemExit):  # what the interpreter makes of it
        code = ended.code
        return ("", code or 0) if code is None or isinstance(code, int) else (str(code), 1)
    known = describe_error(ended)
    if known is None:
        sys.excepthook(type(ended), ended, ended.__traceback__)
    return known or ("", EXIT_STOPPED)

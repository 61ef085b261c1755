"""Standard streams of a command: those that are closed, broken or full when it starts or ends.

A closed descriptor among 0 to 2 would be given to the next file that is opened, which the guest
would then inherit. A placeholder keeps its number: whoever uses it gets EBADF, and the guest does
not inherit it (``dbt/linux/fdtable.py``).
"""

import contextlib
import os
import signal
import sys
from typing import TextIO

EXIT_UNWRITTEN = 2
"""Standard output could not be written."""
EXIT_BROKEN = 128 + signal.SIGPIPE


def hold() -> None:
    """Put a placeholder where a standard stream is closed. What the command writes to a closed
    standard output fails; to a closed standard error, it goes nowhere."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_PATH)  # the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 (it is there until the end)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def say(text: str) -> None:
    """Write a line to standard error; a full disk behind it loses the line, no more.

    Raises BrokenPipeError when nobody reads it.
    """
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        return


def finish(status: int) -> int:
    """Write out what is buffered, so that the interpreter finds nothing to fail at when it ends:
    the exit status, which differs when a stream could not be written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = EXIT_BROKEN
    except OSError as error:
        with contextlib.suppress(OSError):
            say(f"armdbt: standard output: {error.strerror}")
        status = EXIT_UNWRITTEN
    except ValueError:  # someone has closed it
        return status
    try:
        sys.stderr.flush()
    except BrokenPipeError:
        status = EXIT_BROKEN
    except (OSError, ValueError):
        pass
    for stream in (sys.stdout, sys.stderr):
        _give_up(stream)
    return status


def _give_up(stream: TextIO) -> None:
    """Let what is left in a stream's buffer go nowhere."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)

"""Streams for people, and what happens when one is closed, full, or read by nobody.

A closed descriptor among 0 to 2 would be given to the next file that is opened, which the guest
would then inherit. A placeholder keeps its number: whoever uses it gets EBADF, and the guest does
not inherit it (``dbt/linux/state/fdtable.py``).
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator

from dbt.signals import signal
from dbt.stops import UsageError
from dbt.typing import IO, TYPE_CHECKING, Any, BinaryIO, TextIO

if TYPE_CHECKING:
    from rich.console import Console

EXIT_UNWRITTEN = 2
EXIT_BROKEN = 128 + signal.SIGPIPE


class Stream(io.TextIOWrapper):
    """A text stream that fails once: with UsageError, which names it, or with BrokenPipeError.

    After that, the content of its buffer and all that is written later is dropped, so that nothing
    fails again when the interpreter ends.
    """

    def __init__(self, binary: BinaryIO, what: str, **options: Any) -> None:
        super().__init__(binary, **options)
        self.what = what

    def write(self, text: str) -> int:
        """Write text. Raises UsageError, BrokenPipeError."""
        with self._failing():
            return super().write(text)

    def flush(self) -> None:
        """Write the content of the buffer. Raises UsageError, BrokenPipeError."""
        with self._failing():
            super().flush()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(null, self.fileno(), inheritable=False)
            os.close(null)
            if isinstance(error, BrokenPipeError):
                raise
            raise UsageError(f"{self.what}: {error.strerror}") from None


def open_text(path: str) -> Stream:
    """Open a file to write text to. Raises UsageError."""
    try:
        return Stream(open(path, "wb"), path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def prepare() -> None:
    """Replace the standard streams of this process by ones that fail as ``Stream`` does.

    Writing to a standard output that is closed fails; what is written to a standard error that is
    closed is dropped.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_PATH)  # the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False))  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    sys.stdout = _prepared(sys.stdout, "standard output")
    sys.stderr = _prepared(sys.stderr, "standard error")


def _prepared(stream: Any, what: str) -> Any:
    """Python's own stream as a ``Stream``; another one unchanged. What a terminal cannot encode is
    escaped, as Python does for standard error."""
    if type(stream) is not io.TextIOWrapper:
        return stream
    options = {
        "encoding": stream.encoding,
        "line_buffering": stream.line_buffering,
        "write_through": stream.write_through,
    }
    return Stream(stream.detach(), what, errors="backslashreplace", **options)


def say(text: str) -> None:
    """Write a line to standard error. If it cannot be written, it is dropped.

    Raises BrokenPipeError when nobody reads it.
    """
    with contextlib.suppress(UsageError):
        write_lines(sys.stderr, text)


def write_lines(out: TextIO, text: str) -> None:
    """Write text and the end of its last line in one piece, so that the lines of several processes
    do not mix."""
    out.write(f"{text}\n")
    out.flush()


class Unpadded:
    """A stream whose lines end with no spaces. Tables fill up each line."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)

    def write(self, text: str) -> int:
        """Write text, of whole lines."""
        return self._out.write("\n".join(line.rstrip(" ") for line in text.split("\n")))


def plain_console(out: IO[str], width: int) -> "Console":
    """A console that shows text as it is, as wide as the terminal or, without one, ``width``.

    On a terminal headings are bold or in colour, unless ``NO_COLOR`` is set (no-color.org) or
    ``TERM`` is dumb: then there are no escape sequences at all. Elsewhere there are none either,
    and no line ends with spaces. A broken pipe raises BrokenPipeError, as it does without a
    console.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Called while the error is handled; rich would exit with 1 here."""
            raise  # noqa: PLE0704

    terminal = out.isatty()
    styled = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    shown: Any = out if terminal else Unpadded(out)
    return Plain(
        file=shown,
        width=None if terminal else width,
        color_system="auto" if styled else None,
        force_terminal=terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )


def finish(status: int) -> int:
    """Flush the standard streams. Returns ``status``, or the status of a failure to flush."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return EXIT_BROKEN
    except UsageError as error:
        with contextlib.suppress(BrokenPipeError):
            say(f"armdbt: {error}")
        return EXIT_UNWRITTEN
    return status

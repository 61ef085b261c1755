"""Where an output is written: a file that appears when it is complete, or a stream that is there.

Also the console that draws tables on a stream.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING, Any

from dbt.stops import UsageError

if TYPE_CHECKING:
    from rich.console import Console

_LINKS = 40
"""As many symbolic links as the kernel follows."""


@contextlib.contextmanager
def destination(path: str | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """A stream for ``path``; None is standard error.

    A regular file is written under a temporary name beside it and renamed when all went well, so
    no reader meets half of one. Anything else is written as it is: a pipe, a device, and what a
    descriptor of ours stands for (``/dev/stdout``), though that be a file, for others write there
    too. Raises UsageError when the file cannot be made.
    """
    if path is None:
        yield sys.stderr
        sys.stderr.flush()
        return
    final = os.path.realpath(path)
    temporary = f"{final}.{os.getpid()}.tmp"
    with writing(path):
        itself = _written_as_it_is(path)
        stream = _make(temporary, binary) if itself is None else _open(itself, "w", binary)
    try:
        yield stream
        with writing(path):
            stream.close()
            if itself is None:
                os.replace(temporary, final)
    finally:
        with contextlib.suppress(OSError):
            stream.close()
        if itself is None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def standard_or_file(path: str | None) -> AbstractContextManager[IO[Any]]:
    """The same, where ``-`` is standard output."""
    return contextlib.nullcontext(sys.stdout) if path == "-" else destination(path)


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turn what goes wrong with a file into a UsageError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def check_destination(path: str) -> None:
    """Raise UsageError, before there is anything to write, when ``destination`` is sure to."""
    with writing(path):
        if _descriptor(path) is not None:
            return
        final = os.path.realpath(path)
        os.stat(_as_directory(os.path.dirname(final)))
        if os.path.isdir(final):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def check_directory(path: str) -> None:
    """Make a directory that is not there. Raises UsageError when that fails."""
    with writing(path):
        os.makedirs(path, exist_ok=True)


def _as_directory(path: str) -> str:
    """The path with a slash behind it, with which a file will not do."""
    return os.path.join(path, "")


def plain_console(out: IO[str], width: int) -> "Console":
    """A console that shows text as it is, as wide as the terminal or, without one, ``width``.

    A broken pipe raises BrokenPipeError, as it does without a console.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Called while the error is handled; rich would exit with 1 here."""
            raise  # noqa: PLE0704

    wide = None if out.isatty() else width
    return Plain(file=out, width=wide, highlight=False, markup=False, emoji=False)


def _written_as_it_is(path: str) -> str | int | None:
    """What to open for what is no regular file: another descriptor of ours, or ``path``."""
    number = _descriptor(path)
    if number is not None:
        return os.dup(number)  # to open the link would empty the file behind it
    try:
        return None if stat.S_ISREG(os.stat(path).st_mode) else path
    except OSError:
        return None


def _descriptor(path: str) -> int | None:
    """N when ``path`` is ``/proc/self/fd/N`` or leads there, as ``/dev/stdout`` does."""
    own = os.path.realpath("/proc/self/fd")
    for _ in range(_LINKS):
        directory, name = os.path.split(path)
        directory = os.path.realpath(directory)
        path = os.path.join(directory, name)
        if not os.path.islink(path):
            return None
        if directory == own:
            return int(name)
        path = os.path.join(directory, os.readlink(path))
    return None


def _make(file: str, binary: bool) -> IO[Any]:
    """A new file: what a process of our number has left there goes, and no link is followed."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)
    return _open(file, "x", binary)


def _open(file: str | int, mode: str, binary: bool) -> IO[Any]:
    return open(file, f"{mode}b") if binary else open(file, mode, encoding="utf-8")

"""Writes results. A file appears when it is complete; a stream is written as it is."""

import contextlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

from dbt.stops import UsageError

_LINKS = 40
"""As many symbolic links as the kernel follows."""


class Destination:
    """A file to write, under a temporary name beside its own until ``complete``, or a stream that
    is there.

    What ``path`` means is found out when this is made: whoever puts links under its name, or
    exchanges its directory, while the file is written does not change where it goes. A regular file
    gets its name when it is complete, so that no reader meets half of one. Anything else is opened
    and written as it is: a pipe, a device, and what a descriptor of ours stands for
    (``/dev/stdout``), though that be a file, for others write there too. Raises UsageError when the
    file cannot be made.
    """

    stream: IO[Any]
    file: str | None = None
    """The file that is written, without links; None for a stream that was there."""

    def __init__(self, path: str, *, binary: bool = False) -> None:
        self.path = path
        with contextlib.ExitStack() as undo, writing(path):
            itself = _written_as_it_is(path)
            if itself is not None:
                self.stream = _open(itself, "w", binary)
            else:
                self.file = os.path.realpath(path)
                directory, self._name = os.path.split(self.file)
                self._temporary = f"{self._name}.{os.getpid()}.tmp"
                self._directory = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                undo.callback(os.close, self._directory)
                self.stream = _make(self._temporary, self._directory, binary)
                undo.callback(self._remove)
            undo.callback(self._close)
            self._undo = undo.pop_all()

    def complete(self) -> None:
        """Write out what is buffered, close the stream and give the file its name.

        Raises UsageError when that fails.
        """
        with writing(self.path):
            self.stream.close()
            if self.file is not None:
                at = self._directory
                os.replace(self._temporary, self._name, src_dir_fd=at, dst_dir_fd=at)

    def close(self) -> None:
        """Close the stream; a file that is not complete goes."""
        self._undo.close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.close()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._temporary, dir_fd=self._directory)


@contextlib.contextmanager
def destination(path: str | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """A stream for ``path``, which is complete when all went well; None is standard error.

    Raises UsageError when the file cannot be made.
    """
    if path is None:
        yield sys.stderr
        sys.stderr.flush()
        return
    with contextlib.closing(Destination(path, binary=binary)) as opened:
        yield opened.stream
        opened.complete()


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


def check_directory(path: str) -> None:
    """Make a directory that is not there. Raises UsageError when that fails."""
    with writing(path):
        os.makedirs(path, exist_ok=True)


def write_json(path: str, data: object) -> None:
    """Write JSON as ``destination`` writes. Raises UsageError when that fails."""
    with destination(path) as stream, writing(path):
        dump(data, stream)


def dump(data: object, out: IO[str]) -> None:
    """Write JSON as people can read it, one figure a line."""
    json.dump(data, out, indent=1)
    out.write("\n")


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


def _make(name: str, directory: int, binary: bool) -> IO[Any]:
    """A new file: what a process of our number has left there goes, and no link is followed."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)

    def opener(file: str, flags: int) -> int:
        return os.open(file, flags, 0o666, dir_fd=directory)

    return _open(name, "x", binary, opener)


def _open(
    file: str | int, mode: str, binary: bool, opener: Callable[[str, int], int] | None = None
) -> IO[Any]:
    if binary:
        return open(file, f"{mode}b", opener=opener)
    return open(file, mode, encoding="utf-8", opener=opener)

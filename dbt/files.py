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
    """What a path leads to, opened for writing: a new file or something that exists.

    The path is resolved when this is made. Links that are put in its place later, or another
    directory of its name, do not change where the file is. A regular file is written under a
    temporary name beside its own and gets its name from ``complete``, so that nobody reads half of
    it. Anything else is opened and written as it is: a pipe, a device, and a descriptor of ours
    (``/dev/stdout``) even if it is a file, because others write to it as well. Raises UsageError
    when the file cannot be made.

    ``through_links=False``: what is at the path itself is replaced, also if it is a link or a pipe.
    For a name that others can foresee in a directory where they can write. A forked process may
    close what it has inherited; the file is its parent's.
    """

    stream: IO[Any]
    file: str | None = None
    """The path of the file without links; None for what existed."""

    def __init__(self, path: str, *, binary: bool = False, through_links: bool = True) -> None:
        self.path = path
        self._process = os.getpid()
        with contextlib.ExitStack() as undo, writing(path):
            itself = _written_as_it_is(path) if through_links else None
            if itself is not None:
                self.stream = _open(itself, "w", binary)
            else:
                self.file = os.path.realpath(path) if through_links else path
                directory, self._name = os.path.split(self.file)
                self._temporary = f"{self._name}.{os.getpid()}.tmp"
                self._directory = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                undo.callback(os.close, self._directory)
                self.stream = _make(self._temporary, self._directory, binary)
                undo.callback(self._remove)
            undo.callback(self._close)
            self._undo = undo.pop_all()

    def complete(self) -> None:
        """Flush and close the stream, and give the file its name.

        Raises UsageError when that fails.
        """
        with writing(self.path):
            self.stream.close()
            if self.file is not None:
                at = self._directory
                os.replace(self._temporary, self._name, src_dir_fd=at, dst_dir_fd=at)

    def close(self) -> None:
        """Close the stream. A file that is not complete is deleted."""
        self._undo.close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.close()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            if self._process == os.getpid():
                os.unlink(self._temporary, dir_fd=self._directory)


@contextlib.contextmanager
def destination(path: str | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """A stream that writes to ``path``; complete at the end unless something was raised. None is
    standard error.

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
    """As ``destination``, and ``-`` is standard output."""
    return contextlib.nullcontext(sys.stdout) if path == "-" else destination(path)


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns an OSError into a UsageError that names the file."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def check_directory(path: str) -> None:
    """Make a directory unless it exists. Raises UsageError when that fails."""
    with writing(path):
        os.makedirs(path, exist_ok=True)


def write_json(path: str, data: object) -> None:
    """Write JSON as ``destination`` writes. Raises UsageError when that fails."""
    with destination(path) as stream, writing(path):
        dump(data, stream)


def dump(data: object, out: IO[str]) -> None:
    """Write JSON with one figure a line."""
    json.dump(data, out, indent=1)
    out.write("\n")


def _written_as_it_is(path: str) -> str | int | None:
    """What to open if the path leads to something that is not written under a temporary name: a
    duplicate of a descriptor of ours, or the path; else None."""
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
    """Make a new file, without following a link. A leftover with that name, from an earlier process
    of our number, is deleted."""
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

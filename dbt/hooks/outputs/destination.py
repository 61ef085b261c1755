"""Where an output is written: a file that appears when it is complete, or standard error."""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from typing import IO, Any

from dbt.stops import UsageError


@contextlib.contextmanager
def destination(path: str | None, *, binary: bool = False) -> Iterator[IO[Any]]:
    """A stream for ``path``; None is standard error.

    A regular file is written under a temporary name beside it and renamed when all went well, so
    no reader meets half of one. Anything else (a pipe, ``/dev/stdout``) is written as it is. Raises
    UsageError when the file cannot be made.
    """
    if path is None:
        yield sys.stderr
        sys.stderr.flush()
        return
    special = _is_special(path)
    final = os.path.realpath(path)
    target = path if special else f"{final}.{os.getpid()}.tmp"
    with writing(path):
        stream = _open(target, binary=binary)
    try:
        yield stream
        with writing(path):
            stream.close()
            if not special:
                os.replace(target, final)
    finally:
        with contextlib.suppress(OSError):
            stream.close()
        if not special:
            with contextlib.suppress(OSError):
                os.unlink(target)


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turn what goes wrong with a file into a UsageError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _open(path: str, *, binary: bool) -> IO[Any]:
    return open(path, "wb") if binary else open(path, "w", encoding="utf-8")

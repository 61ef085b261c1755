"""What the guest's standard input and outputs are: the host's, files, bytes that are given or kept.

The numbers are those of the module subprocess, which may be given in their place.
"""

import contextlib
import os
from collections.abc import Mapping

from dbt import choices
from dbt.classes import attrs
from dbt.stops import UsageError
from dbt.typing import Any

CAPTURE, STDOUT, DEVNULL = -1, -2, -3
"""Keep what is written; write where standard output goes; /dev/null."""
_NAMES = ("stdin", "stdout", "stderr")


@attrs.define(eq=False)
class Source:
    """A host descriptor that becomes one of the guest's. ``inherited``: the host uses the same open
    file; ``captured``: it is kept for the user."""

    fd: int
    inherited: bool = False
    captured: bool = False


class Capture:
    """What the guest has written to an output that is kept."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        self._content = b""

    @property
    def content(self) -> bytes:
        """All of it, so far."""
        if self._fd is not None:
            self._content = self.since(0)
        return self._content

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return len(self._content) if self._fd is None else os.fstat(self._fd).st_size

    def since(self, offset: int) -> bytes:
        """What was written behind so many bytes."""
        if self._fd is None:
            return self._content[offset:]
        return os.pread(self._fd, max(0, self.size - offset), offset)

    def close(self) -> None:
        """The guest writes no more: keep the bytes alone."""
        if self._fd is not None:
            fd, _ = self._fd, self.content
            self._fd = None
            os.close(fd)


class Standard:
    """The three standard descriptors, as the user has chosen them. Raises UsageError.

    ``close`` when the guest has its own.
    """

    def __init__(self, stdin: Any = None, stdout: Any = None, stderr: Any = None) -> None:
        self.captures: dict[int, Capture] = {}
        """By the number of the output."""
        self._closing = contextlib.ExitStack()
        self.sources: dict[int, Source] = {}
        try:
            for number, given in enumerate((stdin, stdout, stderr)):
                if given is not None:
                    self.sources[number] = self._source(number, given)
        except BaseException:
            self.close()
            for capture in self.captures.values():
                capture.close()
            raise

    def close(self) -> None:
        """Give the descriptors back that were opened here; those of captures remain."""
        self._closing.close()

    def _source(self, number: int, given: Any) -> Source:
        name = _NAMES[number]
        if isinstance(given, bytes | bytearray | memoryview) and number == 0:
            return Source(self._holding(given))
        if isinstance(given, str | os.PathLike):
            return Source(self._opened(name, os.fspath(given), reads=number == 0))
        if isinstance(given, int) and not isinstance(given, bool) and given < 0:
            return self._special(number, given)
        return Source(_descriptor(name, given), inherited=True)

    def _special(self, number: int, given: int) -> Source:
        if given == DEVNULL:
            return Source(self._opened(_NAMES[number], os.devnull, reads=number == 0))
        if given == CAPTURE and number:
            fd = os.memfd_create(_NAMES[number], os.MFD_CLOEXEC)
            self.captures[number] = Capture(fd)
            return Source(fd, captured=True)
        if given == STDOUT and number == 2:
            return self.sources.get(1) or Source(1, inherited=True)
        raise _refusal(_NAMES[number], given)

    def _holding(self, content: Any) -> int:
        fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
        self._closing.callback(os.close, fd)
        view = memoryview(content).cast("B")
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    def _opened(self, name: str, path: Any, *, reads: bool) -> int:
        flags = os.O_RDONLY if reads else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{name}: {choices.shown(path)}: {reason}") from None
        self._closing.callback(os.close, fd)
        return fd


NOTHING: Mapping[int, Source] = {}


def _descriptor(name: str, given: Any) -> int:
    """The descriptor of an open file of the host."""
    try:
        if isinstance(given, bool):
            raise TypeError
        fd = given if isinstance(given, int) else given.fileno()
        os.fstat(fd)
        if not isinstance(given, int) and hasattr(given, "flush") and name != "stdin":
            given.flush()  # what is in its buffer comes first
        return int(fd)
    except (AttributeError, TypeError, ValueError, OSError):
        raise _refusal(name, given) from None


def _refusal(name: str, given: Any) -> UsageError:
    known = "bytes, " if name == "stdin" else "dbt.CAPTURE, "
    return UsageError(
        f"{name} is None, {known}a path, an open file or subprocess.DEVNULL,"
        f" not {choices.shown(given)}"
    )

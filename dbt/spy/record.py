"""The file of the record: lines appended by every process, read back in the order of the clock."""

import contextlib
import os
import tempfile
from collections.abc import Iterable

from dbt import choices
from dbt.spy.events import SCHEMA, Event
from dbt.stops import UsageError

_NO_RECORD = "is no record of armdbt spy"


class Recorder:
    """Appends events to a file, one write per line, so that lines of forked children never mix.

    The file has a temporary name until ``close`` gives it its own; without a ``path`` it has none
    and is gone with the last process that writes to it. Raises UsageError when it cannot be made,
    and for a ``path`` that is there and no regular file: it would be replaced.
    """

    def __init__(self, path: str | None) -> None:
        if path and os.path.exists(path) and not os.path.isfile(path):
            raise UsageError(f"{path}: not a regular file")
        self._path = os.path.realpath(path) if path else None
        self._name = path or "the record"
        directory = os.path.dirname(self._path) if self._path else None
        try:
            made, self._temporary = tempfile.mkstemp(".part", "armdbt-spy-", directory)
            os.close(made)
            flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(self._temporary, flags)
            if path is None:
                os.unlink(self._temporary)
        except OSError as error:
            raise UsageError(f"{path or directory}: {error.strerror}") from None

    def append(self, event: Event) -> None:
        """Write an event. Raises UsageError when the disk is full."""
        line = event.to_line().encode() + b"\n"
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            raise UsageError(f"{self._name}: {error.strerror}") from None
        if written != len(line):
            raise UsageError(f"{self._name}: the record could not be written")

    def discard(self) -> None:
        """Leave no file behind."""
        if self._path is not None:
            self._path = None
            os.unlink(self._temporary)

    def events(self) -> list[Event]:
        """All events so far, of all processes, in the order of the clock."""
        with open(f"/proc/self/fd/{self._fd}", "rb") as file:
            # A line that a child is just writing has no end yet.
            whole = (line.decode() for line in file if line.endswith(b"\n"))
            return in_order(map(Event.from_line, whole))

    def close(self) -> None:
        """Give the file its name. Children that still run append to it."""
        if self._path is not None:
            umask = os.umask(0)
            os.umask(umask)
            with contextlib.suppress(OSError):
                os.fchmod(self._fd, 0o666 & ~umask)
            try:
                os.replace(self._temporary, self._path)
            except OSError as error:
                raise UsageError(f"{self._path}: {error.strerror}") from None
            self._path = None


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events of several processes by time; those of one moment keep their order."""
    return sorted(events, key=lambda event: event.time)


def load(path: str) -> list[Event]:
    """The record in a file, in the order of the clock. Raises UsageError for what is none."""
    events: list[Event] = []
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                events.append(_event(path, number, line))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    events = in_order(events)
    begin = next((event for event in events if event.kind == "begin"), None)
    if begin is None:
        raise UsageError(f"{path}: {_NO_RECORD}")
    if begin["schema"] != SCHEMA:
        raise UsageError(f"{path}: schema {begin['schema']}, this armdbt reads {SCHEMA}")
    return events


def _event(path: str, number: int, line: bytes) -> Event:
    """The event in a line of a record. A file whose first line is nothing like one is no record."""
    try:
        return Event.from_line(line.decode())
    except (ValueError, TypeError, RecursionError) as error:
        if number == 1 and b'"event"' not in line:
            raise UsageError(f"{path}: {_NO_RECORD}") from None
        ours = type(error) is ValueError  # JSON, base64 and UTF-8 have errors of their own
        reason = error if ours else f"no event: {choices.shown(line)}"
        raise UsageError(f"{path}, line {number}: {reason}") from None

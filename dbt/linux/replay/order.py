"""The order in which the processes of a replay write to standard outputs: that of the recording."""

import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dbt.linux.replay.log_file import LogReader
from dbt.stops import UsageError
from dbt.typing import Any

_NEXT, _GIVEN_UP = 0, 1
_SECONDS = 0.0005


class Order:
    """Says whose turn it is to write. Shared by the processes of a replay. Raises UsageError for a
    log in which there is no such order."""

    def __init__(self, log: LogReader) -> None:
        self._ranks: dict[int, int] | None = None
        self._parent = os.getppid()
        if len(log.processes) > 1:
            found = sorted(_outputs(log))
            self._ranks = {number: rank for rank, number in enumerate(found)}
            if len(self._ranks) < len(found):
                raise UsageError(f"{log.path} makes no sense: something is output twice")
            self._shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    def in_child(self) -> None:
        """This is a process that the replay has forked."""
        self._parent = os.getppid()

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """Within this context the output with a number may be written. Waits for those before it,
        unless a process has given up."""
        if self._ranks is None:
            yield
            return
        rank = self._ranks[number]
        while self._shared[_NEXT] != rank and not self._shared[_GIVEN_UP]:
            time.sleep(_SECONDS)
            if os.getppid() != self._parent:  # somebody has killed it
                self.give_up()
        yield
        self._shared[_NEXT] = rank + 1

    def give_up(self) -> None:
        """Keep nobody waiting: a process has ended before its recording."""
        if self._ranks is not None:
            self._shared[_GIVEN_UP] = 1


def _outputs(log: LogReader) -> Iterator[int]:
    """The numbers of what is output by the processes that will be there: of a run that was killed
    the log may have some of a process, and not that it was forked. Raises UsageError unless each is
    forked once, by one that is older."""
    begun: set[int] = {0}
    for one in log.processes:
        if one not in begun:
            continue
        for name, number in _operations(log.records(one)):
            if name == "output":
                yield number
            elif number in begun or number <= one:
                raise UsageError(f"{log.path} makes no sense: a process begins twice")
            else:
                begun.add(number)


def _operations(records: Iterator[Any]) -> Iterator[tuple[str, int]]:
    """Each output and fork in some records, with its number."""
    for record in records:
        match record:
            case (_, _, _, _, _, tuple(operations)):
                for operation in operations:
                    match operation:
                        case (("output" | "fork") as name, int(number), *_):
                            yield name, number

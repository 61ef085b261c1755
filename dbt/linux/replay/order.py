"""The order in which the processes of a replay write to standard outputs: that of the recording."""

import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dbt.linux.replay.log_file import LogReader
from dbt.stops import UsageError
from dbt.typing import Any

_NEXT, _GIVEN_UP = 0, 1
_SECONDS = 0.0005


class Order:
    """Says whose turn it is to write. Shared by the processes of a replay."""

    def __init__(self, log: LogReader) -> None:
        self._ranks: dict[int, int] | None = None
        if len(log.processes) > 1:
            found = sorted(number for one in log.processes for number in _outputs(log.records(one)))
            _check_forks(log)
            self._ranks = {number: rank for rank, number in enumerate(found)}
            self._shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

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
        yield
        self._shared[_NEXT] = rank + 1

    def give_up(self) -> None:
        """Keep nobody waiting: a process has ended before its recording."""
        if self._ranks is not None:
            self._shared[_GIVEN_UP] = 1


def _check_forks(log: LogReader) -> None:
    """Raise UsageError unless each process is forked once at most, by one that is older."""
    begun: set[int] = {0}
    for one in log.processes:
        for number in _operands(log.records(one), "fork"):
            if number in begun or number <= one:
                raise UsageError(f"{log.path} makes no sense: a process begins twice")
            begun.add(number)


def _outputs(records: Iterator[Any]) -> Iterator[int]:
    return _operands(records, "output")


def _operands(records: Iterator[Any], name: str) -> Iterator[int]:
    """The first operands of all operations of a name."""
    for record in records:
        if isinstance(record, tuple) and len(record) == 6 and isinstance(record[5], tuple):
            for operation in record[5]:
                if operation[:1] == (name,):
                    yield operation[1]

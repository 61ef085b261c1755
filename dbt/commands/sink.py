"""Gives the records of a run to outputs, whole, also when the user interrupts it."""

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from dbt import interruption
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.hooks.records import Record
    from dbt.process import Process


class Unbroken:
    """Has an interrupt wait until outputs have taken what they are at, so that what is written
    after it is whole."""

    def __init__(self) -> None:
        self._busy, self._interrupted = False, 0
        for which in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(which) != signal.SIG_IGN:
                signal.signal(which, self._interrupt)

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._interrupted:
            number, self._interrupted = self._interrupted, 0
            interruption.interrupt(number)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._busy:
            self._interrupted = number
        else:
            interruption.interrupt(number, frame)


class Sink:
    """Feeds every record that is wanted to every output, which has a name and takes records, and
    no interrupt comes amid that."""

    def __init__(
        self,
        process: "Process",
        outputs: "Sequence[tuple[str, Callable[[Record], None]]]",
        max_depth: int | None,
    ) -> None:
        from dbt.hooks.records import Kind

        self._outputs = outputs
        self._kernel = process.kernel
        self._limit = 1 << 32 if max_depth is None else max_depth
        self._syscalls = (Kind.SYSCALL, Kind.SYSCALL_RETURN)
        self._unbroken = Unbroken()

    def __call__(self, records: "Iterable[Record]") -> None:
        if self._kernel.is_child:  # its buffers are copies of ours, its files are ours
            iter(records)  # they are not kept
            return
        with self._unbroken():
            for record in records:
                if record.depth < self._limit or record.kind in self._syscalls:
                    self._feed(record)

    def _feed(self, record: "Record") -> None:
        try:
            for file, feed in self._outputs:  # noqa: B007 (named when writing fails)
                feed(record)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None

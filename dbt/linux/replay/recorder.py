"""Makes the records of a run: collects what an event does, and writes it when the event is over."""

import os
import time
from collections.abc import Callable

from dbt.linux.replay.log_file import LogWriter
from dbt.linux.replay.memory import RecordedMemory
from dbt.linux.replay.records import (
    ADVICE_THAT_DROPS,
    ASYNCHRONOUS,
    BEGIN,
    END,
    REST,
    Registers,
    differences,
    packed_outcome,
)
from dbt.stops import Stop
from dbt.streams import say
from dbt.typing import Any

LARGEST_FILE = 256 << 20
LARGEST_EVENT = 512 << 20
"""Bytes of a file that is mapped, and of all that an event does, that are recorded."""
_PROCESS_SHIFT = 20
_YOUNG_NANOSECONDS = 2_000_000_000
"""A file that was changed within this time may change again with the same time stamp."""

Identity = tuple[int, int, int, int]


class Recorder:
    """Records the events of one process. ``executed`` returns the number of instructions that are
    completed; ``finish`` is called at the end of each event, to note what else has changed."""

    def __init__(self, memory: RecordedMemory, registers: Registers, log: LogWriter) -> None:
        self._memory, self._registers, self.log = memory, registers, log
        self.executed: Callable[[], int] = _none
        self.finish: Callable[[], None] = _nothing
        self.active = True
        """Whether events are recorded."""
        self.inside = False
        """Whether one is."""
        self._head: tuple[Any, ...] = ()
        self._operations: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._known = b""
        """The registers as the operations so far have left them."""
        self._newborn: dict[int, bytes] = {}
        """The registers of threads that have not run, as they were when each was made."""
        self._files: dict[Identity, int] = {}
        self._file_number = 0
        self._refusal = ""

    # -- events ------------------------------------------------------------------------------------

    def event(self, kind: int, place: Any, handle: Callable[[], int | Stop]) -> int | Stop:
        """Call ``handle``, which handles an event, and record what it does. Returns its outcome.
        When it raises, what it has done so far belongs to the next event."""
        if not self.active or self.inside:
            return handle()
        self._known = self._registers.get()
        self._head = kind, self.executed(), place, self._registers.sum(self._known)
        self.inside, self._memory.changes_to = True, self
        try:
            outcome = handle()
            self.finish()
        finally:
            self.flush()
            self.inside, self._memory.changes_to = False, None
        self._add(outcome, place)
        return outcome

    def _add(self, outcome: int | Stop, place: Any) -> None:
        head, operations = self._head, tuple(self._operations)
        self._operations.clear()
        self._bytes = 0
        if self._refusal:
            self._stop(head[1])
            return
        if head[0] in ASYNCHRONOUS and not operations and outcome == place and not self.log.is_due:
            return  # nothing has happened; once in a while that is a record, too
        self.log.add((*head, packed_outcome(outcome), operations))
        if head[0] == BEGIN or any(operation[0] == "fork" for operation in operations):
            self.log.flush()  # without this record, those of the new process say nothing
        if not isinstance(outcome, int):
            self.active = False
            self.log.flush()

    def _stop(self, executed: int) -> None:
        self.active = False
        self.log.add((END, executed, 0, 0, self._refusal, ()))
        self.log.flush()
        say(f"armdbt: {self.log.path}: not recorded from here on: {self._refusal}")

    def refuse(self, reason: str) -> None:
        """Record nothing from the present event on."""
        self._refusal = self._refusal or reason

    # -- operations --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Note what was written to memory and registers so far."""
        for address, data in self._memory.take_written():
            self._append("write", address, data)
            self._count(len(data))
        now = self._registers.get()
        if now != self._known:
            self._append("registers", differences(self._known, now))
            self._known = now

    def note(self, name: str, *operands: Any) -> None:
        """Note that an operation was made."""
        if not self.inside:
            return
        self.flush()
        if name != "advise" or operands[2] in ADVICE_THAT_DROPS:
            self._append(name, *operands)

    def _append(self, name: str, *operands: Any) -> None:
        self._operations.append((name, *operands))

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > LARGEST_EVENT:
            self.refuse(f"an event has written more than {LARGEST_EVENT >> 20} MiB")
            self._operations.clear()

    def note_file(self, name: str, *operands: Any, fd: int, size: int, offset: int) -> None:
        """Note that a file was mapped, and the file, if it is not in the log yet."""
        del size
        status = os.fstat(fd)
        if status.st_size > LARGEST_FILE:
            self.refuse(
                f"the program has mapped a file of {status.st_size:,} bytes, and files of at most"
                f" {LARGEST_FILE >> 20} MiB are recorded"
            )
            return
        identity = status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
        number = self._files.get(identity)
        if number is None or time.time_ns() - status.st_mtime_ns < _YOUNG_NANOSECONDS:
            self._file_number += 1
            number = self.log.process << _PROCESS_SHIFT | self._file_number
            self._files[identity] = number
            content = _content(fd, status.st_size)
            self._append("file", number, os.readlink(f"/proc/self/fd/{fd}"), content)
            self._count(len(content))
        self._append(name, *operands, number, offset)

    # -- threads -----------------------------------------------------------------------------------

    def thread_made(self, tid: int) -> None:
        """A thread was made, with registers that are not known until it runs."""
        self.note("thread_made", tid)
        self._newborn[tid] = self._known

    def switched(self, left: bytes | None, before: int, location: int, after: int) -> None:
        """Another thread's registers are in the state. ``left`` are those of the thread that ran
        before, at ``location``; None if it has ended."""
        if left is not None:
            self._append("registers", differences(self._known, self._registers.cut(left)))
        self._append("switched", before, location, after)
        self._known = self._newborn.pop(after, self._registers.get())

    # -- processes ---------------------------------------------------------------------------------

    def before_fork(self) -> int:
        """The process is about to be forked. Returns the number of the new one."""
        self.flush()
        return self.log.next_process()

    def in_child(self, number: int) -> None:
        """This is the forked process: what the event does from here on begins its records."""
        self.log.in_child(number)
        self._operations.clear()
        self._bytes = self._file_number = 0
        self._head = (REST, *self._head[1:])
        self.active = not self._refusal


def _content(fd: int, size: int) -> bytes:
    """The content of a file, as far as it has ``size`` bytes."""
    found = bytearray()
    while len(found) < size:
        data = os.pread(fd, min(size - len(found), 1 << 20), len(found))
        if not data:
            break
        found += data
    return bytes(found)


def _none() -> int:
    """``executed`` before there is an engine."""
    return 0


def _nothing() -> None:
    """``finish`` before it is set."""

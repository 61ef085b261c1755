"""The recording that ``Process.record`` returns: what translated code has kept, as arrays."""

import ctypes
from collections.abc import Callable, Collection, Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs

from dbt import choices
from dbt.hooks.arrays.events import EventArrays, joined
from dbt.hooks.arrays.reader import Array, ArrayReader
from dbt.hooks.follow import rows
from dbt.hooks.outputs import LineOf, Program
from dbt.hooks.recording import Recording
from dbt.hooks.records import Record
from dbt.interfaces import Executor
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.hooks.arrays.profile import Profile

MOST, MOST_AT_A_TIME = 1 << 25, 1 << 17
"""Events that a recording keeps, and that it gives to ``on_full`` at a time, unless it is told."""
_LEAST_WORDS = 64
Full = Callable[[EventArrays], Any]


class RecordingFull(Exception):
    """A recording has as many events as it may keep. ``Process.run`` raises this; the guest stands
    behind the event, which is kept, too. After ``clear`` the run can be continued."""


class RecordedEvents:
    """The events since it was made, until ``stop`` or the end of a ``with`` statement.

    ``calls``, ``syscalls``, ``blocks``, ``memory``: arrays, made when they are asked for, also amid
    a run and after the process was closed. One that is not recorded raises UsageError. Events take
    about 20 bytes until then, and rows of arrays 68 (calls), 80 (system calls), 28 (blocks) or 40
    (memory).
    """

    def __init__(
        self,
        recording: Recording,
        executor: Executor,
        program: Program,
        now: Callable[[], int],
        lines_of_now: Callable[[], LineOf],
        recorded: Collection[str],
        *,
        most: int | None = None,
        on_full: Full | None = None,
    ) -> None:
        self._recording, self._program, self._now = recording, program, now
        self._lines_of_now, self._recorded = lines_of_now, recorded
        self._on_full = on_full
        self.most: int = most or (MOST if on_full is None else MOST_AT_A_TIME)
        """Events that are kept: then ``run`` raises RecordingFull, or ``on_full`` gets them."""
        compiled = executor.decision(rows, "expand")
        call = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(compiled) if compiled else None
        self._reader = ArrayReader(recording.ways, call)
        self._rows = self._none()
        """Parts of each of the arrays, one of each at least."""
        self._begin = now()
        self._end: int | None = None
        recording.on_growth = self._grown
        recording.on_stop(self._stopped)
        self._make_room()

    # -- beginning and ending ----------------------------------------------------------------------

    def stop(self) -> None:
        """Record nothing from now on. ``on_full`` gets what it has not got; otherwise what was
        recorded stays. A second call does nothing. The end of the process stops it, too."""
        self._recording.stop()

    def _stopped(self) -> None:
        """It is stopped: nobody asks the process any more."""
        self._end = self._now()
        images = tuple(self._program.images())
        lines = self._lines_of_now()
        self._program = attrs.evolve(self._program, images=partial(tuple, images), line=lines)
        self.flush()

    def clear(self) -> None:
        """Drop what was recorded so far. Events are numbered on."""
        self._read()
        self._rows = self._none()
        if self._end is None:
            self._begin = self._now()
            self._make_room()

    def flush(self) -> None:
        """Give ``on_full`` what it has not got."""
        if self._on_full is not None and len(self):
            events = self.arrays()
            self.clear()
            self._on_full(events)

    def watch(self, functions: Any) -> None:
        """Record the calls of these functions, by symbols or addresses, and of no others from now
        on. Of others, calls that are under way are recorded to their end."""
        self._recording.watch(choices.several("functions", functions))

    def __enter__(self) -> Self:
        if self._end is not None:
            raise UsageError("the recording was stopped: make another one with Process.record")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # -- while it grows ----------------------------------------------------------------------------

    def _grown(self) -> None:
        """Events were added: see whether there are too many."""
        if len(self) >= self.most:
            if self._on_full is None:
                raise RecordingFull(
                    f"the recording has {len(self):,} events, and may keep {self.most:,}: "
                    "clear it, or record with most= or on_full="
                )
            self.flush()
        self._make_room()

    def _make_room(self) -> None:
        self._recording.limit(max(_LEAST_WORDS, self.most - len(self)))

    # -- events ------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Number of events."""
        return sum(len(part) for kept in self._rows for part in kept) + len(self._recording)

    def __repr__(self) -> str:
        state = "" if self._end is None else ", stopped"
        return f"<recording of {', '.join(self._recorded)}: {len(self):,} events{state}>"

    def _none(self) -> list[list[Array]]:
        return [[rows] for rows in self._reader.read([], 0)]

    def _read(self) -> None:
        """Make rows of what translated code has kept."""
        parts, count = self._recording.take_parts()
        if parts:
            made = self._reader.read(parts, count)
            self._rows = [[*kept, rows] for kept, rows in zip(self._rows, made, strict=True)]

    def arrays(self) -> EventArrays:
        """All events so far."""
        self._read()
        self._rows = [[joined(kept)] for kept in self._rows]
        calls, syscalls, blocks, memory = (kept[0] for kept in self._rows)
        return EventArrays(
            calls,
            syscalls,
            blocks,
            memory,
            dict(self._recording.names),
            dict(self._reader.syscall_names),
            self._begin,
            self._now() if self._end is None else self._end,
            attrs.evolve(self._program, start=self._begin),
            self._recorded,
        )

    @property
    def calls(self) -> Array:
        """Rows of ``dtypes.CALLS``."""
        return self.arrays().calls

    @property
    def syscalls(self) -> Array:
        """Rows of ``dtypes.SYSCALLS``."""
        return self.arrays().syscalls

    @property
    def blocks(self) -> Array:
        """Rows of ``dtypes.BLOCKS``."""
        return self.arrays().blocks

    @property
    def memory(self) -> Array:
        """Rows of ``dtypes.MEMORY``."""
        return self.arrays().memory

    @property
    def symbols(self) -> dict[int, str]:
        """Names of the functions that were called, by address."""
        return dict(self._recording.names)

    def records(self) -> Iterator[Record]:
        """See ``EventArrays.records``."""
        return self.arrays().records()

    def profile(self) -> "Profile":
        """See ``EventArrays.profile``."""
        return self.arrays().profile()

    def dataframe(self, array: str = "calls") -> Any:
        """See ``EventArrays.dataframe``."""
        return self.arrays().dataframe(array)

    def write(self, format: str, file: Any) -> None:
        """See ``EventArrays.write``."""
        self.arrays().write(format, file)

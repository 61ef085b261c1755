"""Arrays of the events of a run, and what can be made of them: Records, tables, files."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import IO, TYPE_CHECKING, Any

import attrs
import numpy as np

from dbt import choices
from dbt.files import destination, writing
from dbt.hooks.arrays.dtypes import ACCESS_KINDS, KINDS
from dbt.hooks.arrays.reader import Array, records_of_calls, records_of_syscalls
from dbt.hooks.outputs import NAMES, Program, write
from dbt.hooks.records import Record
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.hooks.arrays.profile import Profile

ARRAYS = ("calls", "syscalls", "blocks", "memory")
_NOT_RECORDED = {
    "calls": "calls were not recorded: process.record(calls=True) does, or calls=NAMES",
    "syscalls": "system calls were not recorded: process.record(syscalls=True) does",
    "blocks": "blocks were not recorded: process.record(blocks=True) does",
    "memory": "accesses to memory were not recorded: process.record(memory=True) does, or memory="
    " with a variable or a range",
}
_ROWS_AT_A_TIME = 1 << 16


@attrs.frozen(eq=False, repr=False)
class EventArrays:
    """The events of a part of a run, in its order. ``calls``, ``syscalls``, ``blocks`` and
    ``memory`` are structured arrays of one dimension, a row an event; ``dtypes.py`` and
    ``docs/recordings.md`` say what the fields are. One that was not recorded raises UsageError.

    ``symbols`` are the names of functions by address, ``syscall_names`` those of system calls by
    number; ``begin`` and ``end`` count the guest instructions completed before the part and at its
    end.
    """

    _calls: Array
    _syscalls: Array
    _blocks: Array
    _memory: Array
    symbols: Mapping[int, str]
    syscall_names: Mapping[int, str]
    begin: int
    end: int
    program: Program
    recorded: Collection[str] = ARRAYS
    """Which of the arrays were recorded."""

    def __len__(self) -> int:
        """Number of events."""
        return sum(map(len, (self._calls, self._syscalls, self._blocks, self._memory)))

    def __repr__(self) -> str:
        arrays = self._calls, self._syscalls, self._blocks, self._memory
        rows = ", ".join(
            f"{name} {len(array):,}"
            for name, array in zip(ARRAYS, arrays, strict=True)
            if name in self.recorded
        )
        return f"<EventArrays, rows: {rows}; instructions {self.begin:,} to {self.end:,}>"

    @property
    def calls(self) -> Array:
        """Rows of ``dtypes.CALLS``."""
        return self._if_recorded("calls", self._calls)

    @property
    def syscalls(self) -> Array:
        """Rows of ``dtypes.SYSCALLS``."""
        return self._if_recorded("syscalls", self._syscalls)

    @property
    def blocks(self) -> Array:
        """Rows of ``dtypes.BLOCKS``."""
        return self._if_recorded("blocks", self._blocks)

    @property
    def memory(self) -> Array:
        """Rows of ``dtypes.MEMORY``."""
        return self._if_recorded("memory", self._memory)

    def _if_recorded(self, name: str, array: Array) -> Array:
        if name not in self.recorded:
            raise choices.NoAttribute(_NOT_RECORDED[name])
        return array

    def records(self) -> Iterator[Record]:
        """Records of calls and system calls, in the order of the run: those that ``hooks.trace``
        gives with the mechanism ``entry``."""
        streams = (
            _in_parts(self._calls, records_of_calls, self.symbols),
            _in_parts(self._syscalls, records_of_syscalls, self.syscall_names),
        )
        return (record for _, record in heapq.merge(*streams, key=itemgetter(0)))

    def profile(self) -> "Profile":
        """The cost of each recorded function, which a notebook shows as a table. Raises UsageError
        for events of which it shows none."""
        self._need_records("profile")
        from dbt.hooks.arrays.profile import Profile

        return Profile(self.records(), self.program, self.end)

    def dataframe(self, array: str = "calls") -> Any:
        """A pandas DataFrame of one of the arrays: a column for each field and each argument
        (``arg0``). ``kind`` is a category, and calls and system calls have the name of the function
        or system call (``symbol``). Raises UsageError where pandas is not installed."""
        choices.one_of("array", array, ARRAYS)
        try:
            import pandas
        except ImportError:
            raise UsageError("dataframe: needs pandas: pip install 'armdbt[pandas]'") from None
        found: Array = getattr(self, array)
        columns: dict[str, Any] = {}
        for name in found.dtype.names or ():
            if found[name].ndim > 1:
                columns.update({f"arg{n}": found[name][:, n] for n in range(found[name].shape[1])})
            else:
                columns[name] = found[name]
        if array == "blocks":
            return pandas.DataFrame(columns)
        kinds = ACCESS_KINDS if array == "memory" else KINDS
        columns["kind"] = pandas.Categorical.from_codes(found["kind"], kinds)
        if array == "memory":
            return pandas.DataFrame(columns)
        names, key = (
            (self.symbols, "function") if array == "calls" else (self.syscall_names, "number")
        )
        columns["symbol"] = pandas.Series(found[key]).map(names).astype("category")
        return pandas.DataFrame(columns)

    def _need_records(self, format: str) -> None:
        if not {"calls", "syscalls"} & set(self.recorded):
            raise UsageError(f"format {format}: needs a recording with calls or system calls")

    def write(self, format: str, file: str | IO[Any]) -> None:
        """Write the events as one of the formats of ``docs/outputs.md``, drcov from blocks and
        the others from calls and system calls, to a path (the file appears when it is complete) or
        an open file. Raises UsageError for what is no format, for events of which a format shows
        none, and when the file cannot be written.

        System calls are shown in numbers, for their texts are not among what is recorded.
        """
        chosen = NAMES[choices.one_of("format", format, NAMES)]
        if not chosen.records and "blocks" not in self.recorded:
            raise UsageError(f"format {format}: needs a recording with blocks=True")
        if chosen.records:
            self._need_records(format)
        program = attrs.evolve(self.program, blocks=self._executed)
        records = self.records() if chosen.records else ()
        if not isinstance(file, str):
            write(format, records, file, program, end=self.end)
            return
        with destination(file, binary=chosen.binary) as out, writing(file):
            write(format, records, out, program, end=self.end)

    def _executed(self) -> list[tuple[int, int]]:
        """Addresses and sizes of the blocks, each once."""
        found = np.unique(self._blocks[["pc", "size"]])
        return list(zip(found["pc"].tolist(), found["size"].tolist(), strict=True))


def joined(parts: Iterable[Array]) -> Array:
    """One array of some, of which there is one at least."""
    parts = list(parts)
    filled = [part for part in parts if len(part)] or parts[:1]
    if len(filled) == 1:
        return filled[0]
    kind = parts[0].dtype  # as bytes, for numpy copies rows field by field
    return np.concatenate([part.view("u1") for part in filled]).view(kind)


def _in_parts(rows: Array, records: Any, names: Mapping[int, str]) -> Iterator[tuple[int, Record]]:
    """The records of rows, made some at a time."""
    for begin in range(0, len(rows), _ROWS_AT_A_TIME):
        yield from records(rows[begin : begin + _ROWS_AT_A_TIME], names)

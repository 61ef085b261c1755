"""Which functions ``armdbt calls`` and ``armdbt report`` watch: those there are at the start, and
those of libraries as the program maps them."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dbt import choices
from dbt.choices import AmbiguousName
from dbt.commands.sink import Unbroken
from dbt.stops import UsageError
from dbt.text import printable

if TYPE_CHECKING:
    import argparse

    from dbt.hooks import SyscallEvent
    from dbt.hooks.follow.summing import Summing
    from dbt.hooks.outputs import Program
    from dbt.hooks.recording import Recording
    from dbt.hooks.records import Record
    from dbt.process import Process

_PROT_EXEC = 4
_MAPPING = ("mmap2", "mmap")
_PROT, _ERRORS = 2, -4096


class Watching:
    """Has the functions with some symbols or addresses watched (none: all that symbol tables name),
    in one of the ways below.

    ``missing`` are the symbols that nothing mapped so far has. Raises UsageError when a program
    that loads no libraries lacks one.

    After an execve the functions of the new program are watched. Of a program without symbols those
    are, too, that are found when they are called first.
    """

    def __init__(
        self, process: "Process", only: Sequence[str], way: "Recorded | Summed | Traced"
    ) -> None:
        self._process = process
        self._only = only
        self._way = way
        self.missing: set[str] = set()
        self._find_no_more: Callable[[], None] | None = None
        process.hooks.on_program(self._new_program)
        for name in _MAPPING:
            process.hooks.on_syscall(name, self._mapped, leaving=True)
        way.begin()
        self._find()
        self._update()
        if len(process.kernel.images) == 1:
            for name in self.missing:
                process.resolve(name)

    def _new_program(self) -> None:
        self._way.begin_anew()
        self._find()
        self._update()

    def _find(self) -> None:
        """Watch what the program calls beside what is known of it, if it has no symbols."""
        if self._find_no_more is not None:
            self._find_no_more()
            self._find_no_more = None
        symbolizer = self._process.kernel.symbolizer
        if not self._only and symbolizer.stripped:
            hooks = self._process.hooks
            self._find_no_more = hooks.on_first_call(symbolizer.is_unknown, self._called)

    def _called(self, location: int) -> None:
        self._process.kernel.symbolizer.add_function(location)
        self._way.watch_also(location)

    def _mapped(self, event: "SyscallEvent") -> None:
        failed = event.result is None or _ERRORS < event.result < 0
        if not failed and event.arguments[_PROT] & _PROT_EXEC:
            self._update()

    def _update(self) -> None:
        """Watch what is wanted and mapped, and nothing else."""
        self._way.watch(self._wanted())

    def _wanted(self) -> set[int]:
        symbolizer = self._process.kernel.symbolizer
        if not self._only:
            return set(symbolizer.functions())
        found: set[int] = set()
        self.missing = set()
        for name in self._only:
            here = symbolizer.locations(name)
            try:
                found |= here or {self._process.resolve(name)}
            except AmbiguousName:
                raise
            except UsageError:
                self.missing.add(name)
        return found


class Traced:
    """Records of a trace by a mechanism, each given to ``sink`` when its event happens."""

    def __init__(
        self,
        process: "Process",
        sink: Callable[["Iterable[Record]"], None],
        mechanism: str,
        *,
        syscalls: bool,
    ) -> None:
        self._hooks, self._sink, self._mechanism = process.hooks, sink, mechanism
        self._syscalls = syscalls
        self._watched: dict[int, Callable[[], None]] = {}

    def _trace(self, pcs: Sequence[int], *, syscalls: bool = False) -> Callable[[], None]:
        return self._hooks.trace(
            pcs,
            lambda record: self._sink((record,)),
            mechanism=self._mechanism,
            syscalls=syscalls,
        )

    def begin(self) -> None:
        """Begin with the system calls."""
        self._trace((), syscalls=self._syscalls)

    def begin_anew(self) -> None:
        """An execve has removed all hooks on functions."""
        self._watched.clear()

    def watch(self, wanted: set[int]) -> None:
        """Trace these functions and no others."""
        for pc in self._watched.keys() - wanted:
            self._watched.pop(pc)()
        for pc in wanted - self._watched.keys():
            self.watch_also(pc)

    def watch_also(self, pc: int) -> None:
        """Trace one more function."""
        self._watched[pc] = self._trace((pc,))

    def pull(self) -> None:
        """Give the sink what it has not got: nothing."""


class _Recording(ABC):
    """What a recording keeps, pulled at system calls, when the outputs may ask what is mapped and
    what memory holds, and every 20 ms or so."""

    def __init__(self, process: "Process", *, syscalls: bool) -> None:
        self._hooks, self._syscalls = process.hooks, syscalls
        self._removers: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Begin with the system calls."""
        hooks = self._hooks
        self._recording = hooks.record((), syscalls=self._syscalls)
        self._removers = [
            self._recording.stop,
            hooks.on_syscall(None, self._called),
            hooks.on_syscall(None, self._called, leaving=True),
            hooks.on_pause(self.pull),
        ]

    def begin_anew(self) -> None:
        """An execve has ended the recording."""
        self.end()
        self.begin()

    def end(self) -> None:
        """Pull the rest, and record no more."""
        self.pull()
        while self._removers:
            self._removers.pop()()

    def watch(self, wanted: set[int]) -> None:
        """Record these functions and no others."""
        self.pull()
        self._recording.watch(wanted)

    def watch_also(self, pc: int) -> None:
        """Record one more function."""
        self._recording.watch_also((pc,))

    def _called(self, event: "SyscallEvent") -> None:
        del event
        self.pull()

    @abstractmethod
    def pull(self) -> None:
        """Hand on what was recorded since the last time."""


class Recorded(_Recording):
    """Records of a recording, which are those of a trace with ``entry``, given to ``sink``."""

    def __init__(
        self, process: "Process", sink: Callable[["Iterable[Record]"], None], *, syscalls: bool
    ) -> None:
        super().__init__(process, syscalls=syscalls)
        self._sink = sink

    def pull(self) -> None:
        """Give the sink what it has not got."""
        self._sink(_Late(self._recording))


class Summed(_Recording):
    """What a recording keeps, added up without making Records of it."""

    def __init__(self, process: "Process", sums: "Summing", *, syscalls: bool) -> None:
        super().__init__(process, syscalls=syscalls)
        self._kernel, self._sums, self._unbroken = process.kernel, sums, Unbroken()

    def begin_anew(self) -> None:
        """An execve has ended the recording."""
        super().begin_anew()
        if not self._kernel.is_child:
            self._sums.begin_anew()

    def pull(self) -> None:
        """Add up what was recorded since the last time."""
        with self._unbroken():
            parts, _ = self._recording.take_parts()
            if not self._kernel.is_child:
                self._sums.read(parts, self._recording.ways, self._recording.names)


class _Late:
    """The records that a recording has when they are asked for."""

    def __init__(self, recording: "Recording") -> None:
        self._recording = recording

    def __iter__(self) -> "Iterator[Record]":
        return iter(self._recording.drain())


def tell_missing(process: "Process", watching: Watching) -> None:
    """Say which symbols were never there."""
    for name in sorted(watching.missing):
        meant = choices.meant(name, process.kernel.symbolizer.similar(name))
        text = f"armdbt: no symbol {choices.shown(name)} in the program and its libraries{meant}"
        print(printable(text), file=sys.stderr)


def described(
    process: "Process",
    arguments: "argparse.Namespace",
    blocks: "Callable[[], Iterable[tuple[int, int]]]" = tuple,
) -> "Program":
    """What outputs may know of the program. ``blocks`` lists those that were executed."""
    from dbt.hooks.outputs import Program
    from dbt.linux.typed.decode import Decoder

    kernel = process.kernel
    decoder = Decoder(kernel.abi, process.memory)

    def syscall(call: "Record", result: int | None) -> str:
        request = kernel.request
        aligned, variant = request.aligned, request.variant
        return str(
            decoder.decode(call.symbol, call.arguments, result, aligned=aligned, variant=variant)
        )

    return Program(
        command=(arguments.program, *arguments.args),
        images=lambda: kernel.images,
        blocks=blocks,
        syscall=syscall,
        line=kernel.symbolizer.line,
        start=process.engine.executed,
    )

"""Which functions ``armdbt calls`` watches: those there are at the start, and those of libraries as
the program maps them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.hooks import SyscallEvent
    from dbt.hooks.records import Record
    from dbt.process import Process

_PROT_EXEC = 4
_MAPPING = ("mmap2", "mmap")
_PROT, _ERRORS = 2, -4096


class Watching:
    """Traces functions by symbol or address (none: all that symbol tables name) into a sink.

    ``missing`` are the symbols that nothing mapped so far has. Raises UsageError when a program
    that loads no libraries lacks one.

    After an execve the functions of the new program are watched.
    """

    def __init__(
        self,
        process: "Process",
        only: Sequence[str],
        sink: Callable[["Record"], None],
        *,
        mechanism: str,
        syscalls: bool,
    ) -> None:
        self._process = process
        self._only = only
        self._sink = sink
        self._mechanism = mechanism
        self._watched: dict[int, Callable[[], None]] = {}
        self.missing: set[str] = set()
        process.hooks.on_program(self._new_program)
        for name in _MAPPING:
            process.hooks.on_syscall(name, self._mapped, leaving=True)
        process.hooks.trace((), sink, mechanism=mechanism, syscalls=syscalls)
        self._update()
        if len(process.kernel.images) == 1:
            for name in self.missing:
                process.resolve(name)

    def _new_program(self) -> None:
        self._watched.clear()  # execve has removed all hooks on functions
        self._update()

    def _mapped(self, event: "SyscallEvent") -> None:
        failed = event.result is None or _ERRORS < event.result < 0
        if not failed and event.arguments[_PROT] & _PROT_EXEC:
            self._update()

    def _update(self) -> None:
        """Watch what is wanted and mapped, and nothing else."""
        wanted = self._wanted()
        for pc in self._watched.keys() - wanted:
            self._watched.pop(pc)()
        for pc in wanted - self._watched.keys():
            self._watched[pc] = self._process.hooks.trace(
                (pc,), self._sink, mechanism=self._mechanism, syscalls=False
            )

    def _wanted(self) -> set[int]:
        functions = self._process.kernel.symbolizer.functions()
        if not self._only:
            return set(functions)
        found = {pc for pc, name in functions.items() if name in self._only}
        self.missing = set()
        for name in self._only:
            try:
                found.add(self._process.resolve(name))
            except UsageError:
                self.missing.add(name)
        return found

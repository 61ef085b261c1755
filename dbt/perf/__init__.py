"""Tells Linux perf what translated code is, in the files that it reads: ``docs/profiling.md``."""

from collections.abc import Callable

from dbt import choices
from dbt.interfaces import Executor, HostCode
from dbt.typing import Protocol

FORMATS = ("map", "jitdump")


class PerfFile(Protocol):
    """What perf reads of one process."""

    def begin_in_child(self) -> None:
        """This process was forked: it gets a file of its own. Raises UsageError."""

    def finish(self) -> None:
        """The guest does not run any more: complete the file. Raises UsageError. A second call does
        nothing."""


class Names:
    """Names of host code: ``main+0x14 in fib.elf [copy]``."""

    def __init__(self, symbolize: Callable[[int], str]) -> None:
        self._symbolize = symbolize

    def of(self, code: HostCode) -> str:
        """The name of a piece of code, in one line."""
        what = f"armdbt {code.name}" if code.key is None else self._symbolize(code.key.pc)
        return f"{what} [{code.tier}]"


def open_perf_file(
    format_: str, executor: Executor, symbolize: Callable[[int], str], directory: str
) -> PerfFile:
    """Begin to write what perf reads: ``map``, or ``jitdump`` in a directory. Raises UsageError for
    another format, and when no file can be made."""
    choices.one_of("perf format", format_, FORMATS)
    names = Names(symbolize)
    if format_ == "map":
        from dbt.perf.map_file import MapFile

        return MapFile(executor, names)
    from dbt.perf.jitdump import Jitdump

    return Jitdump(executor, names, directory)

"""Calls and returns of chosen functions, by symbol, in whatever program the process runs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dbt.choices import AmbiguousName
from dbt.hooks import SyscallEvent
from dbt.hooks.records import Kind, Record
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.process import Process

_NEW_CODE = ("mmap2", "mmap", "mprotect")


class SymbolHooks:
    """Keeps hooks at the symbols ``wanted``: in libraries once they are mapped, and in the next
    program after execve.

    ``tell(kind, **fields)`` gets the events.
    """

    def __init__(self, process: "Process", wanted: Sequence[str], tell: Callable[..., Any]) -> None:
        self._process = process
        self._wanted = wanted
        self._tell = tell
        self._placed: dict[str, Callable[[], None]] = {}
        self.found: set[str] = set()
        """Symbols that were there at some time, in this process."""
        process.hooks.on_program(self._new_program)
        process.hooks.on_syscall(None, self._leaving, leaving=True)
        self.place()

    def place(self) -> None:
        """Set hooks at the symbols that can be found now and have none."""
        for symbol in self._wanted:
            if symbol in self._placed:
                continue
            try:
                pc = self._process.resolve(symbol)
            except AmbiguousName:
                raise
            except UsageError:
                continue
            trace = self._process.hooks.trace([pc], self._told, syscalls=False)
            self._placed[symbol] = trace
            self.found.add(symbol)

    def _new_program(self) -> None:
        self._placed.clear()  # execve has removed all hooks on functions
        self.place()

    def _leaving(self, event: SyscallEvent) -> None:
        if event.name in _NEW_CODE:
            self.place()

    def _told(self, record: Record) -> None:
        about = {"symbol": record.symbol, "pc": record.function,
                 "depth": record.depth, "stack_id": record.stack_id}  # fmt: skip
        match record.kind:
            case Kind.CALL | Kind.TAIL_CALL:
                tail = record.kind is Kind.TAIL_CALL
                arguments = list(record.arguments)
                self._tell("call", **about, arguments=arguments, return_to=record.site, tail=tail)
            case Kind.RETURN:
                self._tell("return", **about, result=record.result or 0)
            case Kind.UNWOUND:
                self._tell("unwound", **about)

"""Calls and returns of chosen functions, by symbol, in whatever program the process runs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dbt.hooks import CallEvent, ReturnEvent, SyscallEvent
from dbt.stops import UsageError

if TYPE_CHECKING:
    from dbt.process import Process

REGISTERS = 4
"""Argument words that are kept: as many as the AAPCS passes in registers."""
_NEW_CODE = ("mmap2", "mmap", "mprotect")


class SymbolHooks:
    """Keeps hooks at the symbols ``wanted``: in libraries once they are mapped, and in the next
    program after execve, from its first system call on.

    ``tell(kind, **fields)`` gets the events.
    """

    def __init__(self, process: "Process", wanted: Sequence[str], tell: Callable[..., Any]) -> None:
        self._process = process
        self._wanted = wanted
        self._tell = tell
        self._placed: dict[str, list[Callable[[], None]]] = {}
        self.found: set[str] = set()
        """Symbols that were there at some time, in this process."""
        process.hooks.on_syscall(None, self._entering)
        process.hooks.on_syscall(None, self._leaving, leaving=True)
        self.place()

    def place(self) -> None:
        """Set hooks at the symbols that can be found now and have none."""
        for symbol in self._wanted:
            if symbol in self._placed:
                continue
            try:
                pc = self._process.resolve(symbol)
            except UsageError:
                continue
            hooks = self._process.hooks
            self._placed[symbol] = [
                hooks.on_call(pc, self._called), hooks.on_return(pc, self._returned)
            ]  # fmt: skip
            self.found.add(symbol)

    def remove(self) -> None:
        """Take all hooks away."""
        for removers in self._placed.values():
            for remover in removers:
                remover()
        self._placed.clear()

    def _entering(self, event: SyscallEvent) -> None:
        if event.name in ("execve", "execveat"):
            self.remove()  # the addresses mean something else in the next program
        elif not self._placed:
            self.place()

    def _leaving(self, event: SyscallEvent) -> None:
        if event.name in _NEW_CODE or not self._placed:
            self.place()

    def _called(self, event: CallEvent) -> None:
        arguments = [event.argument(index) for index in range(REGISTERS)]
        self._tell(
            "call", symbol=event.symbol, pc=event.pc, depth=event.depth, arguments=arguments,
            return_to=event.return_to,
        )  # fmt: skip

    def _returned(self, event: ReturnEvent) -> None:
        self._tell(
            "return", symbol=event.symbol, pc=event.pc, depth=event.depth, result=event.result,
            returned_to=event.returned_to,
        )  # fmt: skip

"""The tool: hooks on every system call of a process, and on functions if asked to."""

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dbt import choices
from dbt.hooks import SyscallEvent
from dbt.spy import handlers
from dbt.spy.events import SCHEMA, Event
from dbt.spy.guest import ProcessGuest
from dbt.spy.record import Recorder
from dbt.spy.symbols import SymbolHooks
from dbt.spy.tap import Tap
from dbt.stops import Exited, Killed, Stop, UsageError

if TYPE_CHECKING:
    from dbt.process import Process

DATA_LIMIT = 4096


class Spy:
    """Records what a process and its forked children do, from now on.

    ``path``: the file of JSON lines, None to keep them only for ``events``. ``limit``: bytes kept
    of each transfer; sizes are always exact. ``symbols``: functions whose calls are recorded.
    Raises UsageError when the file cannot be written.
    """

    def __init__(
        self,
        process: "Process",
        path: str | None = None,
        *,
        limit: int = DATA_LIMIT,
        symbols: Sequence[str] | str = (),
    ) -> None:
        limit = choices.whole("limit", limit)
        wanted = [choices.word("a symbol", one) for one in choices.several("symbols", symbols)]
        self._recorder = Recorder(path)
        self._tap = Tap(ProcessGuest(process), self._recorder.append, limit)
        kernel = process.kernel.process
        try:
            self._tap.tell(
                "begin", self._tap.start, schema=SCHEMA, program=kernel.path,
                argv=[argument.decode(errors="replace") for argument in kernel.argv],
                cwd=self._tap.cwd, data_limit=limit,
                started=datetime.datetime.now(datetime.UTC).isoformat(),
            )  # fmt: skip
        except UsageError:
            self._recorder.discard()
            raise
        process.hooks.on_syscall(None, self._entering)
        process.hooks.on_syscall(None, self._leaving, leaving=True)
        self._symbols = SymbolHooks(process, wanted, self._tell_now) if wanted else None
        self._wanted = set(wanted)

    def _entering(self, event: SyscallEvent) -> None:
        self._tap.entering(event.name, event.arguments)

    def _leaving(self, event: SyscallEvent) -> None:
        assert event.result is not None
        self._tap.leaving(event.name, event.arguments, event.result)

    def _tell_now(self, kind: str, **fields: object) -> None:
        self._tap.tell(kind, self._tap.guest.now(), **fields)

    @property
    def missing(self) -> set[str]:
        """Symbols that the first process never had."""
        return self._wanted - (self._symbols.found if self._symbols is not None else set())

    def events(self) -> list[Event]:
        """The record so far, of all processes, in the order of the clock."""
        return self._recorder.events()

    def finish(self, stop: Stop | None) -> None:
        """Write how the run ended, and give the file its name; None is a run that the user has
        interrupted."""
        if self._tap.executing is not None:
            self._tap.executed()
        match stop:
            case Exited(status=status):
                how: dict[str, object] = {"status": status & 0xFF}
            case Killed(signal=number):
                how = {"status": 128 + number, "reason": f"signal {number}"}
            case None:
                how = {"reason": "Interrupted"}
            case _:
                how = {"reason": type(stop).__name__}
        self._tell_now("end", **how)
        self.close()

    def close(self) -> None:
        """Give the file its name, also when the run ended in an exception."""
        self._recorder.close()


__all__ = ["DATA_LIMIT", "Spy", "handlers"]

"""Packets about threads: which there are, which one is meant, what they are called."""

from dbt.gdb import threads
from dbt.gdb.context import INVALID, NO_THREAD, OK, Answer, Context


class ThreadQueries:
    """Answers packets about threads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.answers: dict[bytes, Answer] = {
            b"qC": lambda _: b"QC" + context.shown(context.debuggee.current),
            b"qfThreadInfo": lambda _: b"m" + b",".join(self._all()),
            b"qsThreadInfo": lambda _: b"l",
            b"qThreadExtraInfo": self._name,
            b"H": self._select,
            b"T": self._is_alive,
        }

    def _all(self) -> list[bytes]:
        return [self._context.shown(tid) for tid in self._context.debuggee.threads()]

    def xml(self) -> bytes:
        """The list of threads with their names."""
        debuggee = self._context.debuggee
        known = [(self._context.shown(tid), debuggee.name(tid)) for tid in debuggee.threads()]
        return threads.as_xml(known)

    def _name(self, rest: bytes) -> bytes:
        return self._context.debuggee.name(threads.parse(rest)).hex().encode()

    def _select(self, rest: bytes) -> bytes:
        if rest[:1] not in (b"g", b"c"):
            return INVALID
        tid = threads.parse(rest[1:])
        if not self._is_there(tid):
            return NO_THREAD
        if rest[:1] == b"g":
            self._context.selected = tid
        return OK

    def _is_alive(self, rest: bytes) -> bytes:
        return OK if self._is_there(threads.parse(rest)) else NO_THREAD

    def _is_there(self, tid: int) -> bool:
        return tid in (threads.ALL, threads.ANY) or tid in self._context.debuggee.threads()

"""The state of a conversation that the classes with answers share, and the answers of errors."""

from collections.abc import Callable

from dbt.classes import attrs
from dbt.gdb import threads
from dbt.gdb.packets import Malformed
from dbt.process.debugging import Debuggee
from dbt.typing import TypeAlias

Answer: TypeAlias = Callable[[bytes], bytes | None]
"""Answers a packet, of which it is given what is behind the name. None: there is no answer."""

OK, UNSUPPORTED = b"OK", b""
NOT_THERE, NO_THREAD, NO_MEMORY, BUSY, INVALID = b"E02", b"E03", b"E0e", b"E10", b"E16"
"""Errors, by the numbers of Linux: ENOENT, ESRCH, EFAULT, EBUSY, EINVAL."""


@attrs.define(eq=False)
class Context:
    """``process`` is its id; ``selected`` the thread whose registers are meant, or ANY."""

    debuggee: Debuggee
    process: int
    selected: int = threads.ANY
    with_process: bool = False
    """Whether packets name the process with a thread."""
    features: frozenset[bytes] = frozenset()
    """What the debugger knows beside the protocol's core."""

    @property
    def thread(self) -> int:
        """The thread whose registers are meant."""
        selected = self.selected
        return self.debuggee.current if selected in (threads.ALL, threads.ANY) else selected

    def shown(self, tid: int) -> bytes:
        """A thread as packets name it."""
        return threads.shown(self.process, tid, with_process=self.with_process)


def first_part(text: bytes, separator: bytes) -> tuple[bytes, bytes]:
    """What is before and behind a separator. Raises Malformed where there is none."""
    first, found, rest = text.partition(separator)
    if not found:
        raise Malformed
    return first, rest

"""The event stream as data: what happened, where, how deep, when. No reference to the process.

Mechanisms and the ground truth make records, every output format reads them.

Activations
-----------
A function *entered* at a watched pc is an *activation*. The pair (``site``, ``stack``), the link
register and the stack pointer found there, identifies it among all that are alive.

- ``CALL``: control arrives at the first instruction of a watched function, by whatever way (branch,
  fall-through, computed jump, signal), and a new activation begins.
- ``TAIL_CALL``: the same, but link register and stack pointer are still those that the innermost
  live activation was entered with, and no call instruction led here: the function takes the
  other's place and will return for both.
- ``RETURN``: control arrives at the activation's ``site`` with the stack pointer it was entered
  with. Activations that tail called return at the same moment, the innermost first.
- ``UNWOUND``: the activation was given up without returning (by longjmp or an exception; the end of
  a thread or of the program gives nothing up). Control continued with a stack pointer above its
  own, or an outer activation returned first: the record comes when the outer one returns, or
  earlier. Also when the stack pointer was loaded with the value the activation was entered with,
  and then a function is entered that does not return to its ``site``: a longjmp into the frame that
  had made the call.
- ``SYSCALL``, ``SYSCALL_RETURN``: at the trap instruction; calls that never return (exit, a
  successful execve, sigreturn) have no second record, fork has one in each process.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from dbt.text import NAME, printable

OLD_KEYS: Mapping[str, str] = {"lane": "stack_id"}
"""Keys of older record files, and the names that they have now."""


def with_present_keys(row: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a line's object with the keys of older record files renamed."""
    present = dict(row)
    for old, new in OLD_KEYS.items():
        if old in row and new not in row:
            present[new] = present.pop(old)
    return present


class Kind(enum.Enum):
    """What has happened."""

    CALL = "call"
    TAIL_CALL = "tail_call"
    RETURN = "return"
    UNWOUND = "unwound"
    SYSCALL = "syscall"
    SYSCALL_RETURN = "syscall_return"


@attrs.frozen
class Record:
    """One event."""

    kind: Kind
    function: int
    """Address of the function's first instruction; of system calls the number."""
    symbol: str
    """The function's name, or its address as text; the system call's name."""
    site: int
    """The address that the activation returns to; of system calls what follows the trap
    instruction."""
    stack: int
    """The stack pointer that the activation was entered with; of system calls the present one."""
    depth: int
    """How many watched activations are alive below this one."""
    insns: int
    """Guest instructions completed before the event."""
    caller: int = 0
    """Address of the instruction that called or jumped. Hooks see it where a call instruction led
    straight to the function, else it is 0 (tail calls, jump tables, veneers)."""
    thread: int = 0
    """Guest thread id."""
    arguments: tuple[int, ...] = ()
    """Of calls the four argument registers; of system calls all arguments."""
    result: int | None = None
    """Of returns the result register; of system call returns the result, negative errno on
    failure."""
    stack_id: int = 0
    """Number of the thread's stack that it is on: coroutines return in another order than they
    were called. 0 is the first stack, and all where a mechanism does not follow the stacks. A
    signal handler's alternate stack has the number of what it interrupted."""

    def __repr__(self) -> str:
        what = f"{self.kind.value} {printable(self.symbol, NAME)}"
        where = "" if self._of_kernel else f" at {self.function:#x}"
        texts = ", ".join(f"{name} {text}" for name, text in self._texts())
        return f"Record({what}{where}, {texts})"

    def _repr_html_(self) -> str:
        from dbt.markup import pairs

        number = str(self.function) if self._of_kernel else f"{self.function:#x}"
        head = [("kind", self.kind.value), ("symbol", self.symbol), ("function", number)]
        return pairs([*head, *self._texts()])

    @property
    def _of_kernel(self) -> bool:
        return self.kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN)

    def _texts(self) -> Iterator[tuple[str, str]]:
        """The other fields, without those that say nothing here."""
        if self.arguments:
            yield "arguments", " ".join(map(hex, self.arguments))
        if self.result is not None:
            yield "result", str(self.result) if self._of_kernel else f"{self.result:#x}"
        yield "site", f"{self.site:#x}"
        yield "stack", f"{self.stack:#x}"
        if self.caller:
            yield "caller", f"{self.caller:#x}"
        yield "depth", str(self.depth)
        yield "insns", str(self.insns)
        yield "thread", str(self.thread)
        if self.stack_id:
            yield "stack_id", str(self.stack_id)

    @property
    def strand(self) -> tuple[int, int]:
        """Thread and stack: the calls of one strand nest."""
        return self.thread, self.stack_id

"""What the core asks of a pass."""

from typing import Any, Protocol, runtime_checkable

from dbt.ir.block import Block


class Pass(Protocol):
    """One rewrite of a block in place. Fields of the (frozen attrs) class are its options.

    A pass that depends on more than the block is also ``Bound`` or ``Attached``.
    """

    def run(self, block: Block) -> None: ...


@runtime_checkable
class Bound(Protocol):
    """A pass that has to know the numbers of system calls."""

    def bind(self, abi: Any) -> Pass:
        """The pass to run in its place, for a kernel interface (``dbt.syscalls.SyscallAbi``).
        Called once, when the process is made. Raises UsageError for a call that there is not."""


@runtime_checkable
class Attached(Protocol):
    """A pass that needs something of the process: cells, functions, symbols."""

    def attach(self, process: Any) -> None:
        """Take what it needs of the process (``dbt.Process``), once, before any code is translated.
        Raises UsageError when it serves another process already."""

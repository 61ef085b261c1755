"""The protocols of a pass."""

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from dbt.ir.block import Block

if TYPE_CHECKING:
    from dbt.syscalls import SyscallAbi


class Pass(Protocol):
    """One rewrite of blocks. The fields of its class, a frozen attrs class, are its options.

    A pass that needs more than blocks is also ``Bound``, ``Attached`` or both: ``bind`` is called
    first, then ``attach``, then ``run`` for each block that is translated.
    """

    def run(self, block: Block) -> None:
        """Change a block in place."""


@runtime_checkable
class Bound(Protocol):
    """A pass that needs to know the numbers of system calls."""

    def bind(self, abi: "SyscallAbi") -> Pass:
        """Return the pass to run in place of this one, for a guest's system call interface. Called
        once, when the process is made. Raises UsageError for an option that names no system
        call."""


@runtime_checkable
class Attached(Protocol):
    """A pass that needs something of the process: counters, functions, symbols."""

    def attach(self, process: Any) -> None:
        """Take what the pass needs from the process (``dbt.Process``). Called once, before any code
        is translated. Raises UsageError when the pass belongs to another process already."""

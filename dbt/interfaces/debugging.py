"""The protocol of what a debugger has to know of a guest's processor."""

from collections.abc import Sequence

from dbt.ir.banks import State
from dbt.typing import Protocol, runtime_checkable


class DebugTarget(Protocol):
    """The registers of a processor as debuggers number them. A thread of the guest is given by its
    slots and by the location of the instruction that is next in it."""

    description: bytes
    """The processor in gdb's format of target descriptions: XML, a document of its own."""
    sizes: Sequence[int]
    """The size of each register in bytes, by its number."""
    stops_before_access: bool
    """Whether a debugger expects to be told of an access to watched memory before the instruction
    is executed; it has it executed then. Else it is told behind the instruction."""
    expedited: Sequence[int]
    """Numbers of the registers that a debugger asks for at each stop."""

    def read(self, number: int, state: State, location: int) -> bytes:
        """The value of a register, in the guest's order of bytes."""

    def write(self, number: int, value: bytes, state: State, location: int) -> int:
        """Set a register to a value of its size. Returns the location of the instruction that is
        next in the thread now. Bits that the processor does not have are left out."""


@runtime_checkable
class Debuggable(Protocol):
    """A frontend whose guests can be debugged."""

    def debug_target(self, cpu: str = "") -> DebugTarget:
        """The registers of a processor that the guest is told of by this name (see
        ``Frontend.syscall_abi``)."""

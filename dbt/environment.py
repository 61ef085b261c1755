"""What a guest's code finds around it: an operating system (``dbt/linux``), or bare metal."""

from collections.abc import Sequence
from typing import Protocol

from dbt.interfaces import FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.stops import Stop


class Environment(Protocol):
    """Sees to what translated code cannot do by itself.

    Each of these answers with the location at which the guest goes on, or with how it ends.
    """

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        """Load a program of the host. Returns the location to start at. Raises UsageError."""

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        """Serve the trap instruction with immediate ``number``, behind which is ``resume``. When a
        hook raises before the call is made, this is to be asked ``again``."""

    def fault(self, hit: FaultHit) -> int | Stop:
        """See to a forbidden access."""

    def halt(self, hit: HaltHit) -> int | Stop:
        """See to an instruction that cannot be executed."""

    def poll(self, location: int) -> int | Stop:
        """See to what has come from outside, before the instruction at ``location``."""

    def symbolize(self, pc: int) -> str:
        """``name+0x14 in file`` for a guest address."""

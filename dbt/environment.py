"""The protocol of a guest's surroundings: an operating system (``dbt/linux``) or bare metal."""

from collections.abc import Sequence
from typing import Protocol

from dbt.interfaces import FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.stops import Stop


class Environment(Protocol):
    """Does what translated code cannot do by itself.

    ``syscall``, ``fault``, ``halt`` and ``poll`` return the location at which the guest continues,
    or how it ends.
    """

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        """Load a program of the host. Returns the location to start at. Raises UsageError."""

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        """Serve the trap instruction with immediate ``number``, which is in front of ``resume``.
        ``again``: it was begun before, and a hook raised before the call was made."""

    def fault(self, hit: FaultHit) -> int | Stop:
        """Handle a forbidden access."""

    def halt(self, hit: HaltHit) -> int | Stop:
        """Handle an instruction that cannot be executed."""

    def poll(self, location: int) -> int | Stop:
        """Handle signals and the like, before the instruction at ``location``."""

    def symbolize(self, pc: int) -> str:
        """``name+0x14 in file`` for a guest address."""

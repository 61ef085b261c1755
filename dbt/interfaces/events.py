"""Events: what an executor returns to the engine."""

from dbt.classes import attrs
from dbt.ir.block import BlockKey
from dbt.stops import Access
from dbt.typing import TypeAlias


@attrs.frozen
class NotTranslated:
    """There is no translation of ``key``: install one and run it."""

    key: BlockKey


@attrs.frozen
class SyscallHit:
    """A Swi exit: the number in the instruction, and the key to continue at, whose pc is also in
    the slot ``pc``."""

    number: int
    resume: BlockKey


@attrs.frozen
class HookHit:
    """A Hook exit of a block at ``resume.pc``, which is also in the slot ``pc``."""

    resume: BlockKey


@attrs.frozen
class WatchHit:
    """The dispatcher was about to enter the block at ``key``, whose pc is watched."""

    key: BlockKey


@attrs.frozen
class FaultHit:
    """A load or store was forbidden, or an address had to be aligned. The instruction at ``pc`` has
    changed nothing and is not counted."""

    pc: int
    mode: int
    address: int
    access: Access


@attrs.frozen
class HaltHit:
    """A Halt exit. ``mode`` has the frontend's mode bits of the block."""

    reason: str
    pc: int
    mode: int = 0


@attrs.frozen
class TrapHit:
    """A ``trap_if`` fired in the instruction at ``pc``. ``mode`` as in HaltHit."""

    reason: str
    pc: int
    mode: int = 0


@attrs.frozen
class FuelOut:
    """The block at ``key`` was not entered: it needs more fuel than is left, or is the first of
    several that were compiled as one and might take more together."""

    key: BlockKey


Event: TypeAlias = (
    NotTranslated | SyscallHit | HookHit | WatchHit | FaultHit | HaltHit | TrapHit | FuelOut
)

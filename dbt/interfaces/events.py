"""Events: what an executor comes back to the engine with."""

from typing import TypeAlias

import attrs

from dbt.ir.block import BlockKey
from dbt.stops import Access


@attrs.frozen
class NotTranslated:
    """``key`` is to be installed, then run again."""

    key: BlockKey


@attrs.frozen
class SyscallHit:
    """A Swi exit: the number in the instruction, and where to go on. state.pc is ``resume.pc``."""

    number: int
    resume: BlockKey


@attrs.frozen
class HookHit:
    """A Hook exit of a block at ``resume.pc`` (also in state.pc)."""

    resume: BlockKey


@attrs.frozen
class WatchHit:
    """The dispatcher was about to enter the block at ``key``, whose pc is watched."""

    key: BlockKey


@attrs.frozen
class FaultHit:
    """A load or store was forbidden. The instruction at ``pc`` did nothing and was not counted."""

    pc: int
    mode: int
    address: int
    access: Access


@attrs.frozen
class HaltHit:
    """A Halt exit. ``mode`` has the frontend's bits of the block it is in."""

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
    """The block at ``key`` needs more fuel than is left. It was not entered."""

    key: BlockKey


Event: TypeAlias = (
    NotTranslated | SyscallHit | HookHit | WatchHit | FaultHit | HaltHit | TrapHit | FuelOut
)

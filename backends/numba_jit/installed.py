"""The record of an installed block."""

from collections.abc import Callable

from dbt.classes import attrs
from dbt.ir.block import Block, BlockKey, Hook, Swi, exit_targets
from dbt.stops import GuestFault

UNLINKABLE = (Swi, Hook)
"""Exits with a target that running code reaches only through Python."""


def linkable(block: Block) -> tuple[BlockKey, ...]:
    """The targets of a block that have link slots."""
    return () if isinstance(block.exit, UNLINKABLE) else exit_targets(block.exit)


def is_stub(block: Block) -> bool:
    """True for a block that does nothing but enter Python."""
    return isinstance(block.exit, Hook) and not block.insts


@attrs.define(eq=False)
class Installed:
    """One installed block, with the numbers that the executor has given it."""

    key: BlockKey
    block_id: int
    slots: tuple[int, ...]
    """The link slots of its direct exits, in the order of ``exit_targets``; none for Swi and
    Hook."""
    indices: list[int]
    """The indices of the positions that lead to it (``abi.position_index``)."""
    probes: bool
    """True when its code begins with a test of ``tables.PROBED``, and returns WatchHit if the block
    is set there."""
    copied: bool
    """True when it has copied code, which runs in its place or enters Python in its place."""
    make: Callable[[], Block]
    """Returns the block, which need not be there yet."""
    targets: tuple[BlockKey, ...] | None = None
    """Of a block whose instructions were copied: the keys that its slots lead to."""

    _block: Block | None = attrs.field(default=None, init=False)

    @property
    def block(self) -> Block:
        """The block, the same each time: others remember its instructions."""
        if self._block is None:
            self._block = self.make()
        return self._block

    @property
    def is_there(self) -> bool:
        """Whether the block can be made, with the exits that it has slots for: a copied block is
        made from the guest's code, which may change at any time until the block is dropped."""
        try:
            block = self.block
        except GuestFault:
            return False
        return self.targets is None or set(linkable(block)) <= set(self.targets)

    @property
    def links(self) -> tuple[int, ...]:
        """The link slots of the exits that the block has. Optimising the IR of a copied block may
        have taken one away."""
        if self.targets is None:
            return self.slots
        slot_of = dict(zip(self.targets, self.slots, strict=True))
        return tuple(slot_of[target] for target in linkable(self.block))

"""Installed blocks."""

import attrs

from backends.numba_jit.interpreter.tier import Bytecode
from dbt.ir.block import Block, BlockKey


@attrs.define(eq=False)
class Installed:
    """One installed block and everything that is to be given back with it."""

    block: Block
    block_id: int
    slots: tuple[int, ...]
    bytecode: Bytecode
    entries: list[int]  # entry indices of the locations that lead here
    unit: int = 0  # code pointer

    @property
    def key(self) -> BlockKey:
        """The block's key."""
        return self.block.key

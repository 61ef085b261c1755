"""Blocks of one instruction, for the evaluator."""

from collections.abc import Callable
from contextlib import suppress

from dbt.ir.block import Block, BlockKey
from dbt.runtime.memory import GuestMemory
from dbt.stops import GuestFault

_MOST = 4096


class Singles:
    """Keeps the blocks that ``lift`` makes, each for as long as memory has the code that it was
    made from."""

    def __init__(self, memory: GuestMemory, lift: Callable[[BlockKey], Block]) -> None:
        self._memory = memory
        self._lift = lift
        self._kept: dict[BlockKey, tuple[bytes, Block]] = {}

    def get(self, key: BlockKey) -> Block:
        """The block of the instruction at a key. Raises GuestFault when it cannot be fetched."""
        code, block = self._kept.get(key, (b"", None))
        if block is not None and code == self._code(block):
            return block
        block = self._lift(key)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key] = self._code(block), block
        return block

    def _code(self, block: Block) -> bytes:
        """What a block was made from; nothing if it cannot be fetched."""
        with suppress(GuestFault):
            return self._memory.fetch(block.key.pc - block.before, block.before + block.size)
        return b""

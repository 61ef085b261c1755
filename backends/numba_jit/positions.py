"""Positions: numbers of the keys that running code finds in tables (``abi.PASSED``)."""

from backends.numba_jit import abi
from dbt.interfaces import Context
from dbt.ir.block import CONDITION_PASSED, BlockKey, frontend_mode


class Positions:
    """The positions of keys for one frontend."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, key: BlockKey) -> int:
        """The position of a key (``abi.PASSED``), or -1 when it has none."""
        passed = abi.PASSED if key.mode & CONDITION_PASSED else 0
        plain = BlockKey(key.pc, key.mode & ~CONDITION_PASSED) if passed else key
        if plain.mode != frontend_mode(plain.mode):
            return -1
        location = self._context.location_of(plain)
        return location | passed if self._context.key_of(location) == plain else -1

    def key_at(self, position: int) -> BlockKey:
        """The key at a position."""
        key = self._context.key_of(position & ~abi.PASSED)
        return key.with_mode(CONDITION_PASSED) if position & abi.PASSED else key

    def indices(self, key: BlockKey) -> list[int]:
        """The index of a key into the table of blocks (``abi.position_index``), if it has one."""
        position = self.of(key)
        return [] if position < 0 else [abi.position_index(position)]

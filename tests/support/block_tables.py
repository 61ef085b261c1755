"""Tables of an executor without the executor: for tests of what is kept in them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from support.rig import LAYOUT, key_of, location_of

from backends.numba_jit import abi
from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.tables import Tables
from dbt.interfaces import Context, Extent
from dbt.ir.block import CONDITION_PASSED, BlockKey
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState


def position(key: BlockKey) -> int:
    """The position of a key, or -1 when it has none."""
    plain = BlockKey(key.pc, key.mode & ~CONDITION_PASSED)
    found = location_of(plain)
    passed = abi.PASSED if key.mode & CONDITION_PASSED else 0
    return found | passed if key_of(found) == plain else -1


def key_at(position: int) -> BlockKey:
    """The key at a position."""
    key = key_of(position & ~abi.PASSED)
    return key.with_mode(CONDITION_PASSED) if position & abi.PASSED else key


@contextmanager
def guest_tables() -> Iterator[tuple[Context, Tables]]:
    """A guest that never runs, and its tables."""
    state, memory = GuestState(LAYOUT), GuestMemory()
    functions = Functions(state.address)
    context = Context(state, memory, Counters(state, 8), Stacks(8), functions, key_of, location_of)
    made = Tables(context)
    try:
        yield context, made
    finally:
        made.close()
        memory.close()


@contextmanager
def tables() -> Iterator[Tables]:
    """The tables of a guest that never runs."""
    with guest_tables() as (_, made):
        yield made


class TableIndex(BlockTable):
    """A block table into which blocks are entered as the executor does it."""

    def __init__(self, shared: Tables) -> None:
        super().__init__(shared, position)
        self.shared = shared

    def enter(self, block: Extent, count: int = 0, slots: tuple[int, ...] = ()) -> int:
        """Enter a block in the place of one with the same key. Returns its id."""
        self.drop([block.key])
        block_id = self.take()
        super().add(block_id, block, count, slots)
        self._publish(block.key, block_id)
        return block_id

    def drop(self, keys: Iterable[BlockKey]) -> None:
        """Take blocks out; unknown keys are ignored."""
        for key in list(keys):
            block_id = self.get(key)
            if block_id:
                self._publish(key, 0)
                super().remove(block_id)

    def _publish(self, key: BlockKey, block_id: int) -> None:
        if position(key) >= 0:
            self.shared.block_at.view[abi.position_index(position(key))] = block_id

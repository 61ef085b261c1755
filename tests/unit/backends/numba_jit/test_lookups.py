"""Look-ups: what runs where a direct exit is not linked, called as code."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.block_tables import guest_tables, position

from backends.numba_jit import _load_loop, abi, tables
from backends.numba_jit.tables import Tables
from dbt.interfaces import Context, Reason
from dbt.ir.block import CONDITION_PASSED, HOOKED, BlockKey

SLOT, BLOCK, OTHER = 5, 3, 4
PLAIN = BlockKey(0x8010)
UNLINKED = tables.REASON_INDEX[Reason.UNLINKED]
FOUND, MISSED = 1, 2
HALVES = {
    "unit": (0, tables.OPEN_UNITS, abi.UNLINKED),
    "copy": (tables.LOOKUP_COPY, tables.OPEN_COPIES, tables.UNLINKED_COPY),
}


class Machine:
    """A look-up of one slot, blocks that return FOUND, and a dispatcher that returns MISSED."""

    def __init__(self, context: Context, shared: Tables, half: str, key: BlockKey) -> None:
        self.shared = shared
        offset, self.words, out = HALVES[half]
        self.open = shared.open_units if half == "unit" else shared.open_copies
        code = shared.lookups  # some more code, of slots that are not used
        for slot, number in ((SLOT + 1, FOUND), (SLOT + 2, MISSED)):
            at = tables.LOOKUP * slot
            code.view[at : at + 6] = bytes([0xB8, number, 0, 0, 0, 0xC3])
        self.found = code.address + tables.LOOKUP * (SLOT + 1)
        shared.control[out // 8] = code.address + tables.LOOKUP * (SLOT + 2)
        shared.slot_position.view[SLOT] = self.position = position(key)
        loop = _load_loop(lambda _: None).call
        loop(context.state.address, abi.WRITE_LOOKUP, SLOT, 0)
        function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64)
        self._call = function(code.address + tables.LOOKUP * SLOT + offset)
        self._state = context.state.address

    def enter(self, block: int) -> None:
        """Let the slot's position be that of a block."""
        self.shared.block_at.view[abi.position_index(self.position)] = block

    def chain(self, *, direct: bool) -> None:
        self.shared.chain(direct=direct, returns=True, jumps=True)

    def run(self) -> tuple[int, int, int]:
        """What is reached, the exits counted, and EXIT_CODE."""
        self.shared.reasons[UNLINKED] = 0
        self.shared.control[abi.EXIT_CODE // 8] = -1
        reached = self._call(self._state)
        return reached, self.shared.reasons[UNLINKED], self.shared.control[abi.EXIT_CODE // 8]


@contextmanager
def machine(half: str, key: BlockKey = PLAIN) -> Iterator[Machine]:
    with guest_tables() as (context, shared):
        yield Machine(context, shared, half, key)


ENTERED = FOUND, 1, -1
LEFT = MISSED, 0, abi.X_LINK | SLOT << abi.KIND_BITS


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("key", [PLAIN, PLAIN.with_mode(CONDITION_PASSED), BlockKey(0xFFFFFFFC)])
def test_it_counts_and_goes_on_in_the_open_block_at_its_position(half: str, key: BlockKey) -> None:
    with machine(half, key) as m:
        m.chain(direct=False)
        assert m.run() == LEFT
        m.open.view[BLOCK] = m.found
        assert m.run() == LEFT
        m.enter(BLOCK)
        assert m.run() == ENTERED
        m.enter(OTHER)
        assert m.run() == LEFT
        m.enter(BLOCK)
        m.open.view[BLOCK] = 0
        assert m.run() == LEFT


@pytest.mark.parametrize("half", HALVES)
def test_it_enters_no_block_while_direct_exits_may_chain(half: str) -> None:
    with machine(half) as m:
        m.enter(BLOCK)
        m.open.view[BLOCK] = m.found
        m.chain(direct=True)
        assert m.run() == LEFT
        m.chain(direct=False)
        assert m.run() == ENTERED


@pytest.mark.parametrize("half", HALVES)
def test_it_leaves_for_a_key_without_a_position(half: str) -> None:
    with machine(half, PLAIN.with_mode(HOOKED)) as m:
        m.chain(direct=False)
        m.shared.block_at.view[0] = BLOCK
        m.open.view[BLOCK] = m.found
        assert m.run() == LEFT

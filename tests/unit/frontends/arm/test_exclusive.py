"""Exclusive stores and swaps, while another process stores to the same word."""

from collections.abc import Iterator

import pytest

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.ir.block import BlockKey
from dbt.ir.evaluate import Left, evaluate_block
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend

CODE, AT = 0x8000, 0x10008
EARLIER, OTHER, OWN, OWN_HIGH = 0x11111111, 0x22222222, 0x33333333, 0x44444444


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[GuestMemory]:
    """Memory to which another process stores behind each load."""
    made = GuestMemory()
    made.map(CODE, PAGE, READ | WRITE | EXEC)
    made.map(AT & -PAGE, PAGE, READ | WRITE)
    made.store(AT, 4, EARLIER)
    load = made.load

    def and_then(address: int, size: int) -> int:
        there = load(address, size)
        made.store(AT, 4, OTHER)
        return there

    monkeypatch.setattr(made, "load", and_then)
    yield made
    made.close()


def execute(memory: GuestMemory, word: int) -> GuestState:
    """The state after an instruction, for which the monitor is set as for what was there."""
    frontend = ArmFrontend()
    frontend.max_insns = 1
    memory.write(CODE, word.to_bytes(4, "little"))
    block = frontend.lift(memory, BlockKey(CODE))
    state = GuestState(frontend.layout)
    state.restore({"r1": AT, "r2": OWN, "r3": OWN_HIGH, "excl_on": 1, "excl_addr": AT})
    state.set("excl_val_lo", EARLIER & {0xC: 0xFF, 0xE: 0xFFFF}.get(word >> 20 & 15, 0xFFFFFFFF))
    assert isinstance(evaluate_block(block, state, memory, Counters(state), Stacks()), Left)
    return state


@pytest.mark.parametrize(
    "word",
    [0xE1810F92, 0xE1A10F92, 0xE1C10F92, 0xE1E10F92],
    ids=["strex", "strexd", "strexb", "strexh"],
)
def test_a_store_does_not_undo_what_was_stored_meanwhile(memory: GuestMemory, word: int) -> None:
    assert execute(memory, word).get("r0") == 1
    assert memory.read(AT, 8) == OTHER.to_bytes(8, "little")


@pytest.mark.parametrize(("word", "mask"), [(0xE1010092, 0xFFFFFFFF), (0xE1410092, 0xFF)])
def test_a_swap_gives_what_it_replaces(memory: GuestMemory, word: int, mask: int) -> None:
    assert execute(memory, word).get("r0") == OTHER & mask
    assert memory.read(AT, 4) == (OTHER & ~mask | OWN & mask).to_bytes(4, "little")

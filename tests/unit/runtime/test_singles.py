"""Blocks of one instruction are kept while memory has the code that they were made from."""

from collections.abc import Iterator

import pytest

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.ir.block import Block, BlockKey, Jump
from dbt.ir.block import Const as Number
from dbt.ir.types import I32
from dbt.runtime.memory import GuestMemory
from dbt.runtime.singles import Singles
from dbt.stops import GuestFault

AT = 0x10000
KEY = BlockKey(AT + 4)


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    made = GuestMemory()
    made.map(AT, PAGE, READ | WRITE | EXEC)
    yield made
    made.close()


def singles(memory: GuestMemory, before: int = 0) -> tuple[Singles, list[BlockKey]]:
    lifted: list[BlockKey] = []

    def lift(key: BlockKey) -> Block:
        memory.fetch(key.pc, 4)
        lifted.append(key)
        return Block(key, [], Jump(Number(0, I32)), 4, before)

    return Singles(memory, lift), lifted


def test_a_block_is_lifted_once(memory: GuestMemory) -> None:
    kept, lifted = singles(memory)
    assert kept.get(KEY) is kept.get(KEY)
    assert lifted == [KEY]


@pytest.mark.parametrize(("before", "changed", "times"), [(0, 4, 2), (0, 0, 1), (4, 0, 2)])
def test_it_is_lifted_anew_when_what_it_depends_on_has_changed(
    memory: GuestMemory, before: int, changed: int, times: int
) -> None:
    kept, lifted = singles(memory, before)
    kept.get(KEY)
    memory.poke(AT + changed, b"\1")
    kept.get(KEY)
    assert len(lifted) == times


def test_code_that_may_not_be_executed_any_more_faults(memory: GuestMemory) -> None:
    kept, _ = singles(memory)
    kept.get(KEY)
    memory.protect(AT, PAGE, READ)
    with pytest.raises(GuestFault):
        kept.get(KEY)

"""Slots whose values are known where a block begins are neither read nor written without need."""

from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from support.units import UnitMachine

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_blocks

LOOP = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r3
  set r1 %0
  set r3 0x5
  insn 0x8004 4
  %1:i32 = get r2
  %2:i32 = load %1
  set r3 0x7
  insn 0x8008 4
  %3:i32 = add %1, 0x4
  set r2 %3
  %4:i1 = eq %3, 0x0
  branch %4, 0x8010, 0x8000
}
block 0x8010 {
  insn 0x8010 4
  %0:i32 = get r3
  set r0 %0
  halt done 0x8010
}
"""
OTHER = """
block 0x8000 {
  insn 0x8000 4
  set r3 0x5
  halt done 0x8000
}
"""


class Lifter:
    """Knows that r3 is 7 wherever a block begins."""

    def known_slots(self, key: BlockKey) -> Mapping[str, int]:
        del key
        return {"r3": 7}


@pytest.fixture(params=[False, True], ids=["units", "regions"])
def machine(request: pytest.FixtureRequest) -> Iterator[UnitMachine]:
    with closing(UnitMachine(regions=request.param, lifter=Lifter())) as made:  # type: ignore[arg-type]
        yield made


@pytest.mark.parametrize("level", ["quick", "optimised"])
def test_a_known_slot_is_not_read(machine: UnitMachine, level: str) -> None:
    machine.state["r3"], machine.state["r2"] = 99, 0x10_0000
    code = machine.compile(*parse_blocks(LOOP), level=level)
    kind, payload, _ = machine.enter(code[BlockKey(0x8000)])
    assert kind == abi.X_RECORD
    assert isinstance(machine.record(payload), FaultRecord)
    assert machine.state["r1"] == 7


@pytest.mark.parametrize("level", ["quick", "optimised"])
def test_a_fault_shows_what_the_slot_has_meanwhile(machine: UnitMachine, level: str) -> None:
    machine.state["r3"], machine.state["r2"] = 7, 0x10_0000
    code = machine.compile(*parse_blocks(LOOP), level=level)
    machine.enter(code[BlockKey(0x8000)])
    assert machine.state["r3"] == 5


def test_what_the_slot_held_before_is_not_written() -> None:
    with closing(UnitMachine(lifter=Lifter())) as machine:  # type: ignore[arg-type]
        machine.state["r3"], machine.state["r2"] = 99, 0x10_0000
        machine.memory.map(0x10_0000, 0x1000, 1)
        code = machine.compile(*parse_blocks(LOOP), level="optimised", link=False)
        machine.enter(code[BlockKey(0x8000)])
        assert machine.state["r2"] == 0x10_0004
        assert machine.state["r3"] == 99


def test_another_value_is_written(machine: UnitMachine) -> None:
    machine.state["r3"] = 7
    code = machine.compile(*parse_blocks(OTHER), level="optimised")
    machine.enter(code[BlockKey(0x8000)])
    assert machine.state["r3"] == 5

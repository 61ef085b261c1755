"""Where regions are entered, and where they test fuel."""

from collections.abc import Iterator

import pytest
from support.units import UnitMachine

from backends.numba_jit.units.region_shape import LONGEST, Shape
from dbt.ir.parser import parse_blocks

LOOP = """
block 0x8000 {
  insn 0x8000 4
  goto 0x8010
}
block 0x8010 {
  insn 0x8010 4
  %0:i32 = get r1
  %1:i1 = eq %0, 0x0
  branch %1, 0x8020, 0x8030
}
block 0x8020 {
  insn 0x8020 4
  set r2 0x1
  goto 0x8030
}
block 0x8030 {
  insn 0x8030 4
  goto 0x8010
}
"""


@pytest.fixture
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine(regions=True)
    yield made
    made.close()


def test_a_loop_is_entered_and_tested_at_its_head(machine: UnitMachine) -> None:
    shape = Shape(machine.accepted(*parse_blocks(LOOP)), machine.context, (), machine.linked, ())
    assert shape.entries == [0, 1]
    assert shape.tested == {1}
    assert shape.taken == [1, 3, 2, 1]
    assert [sorted(names) for names in shape.changed] == [[], ["r2"], ["r2"], ["r2"]]


ENTERED_AMID = """
block 0x8000 {
  insn 0x8000 4
  insn 0x8004 4
  goto 0x8010
}
block 0x8010 {
  insn 0x8010 4
  %0:i32 = get r1
  %1:i1 = eq %0, 0x0
  branch %1, 0x8000, 0x8020
}
block 0x8020 {
  insn 0x8020 4
  insn 0x8024 4
  insn 0x8028 4
  insn 0x802c 4
  goto 0x8010
}
"""


def test_a_walk_that_begins_amid_a_loop_finds_one_head_of_it(machine: UnitMachine) -> None:
    members = machine.accepted(*parse_blocks(ENTERED_AMID))
    shape = Shape(members, machine.context, (), machine.linked, ())
    assert shape.tested == {1}
    assert shape.entries == [1]


def test_what_a_shorter_way_does_not_need_is_given_back_where_fuel_is_taken(
    machine: UnitMachine,
) -> None:
    members = machine.accepted(*parse_blocks(ENTERED_AMID))
    shape = Shape(members, machine.context, (), machine.linked, ())
    assert shape.taken == [4, 5, 4]


def test_blocks_are_entered_that_must_be(machine: UnitMachine) -> None:
    members = machine.accepted(*parse_blocks(LOOP))
    shape = Shape(members, machine.context, (), machine.linked, {members[3].block_id})
    assert shape.entries == [0, 1, 3]
    assert Shape(members, machine.context, (), machine.linked).entries == [0, 1, 2, 3]


def test_long_ways_are_cut(machine: UnitMachine) -> None:
    pcs = range(0x8000, 0x8000 + 4 * LONGEST + 40, 4)
    text = "".join(f"block {pc:#x} {{\n insn {pc:#x} 4\n goto {pc + 4:#x}\n}}\n" for pc in pcs)
    shape = Shape(machine.accepted(*parse_blocks(text)), machine.context, (), machine.linked, ())
    assert max(shape.taken) == LONGEST
    assert len(shape.tested) == 1

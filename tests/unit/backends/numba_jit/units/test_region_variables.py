"""Slots in the variables of a region: overlapping ones in one, statuses with their spans."""

from collections.abc import Iterator

import pytest
from support import rig
from support.units import UnitMachine

from backends.numba_jit.units.region import emit_region
from backends.numba_jit.units.region_variables import Variables
from backends.numba_jit.units.unit_text import Module
from dbt.ir.parser import parse_blocks

LOOP = """
block 0x8000 {
  insn 0x8000 4
  %0:f64 = get d0
  %1:f32 = get s2
  %2:i32 = get r2
  %3:f64 = fadd %0, %0, %2
  %4:f32 = fmul %1, %1, %2
  %5:i32 = fstatus %4
  set d0 %3
  set s2 %4
  set r2 %5
  %6:i32 = get r1
  %7:i32 = sub %6, 0x1
  set r1 %7
  %8:i1 = eq %7, 0x0
  branch %8, 0x8010, 0x8000
}
"""


@pytest.fixture
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine(regions=True)
    yield made
    made.close()


def test_a_slot_is_a_part_of_the_largest_that_is_accessed() -> None:
    variables = Variables(rig.LAYOUT, ["s0", "s1", "s3", "d0", "r1"])
    assert list(variables.of(["s1", "s3", "s0", "r1"])) == ["d0", "s3", "r1"]
    assert variables.place("s1") == ("d0", 4)
    assert variables.place("s3") == ("s3", 0)
    assert variables.place("d0") == ("d0", 0)
    assert variables.declare() == [
        " %v.d0 = alloca double", " %v.s3 = alloca float", " %v.r1 = alloca i32",
    ]  # fmt: skip


def region(machine: UnitMachine) -> str:
    members = machine.accepted(*parse_blocks(LOOP))
    module = Module(machine.compiler.frame, machine.context, machine.records, machine.linked)
    text, *_ = emit_region(module, members, {members[0].key: "u0"}, "r0")
    return text


def test_a_loop_neither_loads_nor_stores_what_it_keeps(machine: UnitMachine) -> None:
    loop = region(machine).partition("\nb0:")[2].partition("\nout")[0]
    for name in ("d0", "s2", "r2"):
        assert f"ptr %s, i64 {rig.LAYOUT.by_name[name].offset}\n" not in loop
        assert f"ptr %v.{name}\n" in loop


def test_what_the_status_says_is_computed_where_it_changes(machine: UnitMachine) -> None:
    entry, _, text = region(machine).partition("\nb0:")
    loop, _, aside = text.partition("\nc0:")
    assert "store i32 %n.r2.e, ptr %n.r2" in entry
    assert " = load i32, ptr %n.r2" in loop
    assert "select i1" not in loop
    assert aside.count("select i1") == 2  # where an operation was not ordinary

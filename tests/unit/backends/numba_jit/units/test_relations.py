"""Conditions on the relation of two numbers, compiled."""

import itertools
import math
import re
import struct
from collections.abc import Iterator

import pytest
from support.units import UnitMachine

from dbt.ir.block import Block, BlockKey
from dbt.ir.evaluate import evaluate_block
from dbt.ir.floating import FLUSH, INEXACT
from dbt.ir.parser import parse_block

FLAGS = """
block 0x8000 {
  insn 0x8000 4
  %0:f64 = get d0
  %1:f64 = get d1
  %2:i32 = get r2
  %3:i8 = fcmp %0, %1, %2
  %4:i32 = fstatus %3
  %5:i1 = eq %3, 0x1
  %6:i1 = eq %3, 0x0
  %7:i1 = ne %3, 0x1
  %8:i1 = eq %3, 0x3
"""
"""ARM's flags N, Z, C and V are %5 to %8."""
CONDITIONS = {
    "eq": "", "cs": "", "mi": "", "vs": "",
    "ne": "%9:i1 = not %6", "cc": "%9:i1 = not %7", "pl": "%9:i1 = xor %5, 0x1:i1",
    "hi": "%9:i1 = not %6\n %10:i1 = and %7, %9", "ls": "%9:i1 = not %7\n %10:i1 = or %9, %6",
    "ge": "%9:i1 = eq %5, %8", "lt": "%9:i1 = ne %5, %8", "also lt": "%9:i1 = xor %5, %8",
    "gt": "%9:i1 = eq %5, %8\n %10:i1 = not %6\n %11:i1 = and %10, %9",
    "le": "%9:i1 = ne %5, %8\n %10:i1 = or %6, %9",
    "greater": "%9:i1 = eq %3, 0x2", "never": "%9:i1 = eq %3, 0x7", "always": "%9:i1 = ne %3, 0x7",
    "of the relation itself": "%9:i1 = ult %3, 0x2",
}  # fmt: skip
RESULT = {"eq": "%6", "cs": "%7", "mi": "%5", "vs": "%8"}
NUMBERS = (0.0, -0.0, 1.0, -2.0, math.inf, math.nan, 5e-324, -5e-324)


def bits(number: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", number))[0])


def block(condition: str) -> Block:
    text = CONDITIONS[condition]
    last = RESULT.get(condition) or re.findall(r"(%\d+):i1", text)[-1]
    return parse_block(f"{FLAGS}{text}\n set nf {last}\n set r3 %4\n halt undefined 0x8000\n}}")


@pytest.fixture
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    yield made
    made.close()


@pytest.mark.parametrize("level", ["quick", "optimised", "region"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_holds_as_the_evaluator_says(
    machine: UnitMachine, condition: str, level: str
) -> None:
    made = block(condition)
    code = machine.compile(made, level=level)[BlockKey(0x8000)]
    for left, right, status in itertools.product(NUMBERS, NUMBERS, (0, FLUSH, FLUSH | INEXACT)):
        start = {"d0": bits(left), "d1": bits(right), "r2": status}
        for name, value in start.items():
            machine.state[name] = value
        machine.enter(code)
        found = machine.state["nf"], machine.state["r3"]
        for name, value in start.items():
            machine.state[name] = value
        evaluate_block(made, machine.state, machine.memory, machine.counters, machine.stacks)
        assert found == (machine.state["nf"], machine.state["r3"]), (left, right, status)


def test_a_condition_of_several_flags_is_one_comparison(machine: UnitMachine) -> None:
    (installed,) = machine.accepted(block("gt"))
    text = machine.compiler.explain(installed)["llvm"]
    (last,) = re.findall(r"zext i1 (%\d+) to i8", text)
    assert f" {last} = fcmp ogt double " in text

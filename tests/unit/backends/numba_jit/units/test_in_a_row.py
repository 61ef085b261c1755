"""Operations of floating point in a row, compiled: what one proves of its result is not tested
again by the next, and a zero that is exact needs no function."""

import itertools
from collections.abc import Iterator
from random import Random

import pytest
from support import rig
from support.units import UnitMachine

from dbt.ir.block import Block, BlockKey
from dbt.ir.evaluate import evaluate_block
from dbt.ir.floating import DEFAULT_NAN, FLUSH, INEXACT
from dbt.ir.parser import parse_block
from dbt.passes.dead_code import DeadCode
from dbt.passes.status_forward import StatusForward

VECTORS = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i32 = and %0, 0x400009f
  %2:i32 = or %1, 0x3000000
  %3:v128 = get v0
  %4:v128 = get v1
  %5:v128 = FIRST %3, %4, %2
  %6:i32 = fstatus %5
  %7:i32 = and %6, 0x9f
  %8:i32 = or %0, %7
  insn 0x8004 4
  %9:i32 = and %8, 0x400009f
  %10:i32 = or %9, 0x3000000
  %11:v128 = get v2
  %12:v128 = SECOND %5, %11, %10
  %13:i32 = fstatus %12
  %14:i32 = and %13, 0x9f
  %15:i32 = or %8, %14
  insn 0x8008 4
  %16:i32 = and %15, 0x400009f
  %17:i32 = or %16, 0x3000000
  %18:v128 = vfadd %11, %12, %17
  %19:i32 = fstatus %18
  %20:i32 = and %19, 0x9f
  %21:i32 = or %15, %20
  set r1 %21
  set v0 %5
  set v1 %12
  set v2 %18
  halt undefined 0x8008
}
"""
SCALAR = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:f64 = get d0
  %2:f64 = get d1
  %3:f64 = OP, %0
  %4:i32 = fstatus %3
  set r1 %4
  set d0 %3
  halt undefined 0x8000
}
"""
LANES = (
    0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x00800000, 0x00800001, 0x3F800000, 0xBF800001,
    0x1F800001, 0x20000000, 0x7F7FFFFF, 0x7F800000, 0x7FC00001, 0x7F800001,
)  # fmt: skip
DOUBLES = (0, 1 << 63, 1, 0x3FF0000000000001, 0x0010000000000000, 0x7FF0000000000000)


@pytest.fixture
def machine() -> Iterator[UnitMachine]:
    made = UnitMachine()
    yield made
    made.close()


def _compare(machine: UnitMachine, block: Block, pointer: int, state: dict[str, int]) -> None:
    machine.state.restore(state)
    evaluate_block(block, machine.state, machine.memory, machine.counters, machine.stacks)
    expected = machine.state.snapshot()
    machine.state.restore(state)
    machine.enter(pointer)
    assert machine.state.snapshot() == expected, state


def _vector(random: Random, odd: float) -> int:
    """Lanes, so many of which are at the ends of the range."""
    lanes = [
        random.choice(LANES) if random.random() < odd else 0x3F000000 + random.getrandbits(24)
        for _ in range(4)
    ]
    return sum(lane << 32 * index for index, lane in enumerate(lanes))


@pytest.mark.parametrize("level", ["quick", "region"])
@pytest.mark.parametrize(
    ("first", "second"), [("vfmul", "vfadd"), ("vfadd", "vfmul"), ("vfsub", "vfmax")]
)
def test_vectors(machine: UnitMachine, first: str, second: str, level: str) -> None:
    block = parse_block(VECTORS.replace("FIRST", first).replace("SECOND", second))
    forwarded = parse_block(VECTORS.replace("FIRST", first).replace("SECOND", second))
    StatusForward().run(forwarded)
    DeadCode().run(forwarded)
    assert len(forwarded.insts) == len(block.insts) - 8
    code = machine.compile(forwarded, level=level)[BlockKey(rig.START)]
    random = Random(first)
    for turn in range(400):
        vectors = {f"v{n}": _vector(random, random.choice((0, 0.1, 0.5))) for n in range(3)}
        status = (INEXACT, 0, INEXACT | 1 << 22, FLUSH | DEFAULT_NAN)[turn % 4]
        _compare(machine, block, code, vectors | {"r1": status})


@pytest.mark.parametrize("op", ["fmul %1, %2", "fdiv %1, %2", "fma %1, %2, %2"])
def test_zeros_of_scalars(machine: UnitMachine, op: str) -> None:
    block = parse_block(SCALAR.replace("OP", op))
    code = machine.compile(block, level="region")[BlockKey(rig.START)]
    statuses = (INEXACT, 0, INEXACT | FLUSH, INEXACT | 2 << 22)
    for a, b, status in itertools.product(DOUBLES, DOUBLES, statuses):
        _compare(machine, block, code, {"d0": a, "d1": b, "r1": status})

"""Functions that become a part of units: no call is left, nothing else changes."""

from collections.abc import Iterator

import pytest
from support import rig
from support.functions import Counting
from support.units import UnitMachine

from backends.numba_jit import abi
from dbt.interfaces import READ, WRITE, NativeFunction
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_block, parse_blocks

CALL = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i1 = get zf
  invoke tick %0 when %1
  %2:i32 = add %0, 0x1
  set r1 %2
  halt done 0x8000
}
"""
LOOP = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r2
  invoke tick %0
  %1:i32 = sub %0, 0x1
  set r2 %1
  %2:i1 = eq %1, 0x0
  branch %2, 0x8010, 0x8000
}
block 0x8010 {
  halt done 0x8010
}
"""


@pytest.fixture(params=[False, True], ids=["blocks", "regions"])
def machine(request: pytest.FixtureRequest) -> Iterator[UnitMachine]:
    made = UnitMachine(regions=request.param)
    made.memory.map(rig.DATA, rig.DATA_SIZE, READ | WRITE)
    yield made
    made.close()


@pytest.fixture
def tick(machine: UnitMachine) -> Counting:
    function = Counting("tick_it")
    machine.functions.define_native("tick", function.address, 1, function.native, function)
    return function


def calls(machine: UnitMachine, text: str) -> int:
    """Calls in the host code of a block's unit."""
    (installed,) = machine.accepted(parse_block(text))
    listing = machine.compiler.explain(installed)["out_asm"]
    return sum(line.split()[:1] == ["callq"] for line in listing.splitlines())


def test_no_call_is_left(machine: UnitMachine, tick: Counting) -> None:
    assert calls(machine, CALL) == 0
    machine.functions.define_native("tick", tick.address, 1, NativeFunction(), tick)
    assert calls(machine, CALL) == 1


@pytest.mark.parametrize("level", ["quick", "optimised"])
@pytest.mark.parametrize("holds", [0, 1])
def test_it_runs(machine: UnitMachine, tick: Counting, level: str, holds: int) -> None:
    (code,) = machine.compile(parse_block(CALL), level=level).values()
    machine.state.restore({"r1": 0xFFFFFFFF, "zf": holds})
    kind, _, left = machine.enter(code, 10)
    assert (kind, left, machine.state["r1"]) == (abi.X_RECORD, 10, 0)
    assert (tick.count, tick.sum) == (holds, 0xFFFFFFFF * holds)


@pytest.mark.parametrize("known", ["linked", "quiet", "nothing"])
def test_in_a_loop(machine: UnitMachine, tick: Counting, known: str) -> None:
    """The same counts whatever is known of a function; what is not quiet stays out of regions."""
    if known != "linked":
        quiet = known == "quiet"
        native = NativeFunction(uses_state=not quiet, may_stop=not quiet)
        machine.functions.define_native("tick", tick.address, 1, native, tick)
    code = machine.compile(*parse_blocks(LOOP), level="optimised")
    machine.state.restore({"r2": 100})
    kind, _, left = machine.enter(code[BlockKey(0x8000)], 1000)
    assert (kind, left, machine.state["r2"]) == (abi.X_RECORD, 900, 0)
    assert (tick.count, tick.sum) == (100, 5050)


def test_two_functions_in_one_module(machine: UnitMachine, tick: Counting) -> None:
    other = Counting("tock_it")
    machine.functions.define_native("tock", other.address, 1, other.native, other)
    first, second = CALL, CALL.replace("0x8000", "0x8100").replace("tick", "tock")
    both = "\n".join([first, second, LOOP.replace("0x80", "0x90").replace("tick", "tock")])
    code = machine.compile(*parse_blocks(both), level="optimised")
    machine.state.restore({"r1": 3, "zf": 1, "r2": 2})
    for pc in (0x8000, 0x8100, 0x9000):
        machine.enter(code[BlockKey(pc)])
    assert (tick.count, tick.sum, other.count, other.sum) == (1, 3, 3, 4 + 2 + 1)

"""What becomes of computed exits on the host."""

from contextlib import closing

from support.units import UnitMachine

from backends.numba_jit import abi
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_blocks

ODD = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r2
  %1:i32 = or %0, 0x1
  set r2 %1
  jump %1
}
"""


def test_a_location_with_known_bits_is_rotated_at_once() -> None:
    with closing(UnitMachine()) as machine:
        (block,) = machine.accepted(*parse_blocks(ODD))
        assembly = machine.compiler.explain(block)["out_asm"]
    assert "ror" in assembly
    assert "shld" not in assembly


def test_such_a_location_leads_where_it_says() -> None:
    with closing(UnitMachine()) as machine:
        code = machine.compile(*parse_blocks(ODD), level="optimised")
        machine.state["r2"] = 0x9004
        assert machine.enter(code[BlockKey(0x8000)])[:2] == (abi.X_JUMP, 0x9005)
        machine.entries[abi.entry_index(0x9005)] = code[BlockKey(0x8000)]
        kind, _, fuel = machine.enter(code[BlockKey(0x8000)], fuel=3)
    assert (kind, fuel) == (abi.X_FUEL, 0)

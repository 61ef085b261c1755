"""Bugs that rewriting had: it must end, and keep types."""

import pytest

from dbt.ir.parser import parse_block
from dbt.passes.peephole import RULES, Peephole


@pytest.mark.parametrize("op", ["carry", "overflow"])
def test_two_constants_and_an_unknown_third_are_left_alone(op: str) -> None:
    """`carry C x p => carry x C p` once exchanged two constants for ever."""
    block = parse_block(
        f"""block 0x8000 {{
          %0:i1 = get cf
          %1:i1 = {op} 0x5, 0x6, %0
          set cf %1
          goto 0x8004
        }}"""
    )
    Peephole().run(block)
    assert [inst.op.name for inst in block.insts] == ["get", op, "set"]


def test_a_replacement_of_another_type_does_not_apply() -> None:
    """`select p 0 1 => not p` once made an i32 of an i1."""
    block = parse_block(
        """block 0x8000 {
          %0:i1 = get zf
          %1:i32 = select %0, 0x0, 0x1
          set r3 %1
          goto 0x8004
        }"""
    )
    Peephole().run(block)
    assert [inst.op.name for inst in block.insts] == ["get", "select", "set"]


def test_there_are_rules() -> None:
    assert len(RULES) > 50

"""The condition field of an A32 instruction as an i1 value (ARM ARM A8.3)."""

from dbt.ir.block import Value
from dbt.ir.builder import Builder
from dbt.ir.types import I1

AL = 0b1110


def condition(ir: Builder, cond: int) -> Value:
    """Emit the test of ``cond`` (0 to 13) on the flags as they are now."""
    value = _positive(ir, cond >> 1)
    return ir.not_(value) if cond & 1 else value


def _positive(ir: Builder, cond: int) -> Value:
    """The even conditions: eq, cs, mi, vs, hi, ge, gt."""
    match cond:
        case 0 | 1 | 2 | 3:
            return ir.get(("zf", "cf", "nf", "vf")[cond], I1)
        case 4:
            return ir.and_(ir.get("cf", I1), ir.not_(ir.get("zf", I1)))
        case 5:
            return ir.eq(ir.get("nf", I1), ir.get("vf", I1))
        case 6:
            same = ir.eq(ir.get("nf", I1), ir.get("vf", I1))
            return ir.and_(ir.not_(ir.get("zf", I1)), same)
    raise ValueError(f"condition {cond * 2:#x} is no test")

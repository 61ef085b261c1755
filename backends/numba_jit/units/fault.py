"""The way out of a refused access, as LLVM text."""

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir.block import retry_mode
from dbt.stops import Access


def fault(u: UnitText, start: str, span: int, access: Access, before: str = "") -> str:
    """Append the way out of a refused access to ``span`` bytes, whose address is ``start``, an i64,
    after ``before``; its label."""
    record = FaultRecord(u.pc, retry_mode(u.block.key, u.pc), access, span, u.block.key)
    label = f"%c{u.cold_number}a"
    before += (
        f"\n {label} = getelementptr i8, ptr %s, i64 {abi.FAULT_ADDRESS}"
        f"\n store i64 {start}, ptr {label}"
    )
    return u.cold(u.module.fault(record), before, refund=u.refund())

"""The probe that a unit may begin with, unknown to the IR: it leaves if PROBED has its block."""

from typing import TYPE_CHECKING

from backends.numba_jit import abi, tables

if TYPE_CHECKING:
    from backends.numba_jit.units.emitter import UnitEmitter


def emit_probe(e: "UnitEmitter") -> None:
    """Leave when the block is probed, unless PASS names it: then it may begin, once."""
    flags = e.pointer(tables.PROBED)
    flag = e.new(f"load i8, ptr {e.new(f'getelementptr i8, ptr {flags}, i64 {e.block_id}')}")
    out = e.cold(tables.X_WATCH | e.block_id << abi.KIND_BITS)
    probed = e.new(f"icmp ne i8 {flag}, 0")
    e.cold_lines.append(
        f"ck:\n %cka = getelementptr i8, ptr %s, i64 {tables.PASS}\n"
        f" %ckp = load i64, ptr %cka\n store i64 0, ptr %cka\n"
        f" %cko = icmp eq i64 %ckp, {e.block_id}\n"
        f" br i1 %cko, label {e.next_label()}, label {out}"
    )
    e.branch_cold(probed, "%ck")

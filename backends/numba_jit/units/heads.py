"""What a unit may begin with, unknown to the IR: a probe, and a counter of its executions."""

from backends.numba_jit import abi, tables
from backends.numba_jit.units.unit_text import UnitText


def emit_probe(u: UnitText) -> None:
    """Leave when the block is probed, unless PASS names it: then it may begin, once."""
    table = u.pointer(tables.PROBED)
    entry = u.new(f"load i8, ptr {u.new(f'getelementptr i8, ptr {table}, i64 {u.block_id}')}")
    out = u.cold(tables.X_WATCH | u.block_id << abi.KIND_BITS)
    probed = u.new(f"icmp ne i8 {entry}, 0")
    u.cold_lines.append(
        f"ck:\n %cka = getelementptr i8, ptr %s, i64 {tables.PASS}\n"
        f" %ckp = load i64, ptr %cka\n store i64 0, ptr %cka\n"
        f" %cko = icmp eq i64 %ckp, {u.block_id}\n"
        f" br i1 %cko, label {u.next_label()}, label {out}"
    )
    u.branch_cold(probed, "%ck")


def emit_counter(u: UnitText) -> None:
    """Leave when the block has become hot: its counter in HOT has come to zero."""
    table = u.pointer(tables.HOT)
    counter = u.new(f"getelementptr i32, ptr {table}, i64 {u.block_id}")
    left = u.new(f"sub i32 {u.new(f'load i32, ptr {counter}')}, 1")
    u.lines.append(f" store i32 {left}, ptr {counter}")
    out = u.cold(tables.X_HOT | u.block_id << abi.KIND_BITS)
    u.branch_cold(u.new(f"icmp eq i32 {left}, 0"), out)

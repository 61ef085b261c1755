"""Counters, side stacks and traps as LLVM text (``dbt.interfaces`` says how they lie in memory)."""

from functools import partial

from backends.numba_jit import abi
from backends.numba_jit.records import TrapRecord
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import STACK_ENTRIES
from dbt.ir.block import Inst, frontend_mode


def count(u: UnitText, inst: Inst) -> None:
    address = u.new(f"getelementptr i8, ptr %s, i64 {u.counter(str(inst.imm[0]))}")
    old = u.new(f"load i64, ptr {address}")
    amount = "1" if inst.when is None else u.new(f"zext i1 {u.value(inst.when)} to i64")
    u.lines.append(f" store i64 {u.new(f'add i64 {old}, {amount}')}, ptr {address}")


def _stack(u: UnitText, inst: Inst) -> tuple[str, str]:
    banks = u.pointer(abi.STACKS)
    stack = u.new(f"getelementptr i8, ptr {banks}, i64 {u.stack(str(inst.imm[0]))}")
    return stack, u.new(f"load i64, ptr {stack}")


def _entry(u: UnitText, stack: str, depth: str) -> str:
    index = u.new(f"and i64 {depth}, {STACK_ENTRIES - 1}")
    entries = u.new(f"getelementptr i8, ptr {stack}, i64 8")
    return u.new(f"getelementptr i32, ptr {entries}, i64 {index}")


def push(u: UnitText, inst: Inst) -> None:
    u.predicated(inst, partial(_push, u))


def _push(u: UnitText, inst: Inst) -> str:
    stack, depth = _stack(u, inst)
    u.lines.append(f" store i32 {u.value(inst.args[0])}, ptr {_entry(u, stack, depth)}")
    u.lines.append(f" store i64 {u.new(f'add i64 {depth}, 1')}, ptr {stack}")
    return ""


def pop(u: UnitText, inst: Inst) -> None:
    u.names[inst] = u.predicated(inst, partial(_pop, u))


def _pop(u: UnitText, inst: Inst) -> str:
    stack, depth = _stack(u, inst)
    empty = u.new(f"icmp eq i64 {depth}, 0")
    top = u.new(f"sub i64 {depth}, 1")
    value = u.new(f"load i32, ptr {_entry(u, stack, top)}")
    left = u.new(f"select i1 {empty}, i64 0, i64 {top}")
    u.lines.append(f" store i64 {left}, ptr {stack}")
    return u.new(f"select i1 {empty}, i32 0, i32 {value}")


def trap_if(u: UnitText, inst: Inst) -> None:
    condition = u.value(inst.args[0])
    if inst.when is not None:
        condition = u.new(f"and i1 {condition}, {u.value(inst.when)}")
    mode = frontend_mode(u.block.key.mode)
    code = u.module.record(TrapRecord(str(inst.imm[0]), u.pc, mode))
    u.branch_cold(condition, u.cold(code, refund=u.refund()))

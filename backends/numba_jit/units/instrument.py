"""Counters, side stacks and traps as LLVM text (``dbt.interfaces`` says how they lie in memory)."""

from functools import partial
from typing import TYPE_CHECKING

from backends.numba_jit import abi
from backends.numba_jit.records import TrapRecord
from dbt.interfaces import STACK_BYTES, STACK_ENTRIES
from dbt.ir.block import Inst, frontend_mode

if TYPE_CHECKING:
    from backends.numba_jit.units.emitter import UnitEmitter


def count(e: "UnitEmitter", inst: Inst) -> None:
    index = e.module.context.counters.index(str(inst.imm[0]))
    table = e.pointer(abi.COUNTERS)
    address = e.new(f"getelementptr i8, ptr {table}, i64 {8 * index}")
    old = e.new(f"load i64, ptr {address}")
    amount = "1" if inst.when is None else e.new(f"zext i1 {e.value(inst.when)} to i64")
    e.lines.append(f" store i64 {e.new(f'add i64 {old}, {amount}')}, ptr {address}")


def _stack(e: "UnitEmitter", inst: Inst) -> tuple[str, str]:
    index = e.module.context.stacks.index(str(inst.imm[0]))
    banks = e.pointer(abi.STACKS)
    stack = e.new(f"getelementptr i8, ptr {banks}, i64 {index * STACK_BYTES}")
    return stack, e.new(f"load i64, ptr {stack}")


def _entry(e: "UnitEmitter", stack: str, depth: str) -> str:
    index = e.new(f"and i64 {depth}, {STACK_ENTRIES - 1}")
    entries = e.new(f"getelementptr i8, ptr {stack}, i64 8")
    return e.new(f"getelementptr i32, ptr {entries}, i64 {index}")


def push(e: "UnitEmitter", inst: Inst) -> None:
    e.predicated(inst, partial(_push, e))


def _push(e: "UnitEmitter", inst: Inst) -> str:
    stack, depth = _stack(e, inst)
    e.lines.append(f" store i32 {e.value(inst.args[0])}, ptr {_entry(e, stack, depth)}")
    e.lines.append(f" store i64 {e.new(f'add i64 {depth}, 1')}, ptr {stack}")
    return ""


def pop(e: "UnitEmitter", inst: Inst) -> None:
    e.names[inst] = e.predicated(inst, partial(_pop, e))


def _pop(e: "UnitEmitter", inst: Inst) -> str:
    stack, depth = _stack(e, inst)
    empty = e.new(f"icmp eq i64 {depth}, 0")
    top = e.new(f"sub i64 {depth}, 1")
    value = e.new(f"load i32, ptr {_entry(e, stack, top)}")
    left = e.new(f"select i1 {empty}, i64 0, i64 {top}")
    e.lines.append(f" store i64 {left}, ptr {stack}")
    return e.new(f"select i1 {empty}, i32 0, i32 {value}")


def trap_if(e: "UnitEmitter", inst: Inst) -> None:
    condition = e.value(inst.args[0])
    if inst.when is not None:
        condition = e.new(f"and i1 {condition}, {e.value(inst.when)}")
    mode = frontend_mode(e.block.key.mode)
    code = e.module.record(TrapRecord(str(inst.imm[0]), e.pc, mode))
    e.branch_cold(condition, e.cold(code, refund=e.refund()))

"""Loads and stores as LLVM text: permission checks, and the way out of a refused access."""

from functools import partial
from typing import TYPE_CHECKING

from backends.numba_jit import abi
from backends.numba_jit.records import FaultRecord
from backends.numba_jit.units.frame import LLVM_TYPES
from dbt.interfaces import CODE, READ, WRITE
from dbt.ir.block import Inst, retry_mode
from dbt.ir.types import I1
from dbt.stops import Access

if TYPE_CHECKING:
    from backends.numba_jit.units.emitter import UnitEmitter


def load(e: "UnitEmitter", inst: Inst) -> None:
    e.names[inst] = e.predicated(inst, partial(_load, e), "zeroinitializer")


def _load(e: "UnitEmitter", inst: Inst) -> str:
    assert inst.type is not None
    host = _host(e, inst, Access.READ)
    if inst.type is I1:
        return e.new(f"trunc i8 {e.new(f'load i8, ptr {host}, align 1')} to i1")
    return e.new(f"load {LLVM_TYPES[inst.type.name]}, ptr {host}, align 1")


def store(e: "UnitEmitter", inst: Inst) -> None:
    e.predicated(inst, partial(_store, e))


def _store(e: "UnitEmitter", inst: Inst) -> str:
    type_, value = inst.args[1].type, e.value(inst.args[1])
    assert type_ is not None
    host = _host(e, inst, Access.WRITE)
    llvm = LLVM_TYPES[type_.name]
    if type_ is I1:
        llvm, value = "i8", e.new(f"zext i1 {value} to i8")
    e.lines.append(f" store {llvm} {value}, ptr {host}, align 1")
    return ""


def _host(e: "UnitEmitter", inst: Inst, access: Access) -> str:
    """The host address of an access, after the check it has to make."""
    address = e.value(inst.args[0])
    check = e.checks.get(inst)
    wide = e.new(f"zext i32 {address} to i64")
    if check is not None:
        start = wide
        if check.before:
            low = e.new(f"add i32 {address}, {check.before}")
            start = e.new(f"zext i32 {low} to i64")
        _check(e, start, check.span, access)
    return e.new(f"getelementptr i8, ptr %m, i64 {wide}")


def _check(e: "UnitEmitter", start: str, span: int, access: Access) -> None:
    """Leave unless all of ``span`` bytes at a 64-bit guest address may be accessed."""
    # In 64 bits: an access past the last page meets the byte behind the table, which is 0.
    fault = _fault(e, start, span, access)
    perms = _perms(e.lines, f"%y{e.number}a", start)
    if span not in (2, 4):
        if span > 1:
            end = e.new(f"add i64 {start}, {span - 1}")
            perms += _perms(e.lines, f"%y{e.number}b", end)
        refused = _refused(e.lines, f"%y{e.number}r", perms, access)
        e.branch_cold(refused, fault)
        return
    refused = _refused(e.lines, f"%y{e.number}r", perms, access)
    e.branch_cold(refused, fault)
    # Only an unaligned access can reach into a second page; that is looked at aside.
    misaligned = e.new(f"icmp ne i64 {e.new(f'and i64 {start}, {span - 1}')}, 0")
    aside = f"%c{e.cold_number}"
    e.cold_number += 1
    e.branch_cold(misaligned, aside)
    lines = [f"{aside[1:]}:", f" {aside}e = add i64 {start}, {span - 1}"]
    perms = _perms(lines, f"{aside}p", f"{aside}e")
    refused = _refused(lines, f"{aside}r", perms, access)
    lines.append(f" br i1 {refused}, label {fault}, label {e.label}")
    e.cold_lines += lines


def _perms(lines: list[str], name: str, address: str) -> list[str]:
    """Lines that load the permissions of an address's page; the value, in a list."""
    lines.append(
        f" {name}0 = lshr i64 {address}, 12\n"
        f" {name}1 = getelementptr i8, ptr %m, i64 {abi.PERMS_FROM_BASE}\n"
        f" {name}2 = getelementptr i8, ptr {name}1, i64 {name}0\n"
        f" {name} = load i8, ptr {name}2"
    )
    return [name]


def _refused(lines: list[str], name: str, perms: list[str], access: Access) -> str:
    """Lines that tell whether one of one or two pages refuses an access; the condition."""
    one = perms[0]
    if access is Access.READ:
        if len(perms) > 1:
            lines.append(f" {name}0 = and i8 {perms[0]}, {perms[1]}")
            one = f"{name}0"
        lines.append(f" {name}1 = and i8 {one}, {READ}\n {name} = icmp eq i8 {name}1, 0")
        return name
    if len(perms) > 1:
        # Both must be WRITE without CODE: their differences from that, together.
        lines.append(
            f" {name}0 = xor i8 {perms[0]}, {WRITE}\n"
            f" {name}1 = xor i8 {perms[1]}, {WRITE}\n"
            f" {name}2 = or i8 {name}0, {name}1\n"
            f" {name}3 = and i8 {name}2, {WRITE | CODE}\n"
            f" {name} = icmp ne i8 {name}3, 0"
        )
    else:
        lines.append(
            f" {name}0 = and i8 {one}, {WRITE | CODE}\n {name} = icmp ne i8 {name}0, {WRITE}"
        )
    return name


def _fault(e: "UnitEmitter", start: str, span: int, access: Access) -> str:
    record = FaultRecord(e.pc, retry_mode(e.block.key, e.pc), access, span)
    label = f"%c{e.cold_number}a"
    before = (
        f"\n {label} = getelementptr i8, ptr %s, i64 {abi.FAULT_ADDRESS}"
        f"\n store i64 {start}, ptr {label}"
    )
    return e.cold(e.module.record(record), before, refund=e.refund())

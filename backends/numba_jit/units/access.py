"""Loads and stores as LLVM text: permission checks, and the way out of a refused access.

What does without checks is in ``unchecked``.
"""

from functools import partial

from backends.numba_jit import abi
from backends.numba_jit.units import unchecked
from backends.numba_jit.units.check_plan import root_of
from backends.numba_jit.units.fault import fault
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import CODE, READ, WRITE
from dbt.ir.block import Inst
from dbt.ir.types import I1
from dbt.stops import Access


def load(u: UnitText, inst: Inst) -> None:
    body = _load if u.checked else unchecked.load
    u.names[inst] = u.predicated(inst, partial(body, u), "zeroinitializer")


def _load(u: UnitText, inst: Inst) -> str:
    assert inst.type is not None
    host = _host(u, inst, Access.READ)
    if inst.type is I1:
        return u.new(f"trunc i8 {u.new(f'load i8, ptr {host}, align 1')} to i1")
    return u.new(f"load {LLVM_TYPES[inst.type.name]}, ptr {host}, align 1")


def store(u: UnitText, inst: Inst) -> None:
    body = _store if u.checked else unchecked.store
    u.predicated(inst, partial(body, u))


def _store(u: UnitText, inst: Inst) -> str:
    type_, value = inst.args[1].type, u.value(inst.args[1])
    assert type_ is not None
    host = _host(u, inst, Access.WRITE)
    llvm = LLVM_TYPES[type_.name]
    if type_ is I1:
        llvm, value = "i8", u.new(f"zext i1 {value} to i8")
    u.lines.append(f" store {llvm} {value}, ptr {host}, align 1")
    return ""


def check_align(u: UnitText, inst: Inst) -> None:
    """Leave unless an address is aligned."""
    require_alignment(u, inst, int(inst.imm[0]))


def require_alignment(u: UnitText, inst: Inst, size: int) -> None:
    """Leave unless the address of an instruction is aligned, which has not been tested in this
    block."""
    address = u.value(inst.args[0])
    root, offset = root_of(inst.args[0])
    place = root, offset % size, size
    if place in u.aligned:
        return
    if inst.when is None:
        u.aligned.add(place)
    low = u.new(f"and i32 {address}, {size - 1}")
    refused = u.new(f"icmp ne i32 {low}, 0")
    if inst.when is not None:
        refused = u.new(f"and i1 {refused}, {u.value(inst.when)}")
    wide = f"%c{u.cold_number}w"
    widen = f"\n {wide} = zext i32 {address} to i64"
    u.branch_cold(refused, fault(u, wide, 1, Access.UNALIGNED, widen))


def _host(u: UnitText, inst: Inst, access: Access) -> str:
    """The host address of an access, after the check it has to make."""
    address = u.value(inst.args[0])
    check = u.checks.get(inst)
    wide = u.new(f"zext i32 {address} to i64")
    if check is not None:
        start = wide
        if check.before:
            low = u.new(f"add i32 {address}, {check.before}")
            start = u.new(f"zext i32 {low} to i64")
        _check(u, start, check.span, access)
    return u.new(f"getelementptr i8, ptr %m, i64 {wide}")


def check_page(u: UnitText, start: str, access: Access) -> None:
    """Leave unless a byte at a 64-bit guest address may be accessed."""
    _check(u, start, 1, access)


def _check(u: UnitText, start: str, span: int, access: Access) -> None:
    """Leave unless all of ``span`` bytes at a 64-bit guest address may be accessed."""
    # In 64 bits: an access past the last page meets the byte behind the table, which is 0.
    way_out = fault(u, start, span, access)
    perms = perms_of(u.lines, f"%y{u.number}a", start)
    if span not in (2, 4):
        if span > 1:
            end = u.new(f"add i64 {start}, {span - 1}")
            perms += perms_of(u.lines, f"%y{u.number}b", end)
        refused = is_refused(u.lines, f"%y{u.number}r", perms, access)
        u.branch_cold(refused, way_out)
        return
    refused = is_refused(u.lines, f"%y{u.number}r", perms, access)
    u.branch_cold(refused, way_out)
    # Only an unaligned access can reach into a second page; that is looked at aside.
    misaligned = u.new(f"icmp ne i64 {u.new(f'and i64 {start}, {span - 1}')}, 0")
    aside = f"%c{u.cold_number}"
    u.cold_number += 1
    u.branch_cold(misaligned, aside)
    lines = [f"{aside[1:]}:", f" {aside}e = add i64 {start}, {span - 1}"]
    perms = perms_of(lines, f"{aside}p", f"{aside}e")
    refused = is_refused(lines, f"{aside}r", perms, access)
    lines.append(f" br i1 {refused}, label {way_out}, label {u.label}")
    u.cold_lines += lines


def perms_of(lines: list[str], name: str, address: str) -> list[str]:
    """Lines that load the permissions of an address's page; the value, in a list."""
    lines.append(
        f" {name}0 = lshr i64 {address}, 12\n"
        f" {name}1 = getelementptr i8, ptr %m, i64 {abi.PERMS_FROM_BASE}\n"
        f" {name}2 = getelementptr i8, ptr {name}1, i64 {name}0\n"
        f" {name} = load i8, ptr {name}2"
    )
    return [name]


def is_refused(lines: list[str], name: str, perms: list[str], access: Access) -> str:
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

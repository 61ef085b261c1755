"""Loads and stores as LLVM text: permission checks, and the way out of a refused access.

What does without checks is in ``unchecked``.
"""

from functools import partial

from backends.numba_jit import abi
from backends.numba_jit.units import unchecked
from backends.numba_jit.units.check_plan import Check, root_of
from backends.numba_jit.units.fault import fault
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import CODE, PAGE, READ, WRITE
from dbt.ir.block import Inst
from dbt.ir.types import I1
from dbt.stops import Access

_WORDS = (2, 4)
"""Sizes of accesses that reach into a second page only when they are not aligned."""


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
            start = _moved(u, address, check.before)
        way_out = _way_out(u, address, check, access)
        _check(u, start, check, way_out)
    return u.new(f"getelementptr i8, ptr %m, i64 {wide}")


def _moved(u: UnitText, address: str, by: int) -> str:
    """An address plus a constant, as a 64-bit guest address."""
    return u.new(f"zext i32 {u.new(f'add i32 {address}, {by}')} to i64")


def _way_out(u: UnitText, address: str, check: Check, access: Access) -> str:
    """The way out of an instruction whose check fails; its label."""
    name = f"%c{u.cold_number}w"
    before = (
        f"\n {name}0 = add i32 {address}, {check.own_before}\n {name} = zext i32 {name}0 to i64"
    )
    return fault(u, name, check.own_span, access, before)


def check_page(u: UnitText, start: str, access: Access) -> None:
    """Leave unless a byte at a 64-bit guest address may be accessed."""
    is_load = access is Access.READ
    check = Check(0, 1, is_load, not is_load, 0, 1)
    _check(u, start, check, fault(u, start, 1, access))


def _check(u: UnitText, start: str, check: Check, way_out: str) -> None:
    """Go a way out unless all bytes of a check, from a 64-bit guest address on, may be accessed in
    its ways."""
    # In 64 bits: an access past the last page meets the byte behind the table, which is 0.
    span = check.span
    perms = perms_of(u.lines, f"%y{u.number}a", start)
    u.branch_cold(_is_refused(u.lines, f"%y{u.number}r", perms, check), way_out)
    if span == 1:
        return
    # What may reach into a second page is looked at aside. A single access does when it is not
    # aligned. (To look at both ends each time made walks along lists take 1.1 times as long.)
    if span in _WORDS:
        across = f"icmp ne i64 {u.new(f'and i64 {start}, {span - 1}')}, 0"
    else:
        across = f"icmp ugt i64 {u.new(f'and i64 {start}, {PAGE - 1}')}, {PAGE - span}"
    condition, aside = u.new(across), f"%c{u.cold_number}"
    u.cold_number += 1
    u.branch_cold(condition, aside)
    lines = [f"{aside[1:]}:", f" {aside}e = add i64 {start}, {span - 1}"]
    perms = perms_of(lines, f"{aside}p", f"{aside}e")
    refused = _is_refused(lines, f"{aside}r", perms, check)
    lines.append(f" br i1 {refused}, label {way_out}, label {u.label}")
    u.cold_lines += lines


def _is_refused(lines: list[str], name: str, perms: list[str], check: Check) -> str:
    return is_refused(lines, name, perms, loads=check.loads, stores=check.stores)


def perms_of(lines: list[str], name: str, address: str) -> list[str]:
    """Lines that load the permissions of an address's page; the value, in a list."""
    lines.append(
        f" {name}0 = lshr i64 {address}, 12\n"
        f" {name}1 = getelementptr i8, ptr %m, i64 {abi.PERMS_FROM_BASE}\n"
        f" {name}2 = getelementptr i8, ptr {name}1, i64 {name}0\n"
        f" {name} = load i8, ptr {name}2"
    )
    return [name]


def is_refused(lines: list[str], name: str, perms: list[str], *, loads: bool, stores: bool) -> str:
    """Lines that tell whether one of one or two pages refuses loads or stores; the condition."""
    needed = READ * loads | WRITE * stores
    looked_at = needed | CODE * stores
    if len(perms) > 1 and stores:
        # Both must have what is needed without CODE: their differences from that, together.
        lines.append(
            f" {name}0 = xor i8 {perms[0]}, {needed}\n"
            f" {name}1 = xor i8 {perms[1]}, {needed}\n"
            f" {name}2 = or i8 {name}0, {name}1\n"
            f" {name}3 = and i8 {name}2, {looked_at}\n"
            f" {name} = icmp ne i8 {name}3, 0"
        )
        return name
    one = perms[0]
    if len(perms) > 1:
        lines.append(f" {name}0 = and i8 {perms[0]}, {perms[1]}")
        one = f"{name}0"
    lines.append(f" {name}1 = and i8 {one}, {looked_at}\n {name} = icmp ne i8 {name}1, {needed}")
    return name

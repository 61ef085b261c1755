"""Atomic accesses and fences as LLVM text of units."""

from functools import partial

from backends.numba_jit.units.access import check_page, require_alignment
from backends.numba_jit.units.atomic_text import (
    CLOBBERS,
    access_code,
    fence_text,
    size_of,
    wide_type,
)
from backends.numba_jit.units.unchecked import Place
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ops
from dbt.ir.block import Inst, Value
from dbt.stops import Access


def atomic(u: UnitText, inst: Inst) -> None:
    """Append an ``exchange`` or ``compare_exchange``."""
    require_alignment(u, inst, size_of(inst))
    body = _checked if u.checked else _unchecked
    u.names[inst] = u.predicated(inst, partial(body, u))


def _checked(u: UnitText, inst: Inst) -> str:
    index = u.new(f"zext i32 {u.value(inst.args[0])} to i64")
    check_page(u, index, Access.WRITE)
    code, constraints = access_code(inst)
    return _result(
        u,
        inst,
        u.new(
            f'call {wide_type(inst)} asm sideeffect "{code}", "{constraints},{CLOBBERS}"'
            f"(ptr %m, i64 {index}, {_operands(u, inst)})"
        ),
    )


def _unchecked(u: UnitText, inst: Inst) -> str:
    assert inst.type is not None
    operands, place = _operands(u, inst), Place.of(u, inst)
    label = 5 if inst.op is ops.COMPARE_EXCHANGE else 4
    code, constraints = access_code(inst, place.offset, f"${{{label}:l}}")
    way_out, index = place.way_out(u, inst.type, Access.WRITE), place.index(u)
    value = u.new(
        f'callbr {wide_type(inst)} asm sideeffect "{code}", "{constraints},!i,{CLOBBERS}"'
        f"(ptr %m, {index}, {operands}) to label {u.next_label(1)} [label {way_out}]"
    )
    u.open()
    return _result(u, inst, value)


def _operands(u: UnitText, inst: Inst) -> str:
    """The new value, and what is expected."""
    _, *expected, new = inst.args
    return ", ".join(_widened(u, value) for value in (new, *expected))


def _widened(u: UnitText, value: Value) -> str:
    """A value in a register of the host, with its type."""
    assert value.type is not None
    text = u.value(value)
    if value.type.bits < 32:
        return f"i32 {u.new(f'zext {value.type} {text} to i32')}"
    return f"{value.type} {text}"


def _result(u: UnitText, inst: Inst, value: str) -> str:
    """The result, from the register that holds it with zeros above."""
    assert inst.type is not None
    if inst.type.bits >= 32:
        return value
    if inst.when is None:
        u.extended[inst] = value
    return u.new(f"trunc i32 {value} to {inst.type}")


def fence(u: UnitText, inst: Inst) -> None:
    """Append a ``fence``, of which no more is made if its condition does not hold."""
    del inst
    u.lines.append(fence_text())

"""From an IR block to the text of a unit: each instruction by its op, then the exit."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from backends.numba_jit.installed import Installed
from backends.numba_jit.units.access import check_align, load, store
from backends.numba_jit.units.atomic import atomic, fence
from backends.numba_jit.units.bits import bit_again
from backends.numba_jit.units.check_plan import plan_checks
from backends.numba_jit.units.cipher_ops import CIPHERS
from backends.numba_jit.units.exits import emit_exit
from backends.numba_jit.units.float_ops import FLOATING
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.heads import emit_counter, emit_probe
from backends.numba_jit.units.instrument import count, pop, push, trap_if
from backends.numba_jit.units.invoke import invoke, is_quiet, uses_state
from backends.numba_jit.units.lazy_flags import materialise_first, needed
from backends.numba_jit.units.pure_ops import LOWER, PLAIN, WIDTH, plain
from backends.numba_jit.units.unit_text import Choice, Module, UnitText
from backends.numba_jit.units.vector_floats import VECTOR_FLOATS
from backends.numba_jit.units.vector_ops import VECTORS
from dbt.ir import ops
from dbt.ir.block import Inst
from dbt.ir.ops import Op
from dbt.ir.types import I1, I32


def emit_unit(module: Module, installed: Installed, name: str, *, counts: bool = False) -> str:
    """The text of the function ``name``, which is the unit of one block. With ``counts`` it counts
    its executions until it is hot."""
    u = UnitText(module)
    begin_block(u, installed, "%e")
    u.head(name)
    if u.lazy_flags and u.flags:
        materialise_first(u, name, u.flags)
    if counts:
        emit_counter(u)
    if installed.probes:
        emit_probe(u)  # last: it is passed once
    emit_block(u)
    return u.finish()


def begin_block(u: UnitText, installed: Installed, label: str) -> None:
    """Begin a block at a label, after a look at all of it."""
    insts = installed.block.insts
    functions = u.module.context.functions
    # The host's protection of memory may lapse in a function in Python; then no other block begins.
    checked = u.module.checked or not is_quiet(functions, insts)
    checks = plan_checks(insts, across=u.module.folds) if checked else {}
    u.begin(installed, label, checks, checked, bit_again)
    u.flags = needed(insts, u.frame.flags, partial(uses_state, functions))


def emit_block(u: UnitText) -> None:
    """Append the block that was begun."""
    u.take_fuel()
    for inst in u.block.insts:
        _emit(u, inst)
    emit_exit(u, u.block.exit)


_OF_VALUES = {**FLOATING, **VECTORS, **CIPHERS, **LOWER}
"""What takes the texts of its operands."""


def _emit(u: UnitText, inst: Inst) -> None:
    op, args = inst.op, inst.args
    condition = u.relations.condition(inst)
    if condition:
        u.names[inst] = u.new(condition)
    elif op in PLAIN:
        u.names[inst] = plain(u, inst)
    elif op in _OF_VALUES:
        u.names[inst] = _OF_VALUES[op](u, inst, *map(u.value, args))
    elif op in VECTOR_FLOATS:
        u.names[inst] = VECTOR_FLOATS[op](u, inst, u.value(args[-1]))
    elif op is ops.FSTATUS:
        u.names[inst] = u.after[args[0]]
    elif op is ops.ZEXT and inst.type is I32 and args[0] in u.extended:
        u.names[inst] = u.extended[args[0]]
    elif op in WIDTH:
        text = f"{WIDTH[op]} {args[0].type} {u.value(args[0])} to {inst.type}"
        u.names[inst] = u.new(text)
    else:
        EFFECTS[op](u, inst)
        if op in _OF_OTHERS:
            u.forget_stored()


def get(u: UnitText, inst: Inst) -> None:
    u.names[inst] = u.current(str(inst.imm[0]))


def set_slot(u: UnitText, inst: Inst) -> None:
    name = str(inst.imm[0])
    value = u.value(inst.args[0])
    if inst.when is not None:
        t = LLVM_TYPES[u.frame.slots[name].type.name]
        old = u.current(name)
        value = u.new(f"select i1 {u.value(inst.when)}, {t} {value}, {t} {old}")
    if u.frame.slots[name].type is I1:
        bit = inst.args[0]
        u.bits[name] = bit if inst.when is None else Choice(inst.when, bit, u.bits.get(name))
    if u.frame.slots[name].type.overlapping:
        u.write_through(name, value)
        return
    u.slots[name] = value
    if u.known.get(name) == value:
        u.dirty.pop(name, None)
    elif name not in u.arguments:
        u.dirty[name] = value


def insn(u: UnitText, inst: Inst) -> None:
    u.pc = int(inst.imm[0])
    u.marks += 1


Effect: TypeAlias = Callable[[UnitText, Inst], None]

EFFECTS: dict[Op, Effect] = {
    ops.GET: get,
    ops.SET: set_slot,
    ops.INSN: insn,
    ops.LOAD: load,
    ops.STORE: store,
    ops.EXCHANGE: atomic,
    ops.COMPARE_EXCHANGE: atomic,
    ops.FENCE: fence,
    ops.CHECK_ALIGN: check_align,
    ops.COUNT: count,
    ops.PUSH: push,
    ops.POP: pop,
    ops.TRAP_IF: trap_if,
    ops.INVOKE: invoke,
}
_OF_OTHERS = (ops.EXCHANGE, ops.COMPARE_EXCHANGE, ops.FENCE, ops.INVOKE)
"""What others may write memory around."""
_SCALAR = PLAIN.keys() | WIDTH.keys() | LOWER.keys() | FLOATING.keys() | {ops.FSTATUS}
_PURE = _SCALAR | VECTORS.keys() | VECTOR_FLOATS.keys() | CIPHERS.keys()
ops.require_all(EFFECTS.keys() | _PURE, __name__)

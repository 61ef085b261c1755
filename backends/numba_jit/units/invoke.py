"""Calls of native functions as LLVM text.

A function is called by address. If its LLVM module is known, it is linked in and inlined. What is
known of the function (``dbt.interfaces.NativeFunction``) says how much of what a unit keeps in
registers has to be written before the call and read again after it.
"""

from collections.abc import Iterable
from functools import partial

from backends.numba_jit import abi
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import FunctionBank, NativeFunction
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.types import I64


def uses_state(functions: FunctionBank, inst: Inst) -> bool:
    """True for a call whose function may look at guest state."""
    if inst.op is not ops.INVOKE:
        return False
    functions.index(str(inst.imm[0]), len(inst.args))
    return functions.native(str(inst.imm[0])).uses_state


def is_quiet(functions: FunctionBank, insts: Iterable[Inst]) -> bool:
    """True when a unit need not write anything for the functions it calls."""
    calls = [str(inst.imm[0]) for inst in insts if inst.op is ops.INVOKE]
    return not any(uses_state(functions, inst) for inst in insts) and not any(
        functions.native(name).may_stop for name in calls
    )


def invoke(u: UnitText, inst: Inst) -> None:
    """Append a call."""
    functions = u.module.context.functions
    name = str(inst.imm[0])
    index = functions.index(name, len(inst.args))
    native = functions.native(name)
    arguments = [u.new("ptrtoint ptr %s to i64"), *(_wide(u, value) for value in inst.args)]
    if native.uses_state:
        u.spill_state()
    if native.may_stop:
        u.lines.append(f" store i64 {u.fuel}, ptr {_fuel(u)}")
    u.predicated(inst, partial(_call, u, native, index, arguments))
    if native.may_stop:
        u.fuel = u.new(f"load i64, ptr {_fuel(u)}")
    if native.uses_state:
        u.reload_state()


def _fuel(u: UnitText) -> str:
    return u.new(f"getelementptr i8, ptr %s, i64 {abi.FUEL}")


def _wide(u: UnitText, value: Value) -> str:
    if isinstance(value, Const) or value.type is I64:
        return u.value(value)
    return u.new(f"zext {value.type} {u.value(value)} to i64")


def _call(
    u: UnitText, native: NativeFunction, index: int, arguments: list[str], _inst: Inst
) -> str:
    passed = ", ".join(f"i64 {argument}" for argument in arguments)
    if native.llvm:
        kinds = ", ".join(["i64"] * len(arguments))
        target = u.intrinsic(native.symbol, f"void @{native.symbol}({kinds})")
        u.module.inlined[native.symbol] = native.llvm
    else:
        table = u.pointer(abi.FUNCTIONS)
        target = u.new(f"load ptr, ptr {u.new(f'getelementptr ptr, ptr {table}, i64 {index}')}")
    u.lines.append(f" call void {target}({passed})")
    return ""

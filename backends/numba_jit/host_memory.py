"""Loads and stores at host addresses, and what else the loop needs of the host.

All values have the type int64 for numba, because arithmetic on mixed signedness would be floating
point. Loads extend with zeros, stores write the low bits.
"""

# ruff: noqa: ARG001 (numba and llvmlite call these with fixed arguments)
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "boundscheck": False,
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip
"""Of every function that numba compiles for this backend."""
_I64 = ir.IntType(64)


def _load(bits: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
        value = builder.load(pointer, align=1)
        return value if bits == 64 else builder.zext(value, _I64)

    def typing(typing_context: Any, address: Any) -> Any:
        return types.int64(types.int64), codegen

    return intrinsic(typing)


def _store(bits: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
        value = args[1] if bits == 64 else builder.trunc(args[1], ir.IntType(bits))
        builder.store(value, pointer, align=1)
        return context.get_dummy_value()

    def typing(typing_context: Any, address: Any, value: Any) -> Any:
        return types.void(types.int64, types.int64), codegen

    return intrinsic(typing)


load8, load16, load32, load64 = _load(8), _load(16), _load(32), _load(64)
store8, store16, store32, store64 = _store(8), _store(16), _store(32), _store(64)


@intrinsic
def fence(typing_context: Any) -> Any:
    """A full memory fence: earlier stores are visible before later loads are made."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def enter_unit(typing_context: Any, function: Any, code: Any, state: Any) -> Any:
    """Call ``i64 function(u64 code, u64 state)``, or another function of two numbers."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64, _I64]).as_pointer()
        return builder.call(builder.inttoptr(args[0], kind), [args[1], args[2]])

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic
def exchange(typing_context: Any, address: Any, value: Any) -> Any:
    """Write 64 bits at a host address at once, and return what was there (atomic exchange)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.atomic_rmw("xchg", pointer, args[1], "seq_cst")

    return types.int64(types.int64, types.int64), codegen

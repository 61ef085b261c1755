"""Operations that the interpreter needs and numba does not have: registers by the fields of a word,
bits, unsigned arithmetic, and calls of native functions.

All values have the type int64 for numba, as in ``host_memory``.
"""

# ruff: noqa: ARG001 (numba and llvmlite call these with fixed arguments)
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dbt.ir.ops import MOST_ARGUMENTS

_I64 = ir.IntType(64)


def _register(shift: int) -> Any:
    """The u32 register whose number is in a word, from bit ``shift`` on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _register_pointer(builder, args[0], args[1], shift, 32)
        return builder.zext(builder.load(pointer, align=4), _I64)

    def typing(typing_context: Any, registers: Any, word: Any) -> Any:
        return types.int64(types.int64, types.int64), codegen

    return intrinsic(typing)


def _register64(shift: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_register_pointer(builder, args[0], args[1], shift, 64), align=4)

    def typing(typing_context: Any, registers: Any, word: Any) -> Any:
        return types.int64(types.int64, types.int64), codegen

    return intrinsic(typing)


def _register_pointer(builder: Any, registers: Any, word: Any, shift: int, bits: int) -> Any:
    number = builder.and_(builder.lshr(word, _I64(shift)), _I64(255))
    address = builder.add(registers, builder.shl(number, _I64(2)))
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


def _set_register(shift: int, bits: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _register_pointer(builder, args[0], args[1], shift, bits)
        value = args[2] if bits == 64 else builder.trunc(args[2], ir.IntType(bits))
        builder.store(value, pointer, align=4)
        return context.get_dummy_value()

    def typing(typing_context: Any, registers: Any, word: Any, value: Any) -> Any:
        return types.void(types.int64, types.int64, types.int64), codegen

    return intrinsic(typing)


get_d, get_a, get_b = _register(8), _register(16), _register(24)
get64_d, get64_a, get64_b = _register64(8), _register64(16), _register64(24)
set_d, set_b = _set_register(8, 32), _set_register(24, 32)
set64_d = _set_register(8, 64)


@intrinsic
def high32(typing_context: Any, word: Any) -> Any:
    """The upper half of a word, extended with zeros."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.lshr(args[0], _I64(32))

    return types.int64(types.int64), codegen


def _unary(name: str, bits: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.IntType(bits)
        value = args[0] if bits == 64 else builder.trunc(args[0], kind)
        arguments = [value]
        parameters = [kind]
        if name == "ctlz":
            arguments.append(ir.IntType(1)(0))
            parameters.append(ir.IntType(1))
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, parameters), f"llvm.{name}.i{bits}"
        )
        result = builder.call(function, arguments)
        return result if bits == 64 else builder.zext(result, _I64)

    def typing(typing_context: Any, value: Any) -> Any:
        return types.int64(types.int64), codegen

    return intrinsic(typing)


clz32, bswap32, rbit32 = _unary("ctlz", 32), _unary("bswap", 32), _unary("bitreverse", 32)
clz64, bswap64, rbit64 = _unary("ctlz", 64), _unary("bswap", 64), _unary("bitreverse", 64)


def _rotate(bits: int) -> Any:
    """Rotate right by the amount modulo ``bits``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.IntType(bits)
        value, amount = args if bits == 64 else (builder.trunc(arg, kind) for arg in args)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fshr.i{bits}"
        )
        result = builder.call(function, [value, value, amount])
        return result if bits == 64 else builder.zext(result, _I64)

    def typing(typing_context: Any, value: Any, amount: Any) -> Any:
        return types.int64(types.int64, types.int64), codegen

    return intrinsic(typing)


rotate32, rotate64 = _rotate(32), _rotate(64)


def _unsigned(operation: str) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, operation)(args[0], args[1])

    def typing(typing_context: Any, a: Any, b: Any) -> Any:
        return types.int64(types.int64, types.int64), codegen

    return intrinsic(typing)


udiv64, sdiv64, shr64 = _unsigned("udiv"), _unsigned("sdiv"), _unsigned("lshr")


@intrinsic
def ult64(typing_context: Any, a: Any, b: Any) -> Any:
    """Unsigned less than, as 0 or 1."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.icmp_unsigned("<", args[0], args[1]), _I64)

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def invoke(typing_context: Any, function: Any, state: Any, arguments: Any) -> Any:
    """Call a function with the state's address and all words of an argument area.

    It may take fewer arguments: in the C calling conventions of 64-bit hosts the caller passes the
    first ones in registers and removes the others from the stack itself.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[2], _I64.as_pointer())
        passed = [
            builder.load(builder.gep(pointer, [_I64(index)]), align=8)
            for index in range(MOST_ARGUMENTS)
        ]
        kind = ir.FunctionType(ir.VoidType(), [_I64] * (1 + MOST_ARGUMENTS)).as_pointer()
        builder.call(builder.inttoptr(args[0], kind), [args[1], *passed])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen

"""Compiles a callback with numba to a native function. No other module compiles a user's Python.

The result is there twice: at an address, to be called, and as an LLVM module that needs nothing
else, to be linked into the code that calls it. numba is imported when the first one is compiled.
"""

import ctypes
import functools
import itertools
import re
from collections.abc import Callable
from typing import Any

import attrs

from dbt.interfaces import NativeFunction
from dbt.stops import UsageError

_numbers = itertools.count()
_FAIL = ctypes.CFUNCTYPE(None, ctypes.c_int64)


@attrs.frozen
class Compiled:
    """A compiled callback: ``void f(i64 environment, i64 a0, …)`` at ``address``."""

    address: int
    called: NativeFunction
    """What a caller by address may assume of it."""
    linked: NativeFunction | None
    """The same with its code; None when the code needs numba's runtime and cannot be linked."""
    anchor: object
    """Has to live as long as the function is used."""


def compile_callback(
    function: Callable[..., Any], arity: int, cells: int, size: int, fail: Callable[[], None]
) -> Compiled:
    """Compile ``function(cells, a0, …)`` with ``arity`` integers behind its array.

    The array has ``size`` int64 at host address ``cells``; its bounds are checked. ``fail`` is
    called when the function raises, since what it raises cannot leave compiled code. Raises
    UsageError for what numba cannot compile.
    """
    from numba import cfunc, types
    from numba.core.errors import NumbaError, UnsupportedBytecodeError

    thunk = _FAIL(lambda _environment: fail())
    wrapper = _wrapper(function, arity, cells, size, thunk)
    signature = types.void(*[types.int64] * (1 + arity))
    try:
        made = cfunc(signature)(wrapper)
    except (NumbaError, UnsupportedBytecodeError, ValueError, NotImplementedError) as error:
        name = getattr(function, "__name__", "callback")
        raise UsageError(f"callback {name} cannot be compiled: {_gist(error)}") from None
    symbol = f"callback{next(_numbers)}"
    text = _self_contained(made.inspect_llvm(), made.native_name, symbol, arity)
    may_stop = not text or str(ctypes.cast(thunk, ctypes.c_void_p).value) in text
    called = NativeFunction(uses_state=False, may_stop=may_stop)
    if not text:
        return Compiled(made.address, called, None, (made, thunk))
    code = _loaded(text, symbol)
    linked = attrs.evolve(called, llvm=text, symbol=symbol)
    return Compiled(int(code[symbol]), called, linked, (code, thunk))


def _wrapper(
    function: Callable[..., Any], arity: int, cells: int, size: int, fail: object
) -> Callable[..., None]:
    """The function that is compiled: it gives the callback its array and reports exceptions."""
    from numba import carray, njit

    scope = {
        "inner": njit(boundscheck=True, error_model="python", nogil=True)(function),
        "carray": carray,
        "array_at": _array_at(),
        "cells": cells,
        "size": (size,),
        "fail": fail,
    }
    names = [f"a{index}" for index in range(arity)]
    source = f"""
def wrapper({", ".join(["environment", *names])}):
    try:
        inner({", ".join(["carray(array_at(cells), size)", *names])})
    except Exception:
        fail(environment)
"""
    exec(source, scope)  # numba takes no variable number of arguments here
    made: Callable[..., None] = scope["wrapper"]
    return made


def _array_at() -> Any:
    """An intrinsic: an integer as a pointer to int64."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def array_at(_typing: Any, _address: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], ir.IntType(64).as_pointer())

        return types.CPointer(types.int64)(types.int64), codegen

    return intrinsic(array_at)


def _gist(error: Exception) -> str:
    """The line of numba's message that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines()]
    noise = ("", "Failed in nopython", "During:", "File ", "There are", "Rejected")
    telling = [line for line in lines if not line.startswith(noise[1:]) and line]
    return telling[0] if telling else "numba gives no reason"


@functools.cache
def _linker() -> Any:
    """Brings LLVM modules into memory."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler(_host())


def _host() -> Any:
    import llvmlite.binding as llvm

    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), opt=3, jit=True
    )


def _loaded(text: str, symbol: str) -> Any:
    """A module's code in memory, by symbol. numba's own has a call within the call."""
    import llvmlite.binding as llvm

    return llvm.JITLibraryBuilder().add_ir(text).export_symbol(symbol).link(_linker(), symbol)


# -- Code to be linked -----------------------------------------------------------------------------


def _self_contained(text: str, native_name: str, symbol: str, arity: int) -> str:
    """numba's module as one function ``symbol``, optimised, with all that it calls inside it.

    Empty when it calls something outside of it, such as numba's memory management.
    """
    import llvmlite.binding as llvm

    arguments = ", ".join(f"i64 %a{index}" for index in range(1 + arity))
    entry = f"""
define void @{symbol}({arguments}) alwaysinline nounwind {{
 call ptr @"{native_name}"({arguments})
 ret void
}}
"""
    # numba marks its functions noinline; here they are inlined into one.
    text = re.sub(r"(?m)^(attributes #\d+ = \{[^}]*)\bnoinline\b", r"\1nounwind", text)
    module = llvm.parse_assembly(text + entry, llvm.create_context())
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name != symbol:
            value.linkage = "internal"
    builder = llvm.create_pass_builder(
        _host(),
        llvm.create_pipeline_tuning_options(speed_level=3),
    )
    builder.getModulePassManager().run(module, builder)
    missing = [
        value.name
        for value in (*module.functions, *module.global_variables)
        if value.is_declaration and not value.name.startswith("llvm.")
    ]
    if missing:
        return ""
    return re.sub(r"(?m)^(target|source_filename) .*\n", "", str(module))

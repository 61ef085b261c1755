"""Compiles what is decided when control arrives somewhere, and what reads the events that come of
it (``Executor.decision``)."""

import os
from types import FunctionType, ModuleType
from typing import Any


def load(module: ModuleType, name: str, on_compile: Any) -> int:
    """The address of a compiled function of ``Executor.decision``, whose object code is kept on
    disk."""
    from backends.native import llvm
    from backends.native.arena import Arena
    from backends.native.cache import cached
    from backends.native.link import link
    from backends.native.stamps import stamp

    def make() -> bytes:
        on_compile(f"compiling {_PURPOSES[name]} (once, a few seconds) ...")
        return _object(module, name)

    here = os.path.dirname(__file__)
    read = [module, *(one for one in vars(module).values() if isinstance(one, ModuleType))]
    sources = [__file__, os.path.join(here, "compiled.py"), llvm.__file__]
    sources += [str(one.__file__) for one in read]
    image = cached(f"decision-{name}", stamp(sources, "numba", "llvmlite"), make)
    _arenas.append(Arena())
    return link(image, _arenas[-1]).address(name)


_PURPOSES = {
    "decide": "what is decided at calls and returns",
    "access": "what records accesses to memory",
    "keep": "what is decided at calls and returns",
    "expand": "what makes rows of events",
    "fold": "what adds up events",
}
_arenas: list[Any] = []
_OPTIONS = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def _object(module: ModuleType, name: str) -> bytes:
    """Object code of one of these, as ``Executor.decision`` has them."""
    from numba import njit

    from backends.numba_jit.compiled import object_of

    names = dict(vars(module))
    for known, value in vars(module).items():  # so that they call each other when compiled
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            names[known] = njit(**_OPTIONS)(FunctionType(value.__code__, names, known))
    if name == "expand":
        return object_of(_expand(module, names["expand"]), 1, name)
    if name == "fold":
        return object_of(_fold(module, names["fold"]), 1, name)
    if name == "access":
        return object_of(_access(module, names["accessed"]), 5, name)
    decide, keep = _decide(module, names["arrived"]), _keep(module, names["kept"])
    return object_of(decide, 4, name) if name == "decide" else object_of(keep, 2, name)


def _decide(module: ModuleType, arrived: Any) -> Any:
    from numba import njit

    array_at, ask_at, fuel_at = module.ARRAY_AT, module.ASK_AT, module.FUEL_AT
    words, numbers_at, ask = _pointer(32), _pointer(64), _ask()

    @njit(**_OPTIONS)
    def decide(environment, address, what, counted):  # type: ignore[no-untyped-def]
        numbers = numbers_at(address)
        array, fuel = words(numbers[array_at]), numbers_at(numbers[fuel_at])
        if arrived(numbers, array, words(environment), fuel, what, counted):
            ask(numbers[ask_at], what, counted)
        return 0

    return decide


def _access(module: ModuleType, accessed: Any) -> Any:
    from numba import njit

    array_at, ask_at, fuel_at, take = module.ARRAY_AT, module.ASK_AT, module.FUEL_AT, module.TAKE
    words, numbers_at, ask = _pointer(32), _pointer(64), _ask()

    @njit(**_OPTIONS)
    def access(_environment, numbers_, what, address, value):  # type: ignore[no-untyped-def]
        numbers = numbers_at(numbers_)
        array, fuel = words(numbers[array_at]), numbers_at(numbers[fuel_at])
        if accessed(numbers, array, fuel, what, address, value):
            ask(numbers[ask_at], take, 0)
        return 0

    return access


def _keep(module: ModuleType, kept: Any) -> Any:
    from numba import njit

    array_at, words_at, answer = module.ARRAY_AT, module.WORDS_AT, module.ANSWER
    words, numbers_at = _pointer(32), _pointer(64)

    @njit(**_OPTIONS)
    def keep(address, what):  # type: ignore[no-untyped-def]
        numbers = numbers_at(address)
        kept(numbers, words(numbers[array_at]), words(numbers[words_at]), what)
        return numbers[answer]

    return keep


def _expand(module: ModuleType, rows: Any) -> Any:
    from numba import njit

    events, ways, live = module.EVENTS_AT, module.WAYS_AT, module.LIVE_AT
    calls, blocks, accesses = module.CALLS_AT, module.BLOCKS_AT, module.ACCESSES_AT
    words, numbers_at = _pointer(32), _pointer(64)

    @njit(**_OPTIONS)
    def expand(address):  # type: ignore[no-untyped-def]
        c = numbers_at(address)
        known, out = words(c[ways]), words(c[calls])
        others = words(c[blocks]), words(c[accesses])
        return rows(c, words(c[events]), known, words(c[live]), out, *others)

    return expand


def _fold(module: ModuleType, sums: Any) -> Any:
    from numba import njit

    events, ways, live = module.EVENTS_AT, module.WAYS_AT, module.LIVE_AT
    frames, active = module.FRAMES_AT, module.ACTIVE_AT
    functions, arcs, paths = module.FUNCTIONS_AT, module.ARCS_AT, module.PATHS_AT
    arc_index, path_index = module.ARC_INDEX_AT, module.PATH_INDEX_AT
    words, numbers_at = _pointer(32), _pointer(64)

    @njit(**_OPTIONS)
    def fold(address):  # type: ignore[no-untyped-def]
        c = numbers_at(address)
        return sums(
            c, words(c[events]), numbers_at(c[ways]), numbers_at(c[live]), numbers_at(c[frames]),
            numbers_at(c[active]), numbers_at(c[functions]), numbers_at(c[arcs]),
            numbers_at(c[paths]), numbers_at(c[arc_index]), numbers_at(c[path_index]),
        )  # fmt: skip

    return fold


def _pointer(bits: int) -> Any:
    """An intrinsic: an address as a pointer to signed numbers of 64 bits or unsigned ones of 32."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def pointer(_typing: Any, _address: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], ir.IntType(bits).as_pointer())

        return types.CPointer(types.int64 if bits == 64 else types.uint32)(types.int64), codegen

    return intrinsic(pointer)


def _ask() -> Any:
    """An intrinsic: calls ``void f(i64 what, i64 counted)`` by its address."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def ask(_typing: Any, _function: Any, _what: Any, _counted: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * 2).as_pointer()
            builder.call(builder.inttoptr(args[0], kind), args[1:])
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), codegen

    return intrinsic(ask)

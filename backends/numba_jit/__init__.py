"""The numba/LLVM backend: copied code (tier 0) and compiled units (tiers 1 and 2)."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable

from backends.native.forks import held_at_fork
from dbt.interfaces import Context, Executor, HostCode, chaining
from dbt.ir import banks, layout
from dbt.phases import UNTIMED, Phase, Phases
from dbt.reservation import require_room
from dbt.typing import Any, NamedTuple


class NumbaBackend:
    """Opens executors. Imports LLVM to compile the execution loop and units.

    ``on_compile`` is called with a line of text before the loop is compiled or the first stencils
    are, which takes seconds, because they are not found on disk
    (``backends/native/cache.py``). By default the line is written to stderr if that is a terminal.
    """

    name = "numba_jit"

    def __init__(self, on_compile: Callable[[str], None] | None = None) -> None:
        self.on_compile = on_compile or _tell

    def open(self, context: Context) -> Executor:
        """Open an executor for one process. Raises UsageError when the host has no room for it, or
        ``ARMDBT_CACHE`` cannot be what it says."""
        from backends.native import cache
        from backends.native.atomics import compare_exchange
        from backends.numba_jit.executor import NumbaExecutor
        from backends.numba_jit.tables import ROOM

        cache.check_chosen()
        require_room(ROOM, "tables and compilers")
        with context.phases.within(Phase.LIBRARY):
            loop = _load_loop(self.on_compile, context.phases)
        context.memory.use_atomics(compare_exchange)
        return NumbaExecutor(context, loop, self.on_compile, _loop_code)

    def kept(self) -> list[str]:
        """See ``dbt.interfaces.Backend``: object code and stencils."""
        from backends.native import cache

        cache.check_chosen()
        return cache.files()


class Loop(NamedTuple):
    """The execution loop: ``call`` does what ``loop.loop`` does, ``run`` is the address of what
    runs from a block. ``make`` is the function by which it makes blocks (``making.make``),
    ``maker`` its address. ``call_at`` and ``call_unlocked_at`` are the addresses of ``call`` and
    ``call_unlocked`` of ``word_calls``."""

    call: Any
    run: int
    make: Any
    maker: int
    call_at: int
    call_unlocked_at: int


_loop: Loop | None = None
_loop_code: list[HostCode] = []
_arena: Any = None
_loading = held_at_fork(threading.RLock())
_SOURCES = (
    "__init__", "abi", "edges", "host_memory", "loop", "making", "pool",
    "stencils/abi", "stencils/copying", "stencils/finding", "stencils/term_machine",
    "stencils/terms", "tables",
    "units/objects", "word_functions", "word_text",
)  # fmt: skip
"""The modules of this package that the loop's object code is compiled from."""


def _load_loop(on_compile: Callable[[str], None], phases: Phases = UNTIMED) -> Loop:
    """The compiled loop, which all executors of this Python process share."""
    global _loop, _arena  # noqa: PLW0603
    with _loading:
        if _loop is None:
            from backends.native import llvm, word_calls
            from backends.native.arena import Arena
            from backends.native.cache import cached
            from backends.native.link import link
            from backends.native.stamps import stamp

            def make_maker() -> bytes:
                on_compile("compiling the execution loop (once) ...")
                with phases.within(Phase.COMPILATION):
                    from backends.numba_jit.making import maker_object

                    return maker_object()

            def make_loop() -> bytes:
                with phases.within(Phase.COMPILATION):
                    from backends.numba_jit.loop import loop_object

                    return loop_object()

            here = os.path.dirname(__file__)
            sources = [
                *(os.path.join(here, f"{name}.py") for name in _SOURCES),
                llvm.__file__,
                word_calls.__file__,
                chaining.__file__,
                layout.__file__,
                banks.__file__,
                os.path.join(os.path.dirname(layout.__file__), "ops.py"),
            ]
            key = stamp(sources, "numba", "llvmlite")
            _arena = Arena()
            maker = link(cached("maker", key, make_maker), _arena)
            loop = link(cached("loop", key, make_loop), _arena)
            _loop_code.append(HostCode("loop", "maker", None, *maker.span))
            _loop_code.append(HostCode("loop", "loop", None, *loop.span))
            word = ctypes.c_int64
            call = ctypes.CFUNCTYPE(*[word] * 5)(loop.address("loop"))
            address = maker.address("maker")
            make = ctypes.CFUNCTYPE(word, word, word)(address)
            _loop = Loop(
                call=call,
                run=loop.address("run"),
                make=make,
                maker=address,
                call_at=loop.address("call"),
                call_unlocked_at=loop.address("call_unlocked"),
            )
    return _loop


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"armdbt: {line}", file=sys.stderr)

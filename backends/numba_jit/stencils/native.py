"""The functions of ``copying`` as object code, which needs neither numba nor Python."""

import ctypes
import functools
import os
from functools import partial

from backends.native.arena import Arena
from backends.native.cache import cached
from backends.native.link import link
from backends.native.stamps import stamp
from dbt.typing import Any

ARITY = 7
_SOURCES = (
    "abi",
    "copying",
    "finding",
    "native",
    "terms",
    "term_machine",
    "../host_memory",
    "../word_functions",
    "../word_text",
    "../units/objects",
)


class Native:
    """The functions of ``copying`` that Python calls. All take and return ints."""

    def __init__(self) -> None:
        here = os.path.dirname(__file__)
        sources = [os.path.join(here, f"{name}.py") for name in _SOURCES]
        self._arena = Arena()
        library = link(
            cached("copying", stamp(sources, "numba", "llvmlite"), _compile), self._arena
        )
        prototype = ctypes.CFUNCTYPE(*[ctypes.c_int64] * (1 + ARITY))
        call: Any = prototype(library.address("copying"))
        self.find_shapes = partial(call, 0)
        self.choose = partial(_fill, call, 1)
        self.place_block = partial(_fill, call, 2)
        self.value_of = partial(_fill, call, 3)
        self.marks_of = partial(_fill, call, 5)
        self.place_stub = partial(_fill, call, 6)
        self.find_additions = partial(_fill, call, 7)
        self.find = partial(_fill, call, 8)
        self.free_block = partial(_fill, call, 9)


@functools.cache
def shared_native() -> Native:
    """The functions that all executors of this Python process share."""
    return Native()


def _fill(call: Any, what: int, *arguments: int) -> int:
    """Call a function with fewer arguments than there may be."""
    return int(call(what, *arguments, *[0] * (ARITY - 1 - len(arguments))))


def _compile() -> bytes:
    from backends.numba_jit.stencils import copying
    from backends.numba_jit.word_text import object_of

    return object_of(copying.call, "copying")

"""Word functions as host code that Python can call."""

import ctypes
from collections.abc import Callable
from typing import Any

from backends.native.arena import Arena
from backends.native.link import link
from backends.numba_jit.word_text import object_of

_arena: Arena | None = None


def host_code(function: Callable[..., int]) -> Any:
    """A word function, compiled. Its code stays until the process ends."""
    global _arena  # noqa: PLW0603
    _arena = _arena or Arena()
    address = link(object_of(function, "entry"), _arena).address("entry")
    arity = function.__code__.co_argcount
    return ctypes.CFUNCTYPE(*[ctypes.c_int64] * (1 + arity))(address)

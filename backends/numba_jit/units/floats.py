"""The functions of floating point that units call: compiled once, and linked when first needed."""

from backends.native.arena import Arena
from backends.native.link import Library, link
from backends.native.llvm import binding
from backends.numba_jit.units.float_text import functions
from backends.numba_jit.units.kept import compiled
from backends.numba_jit.units.objects import ObjectMaker
from backends.numba_jit.units.vector_float_text import vector_functions

PREFIX = "fp."
"""How the names of the functions begin."""


def _has_fma() -> bool:
    return bool(binding().get_host_cpu_features().get("fma"))


class Floats:
    """The functions in an arena. Their object code is kept on disk."""

    def __init__(self, maker: ObjectMaker, arena: Arena) -> None:
        self._maker, self._arena = maker, arena
        self._library: Library | None = None

    def address(self, symbol: str) -> int | None:
        """The address of a function; None for a symbol that is none of them."""
        if not symbol.startswith(PREFIX):
            return None
        if self._library is None:
            text = f"{functions(has_fma=_has_fma())}\n{vector_functions()}"
            image, _ = compiled(self._maker, "units", text, "optimised")
            self._library = link(image, self._arena)
        return self._library.addresses.get(symbol)

"""The functions of floating point that units call: compiled once, and linked when first needed."""

import functools

from backends.native.arena import Arena
from backends.native.link import Library, link
from backends.native.stamps import has_feature
from backends.numba_jit.units.float_text import FUNCTIONS, OF_BITS, functions
from backends.numba_jit.units.kept import compiled
from backends.numba_jit.units.objects import ObjectMaker
from backends.numba_jit.units.vector_float_text import vector_functions

PREFIX = "fp."
"""How the names of the functions begin."""


@functools.cache
def _text() -> str:
    """The text of all functions on this host. To write it takes longer than to read their code."""
    scalar = functions(has_fma=has_feature("fma"))
    return f"{scalar}\n{vector_functions()}"


class Floats:
    """The functions in an arena. Their object code is kept on disk."""

    def __init__(self, maker: ObjectMaker, arena: Arena) -> None:
        self._maker, self._arena = maker, arena
        self._library: Library | None = None

    def table(self) -> list[int]:
        """The addresses of the functions of bits, as FUNCTIONS has them."""
        found = [self.address(name + OF_BITS) for name in FUNCTIONS]
        assert all(found)
        return [address or 0 for address in found]

    def address(self, symbol: str) -> int | None:
        """The address of a function; None for a symbol that is none of them."""
        if not symbol.startswith(PREFIX):
            return None
        if self._library is None:
            image, _ = compiled(self._maker, "units", _text(), "optimised")
            self._library = link(image, self._arena)
        return self._library.addresses.get(symbol)

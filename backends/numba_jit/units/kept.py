"""Object code of units on disk: what a program that runs again has made hot is not compiled again.

Nothing but the text that would be compiled decides: it holds all that LLVM is told of a program, of
passes and of the blocks that are compiled together. A program that is deterministic gives the same
texts, as a rule.
"""

import functools
from collections.abc import Iterable

from backends.native import llvm
from backends.native.cache import digest_of, read, write
from backends.native.stamps import stamp
from backends.numba_jit.units import objects
from backends.numba_jit.units.objects import ObjectMaker

MOST = 256
"""Files that are kept in a directory, each of the units that were compiled together."""
_SOURCES = (llvm.__file__, objects.__file__)
"""How text becomes object code."""


@functools.cache
def _how() -> bytes:
    """The stamp of how text becomes object code here. It is computed once: the modules are those
    that were imported, whatever becomes of their files."""
    return stamp(_SOURCES, "llvmlite")


def compiled(
    maker: ObjectMaker, name: str, text: str, level: str, linked: Iterable[str] = ()
) -> tuple[bytes, bool]:
    """What ``maker`` compiles of a text at a level, from disk if it is there by this name; and
    whether it was. Where its stamp cannot be known, nothing is kept."""
    linked = list(linked)
    try:
        how = _how()
    except OSError:
        return maker.compile(text, level, linked), False
    key = digest_of(how, repr((level, text, linked)).encode())
    found = read(name, key)
    if found is not None:
        return found, True
    made = maker.compile(text, level, linked)
    write(name, key, made, MOST)
    return made, False

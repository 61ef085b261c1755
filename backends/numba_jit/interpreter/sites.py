"""Links of the interpreter as the loop makes them (``storage`` describes sites)."""

from numba import njit

from backends.numba_jit import tables
from backends.numba_jit.host_memory import load32, load64, store32
from backends.numba_jit.interpreter.interpreter import OPTIONS
from backends.numba_jit.interpreter.storage import SLOT_SITE

START = tables.START


@njit(**OPTIONS)
def _site(state, slot):  # type: ignore[no-untyped-def]
    return load64(load64(state + SLOT_SITE) + slot * 8)


@njit(**OPTIONS)
def is_linked(state, slot):  # type: ignore[no-untyped-def]
    """See ``FirstTier.is_linked``."""
    return load32(_site(state, slot)) != 0


@njit(**OPTIONS)
def link(state, slot, block):  # type: ignore[no-untyped-def]
    """See ``FirstTier.link``."""
    store32(_site(state, slot), load32(load64(state + START) + block * 4))


@njit(**OPTIONS)
def unlink(state, slot):  # type: ignore[no-untyped-def]
    """See ``FirstTier.unlink``."""
    store32(_site(state, slot), 0)

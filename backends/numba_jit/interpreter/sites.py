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
def link(state, slot, block):  # type: ignore[no-untyped-def]
    """Make a slot lead to a block, in the code of this tier. Code of others has no site."""
    site = _site(state, slot)
    if site:
        store32(site, load32(load64(state + START) + block * 4))


@njit(**OPTIONS)
def unlink(state, slot):  # type: ignore[no-untyped-def]
    """Make a slot lead to the dispatcher, in the code of this tier."""
    site = _site(state, slot)
    if site:
        store32(site, 0)

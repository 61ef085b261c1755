"""Links of direct exits, as the loop and the executor make and undo them.

A slot that is linked to a block is in the list of that block. ``lead`` writes where the slot leads
in each tier. One thread at a time changes links (LOCK), so that a rule that another thread has just
written to DENIED or DIRECT_ON is obeyed: it is written before the links are undone.
"""

from backends.numba_jit import abi, tables
from backends.numba_jit.host_memory import (
    exchange,
    load8,
    load32,
    load64,
    store8,
    store32,
    store64,
)
from backends.numba_jit.lookups import is_written, lookup_of, write_lookup
from backends.numba_jit.word_functions import word_function

COPY, COPY_LINKS, COPY_OUT = tables.COPY, tables.COPY_LINKS, tables.COPY_OUT
SLOT_BLOCK, SLOT_NEXT, SLOT_BEFORE = tables.SLOT_BLOCK, tables.SLOT_NEXT, tables.SLOT_BEFORE
LINKED_IN, LINKS_NOW, LINKS_MADE = tables.LINKED_IN, tables.LINKS_NOW, tables.LINKS_MADE
UNIT, DENIED, DIRECT_ON, LOCK = tables.UNIT, tables.DENIED, tables.DIRECT_ON, tables.LOCK
LINK, UNLINK_INTO, LEAD_INTO = abi.LINK, abi.UNLINK_INTO, abi.LEAD_INTO
LINK_CODE, WRITE_LOOKUP = abi.LINK_CODE, abi.WRITE_LOOKUP
LOOKUP_COPY = tables.LOOKUP_COPY
SLOT_INNER, UNDONE = tables.SLOT_INNER, tables.UNDONE
STOPPED = tables.STOPPED


@word_function
def take_lock(state):  # type: ignore[no-untyped-def]
    """Wait until no other thread has the lock, and take it."""
    while exchange(state + LOCK, 1):
        pass


@word_function
def release_lock(state):  # type: ignore[no-untyped-def]
    """Give the lock back."""
    exchange(state + LOCK, 0)


@word_function
def linked_to(state, slot):  # type: ignore[no-untyped-def]
    """The id of the block that a slot is linked to, or 0."""
    return load32(load64(state + SLOT_BLOCK) + slot * 4)


@word_function
def lead(state, slot, block):  # type: ignore[no-untyped-def]
    """Make all tiers' code that leaves by a slot go on in a block; 0: look it up."""
    unit = copy = 0
    lookup = lookup_of(state, slot)
    if block:
        unit = load64(load64(state + UNIT) + block * 8)
        copy = load64(load64(state + COPY) + block * 8)
    store64(load64(state + LINK_CODE) + slot * 8, unit if unit else lookup)
    out = load64(load64(state + COPY_OUT) + slot * 8)
    if out:
        if is_written(state, slot):
            out = lookup + LOOKUP_COPY
        store64(load64(state + COPY_LINKS) + slot * 8, copy if copy else out)


@word_function
def enlist(state, slot, block):  # type: ignore[no-untyped-def]
    """Put a slot into the list of a block."""
    first = load64(state + LINKED_IN) + block * 4
    after = load32(first)
    store32(load64(state + SLOT_BLOCK) + slot * 4, block)
    store32(load64(state + SLOT_NEXT) + slot * 4, after)
    store32(load64(state + SLOT_BEFORE) + slot * 4, 0)
    if after:
        store32(load64(state + SLOT_BEFORE) + after * 4, slot)
    store32(first, slot)
    store64(state + LINKS_NOW, load64(state + LINKS_NOW) + 1)


@word_function
def unlink(state, slot):  # type: ignore[no-untyped-def]
    """Unlink a slot. The caller has the lock."""
    block = linked_to(state, slot)
    if block == 0:
        return
    after = load32(load64(state + SLOT_NEXT) + slot * 4)
    before = load32(load64(state + SLOT_BEFORE) + slot * 4)
    if before:
        store32(load64(state + SLOT_NEXT) + before * 4, after)
    else:
        store32(load64(state + LINKED_IN) + block * 4, after)
    if after:
        store32(load64(state + SLOT_BEFORE) + after * 4, before)
    store32(load64(state + SLOT_BLOCK) + slot * 4, 0)
    if load8(load64(state + SLOT_INNER) + slot):
        store8(load64(state + SLOT_INNER) + slot, UNDONE)
        store64(state + STOPPED, 1)
    store64(state + LINKS_NOW, load64(state + LINKS_NOW) - 1)
    lead(state, slot, 0)


@word_function
def link(state, slot, block):  # type: ignore[no-untyped-def]
    """Link a slot to a block. If the chain rules forbid all links, make it look its target up."""
    take_lock(state)
    if load64(state + DIRECT_ON) and load8(load64(state + DENIED) + block) == 0:
        if linked_to(state, slot) == 0:
            store64(state + LINKS_MADE, load64(state + LINKS_MADE) + 1)
        unlink(state, slot)
        enlist(state, slot, block)
        lead(state, slot, block)
    elif load64(state + DIRECT_ON) == 0 and linked_to(state, slot) == 0:
        write_lookup(state, slot)
        lead(state, slot, 0)
    release_lock(state)


@word_function
def unlink_into(state, block):  # type: ignore[no-untyped-def]
    """Unlink every slot that is linked to a block."""
    take_lock(state)
    first = load64(state + LINKED_IN) + block * 4
    while load32(first):
        unlink(state, load32(first))
    release_lock(state)


@word_function
def lead_into(state, block):  # type: ignore[no-untyped-def]
    """Make every slot that is linked to a block lead to the code that it has now."""
    take_lock(state)
    slot = load32(load64(state + LINKED_IN) + block * 4)
    while slot:
        lead(state, slot, block)
        slot = load32(load64(state + SLOT_NEXT) + slot * 4)
    release_lock(state)


@word_function
def change(state, what, a, b):  # type: ignore[no-untyped-def]
    """Change links, as ``abi.LINK`` and its neighbours say."""
    if what == LINK:
        link(state, a, b)
    elif what == UNLINK_INTO:
        unlink_into(state, a)
    elif what == LEAD_INTO:
        lead_into(state, a)
    elif what == WRITE_LOOKUP:
        take_lock(state)
        write_lookup(state, a)
        lead(state, a, linked_to(state, a))
        release_lock(state)
    else:
        take_lock(state)
        for slot in range(a, b):
            unlink(state, slot)
        release_lock(state)
    return 0

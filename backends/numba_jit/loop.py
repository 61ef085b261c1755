"""The execution loop: runs blocks as copied code or as compiled units, and dispatches between them.

It is compiled (``word_text``), runs without Python's interpreter lock, and returns when something
needs Python.
"""

from backends.native import word_calls
from backends.numba_jit import abi, tables
from backends.numba_jit.edges import change, link, linked_to
from backends.numba_jit.host_memory import (
    enter_unit,
    load8,
    load32,
    load64,
    store32,
    store64,
)
from backends.numba_jit.lookups import index_of
from backends.numba_jit.word_functions import word_function
from backends.numba_jit.word_text import object_of
from dbt.interfaces import Reason

# Offsets of the counters in REASONS.
NOT_TRANSLATED = 8 * tables.REASON_INDEX[Reason.NOT_TRANSLATED]
REFUSED = 8 * tables.REASON_INDEX[Reason.DENIED]
UNLINKED = 8 * tables.REASON_INDEX[Reason.UNLINKED]
INDIRECT_MISS = 8 * tables.REASON_INDEX[Reason.INDIRECT_MISS]
RETURN_MISS = 8 * tables.REASON_INDEX[Reason.RETURN_MISS]

KIND_BITS, KIND_MASK = abi.KIND_BITS, abi.KIND_MASK
X_LINK, X_RETURN, X_JUMP = abi.X_LINK, abi.X_RETURN, abi.X_JUMP
X_HOT, X_PROMOTE = tables.X_HOT, tables.X_PROMOTE
COPY, COPY_ENTER = tables.COPY, tables.COPY_ENTER
X_UNIT, X_MISSING, X_MISSING_AT = tables.X_UNIT, tables.X_MISSING, tables.X_MISSING_AT
X_WATCH, WATCHED, X_NO_CODE = tables.X_WATCH, tables.WATCHED, tables.X_NO_CODE
ENTER, UNIT, DENIED = tables.ENTER, tables.UNIT, tables.DENIED
HOT, AGAIN = tables.HOT, tables.AGAIN
PENDING, PENDING_COUNT, PENDING_LIMIT = tables.PENDING, tables.PENDING_COUNT, tables.PENDING_LIMIT
BLOCK_AT, REASONS = tables.BLOCK_AT, tables.REASONS
SLOT_POSITION, SLOT_TARGET = tables.SLOT_POSITION, tables.SLOT_TARGET
RUN, MAKER = abi.RUN, tables.MAKER
JUMP_ON, RETURN_ON = tables.JUMP_ON, tables.RETURN_ON


@word_function
def count(state, reason):  # type: ignore[no-untyped-def]
    """Count one return to the dispatcher."""
    counter = state + REASONS + reason
    store64(counter, load64(counter) + 1)


@word_function
def make(state, position):  # type: ignore[no-untyped-def]
    """Make the block at a position (``making.make``). Returns its id, or 0 if Python has to."""
    return enter_unit(load64(state + MAKER), state, position)


@word_function
def block_at(state, position):  # type: ignore[no-untyped-def]
    """The id of the block at a position, or 0."""
    return load32(load64(state + BLOCK_AT) + index_of(position) * 4)


@word_function
def target_of(state, slot):  # type: ignore[no-untyped-def]
    """The id of the block that a direct exit leads to, or 0."""
    position = load64(load64(state + SLOT_POSITION) + slot * 8)
    if position >= 0:
        return block_at(state, position)
    return load32(load64(state + SLOT_TARGET) + slot * 4)


@word_function
def arrive_by_link(state, slot):  # type: ignore[no-untyped-def]
    """The block that a direct exit leads to; ~ of an exit that needs Python."""
    block = linked_to(state, slot)
    if block:
        return block  # chained: only the tier changes
    block = target_of(state, slot)
    if block == 0:
        count(state, NOT_TRANSLATED)
        position = load64(load64(state + SLOT_POSITION) + slot * 8)
        block = make(state, position) if position >= 0 else 0
        if block == 0:
            return ~(X_MISSING | slot << KIND_BITS)
        link(state, slot, block)
        return block
    denied = load8(load64(state + DENIED) + block)
    if denied:
        count(state, REFUSED)
        return ~(X_WATCH | block << KIND_BITS) if denied & WATCHED else block
    count(state, UNLINKED)
    link(state, slot, block)
    return block


@word_function
def arrive_at(state, location, kind):  # type: ignore[no-untyped-def]
    """The block that a computed target leads to; ~ of an exit that needs Python."""
    block = block_at(state, location)
    if block == 0:
        count(state, NOT_TRANSLATED)
        block = make(state, location)
        return block if block else ~(X_MISSING_AT | location << KIND_BITS)
    denied = load8(load64(state + DENIED) + block)
    if denied:
        count(state, REFUSED)
        return ~(X_WATCH | block << KIND_BITS) if denied & WATCHED else block
    if kind == X_RETURN:
        if load64(state + RETURN_ON) == 0:
            count(state, RETURN_MISS)
    elif load64(state + JUMP_ON) == 0:
        count(state, INDIRECT_MISS)
    return block


@word_function
def note_hot(state, block):  # type: ignore[no-untyped-def]
    """A block's counter has come to zero. Returns 1 when it is time to compile."""
    counter = load64(state + HOT) + block * 4
    count = load64(state + PENDING_COUNT)
    pending = load64(state + PENDING)
    store32(counter, load64(state + AGAIN))
    for index in range(count):
        if load32(pending + 4 * index) == block:
            return 1
    store32(pending + 4 * count, block)
    store64(state + PENDING_COUNT, count + 1)
    return 1 if count + 1 >= PENDING_LIMIT else 0


@word_function
def run_loop(state, block):  # type: ignore[no-untyped-def]
    """Run from a block on. Returns the exit that needs Python, as ``abi`` describes it."""
    while True:
        unit = load64(load64(state + UNIT) + block * 8)
        if unit:
            result = enter_unit(load64(state + ENTER), unit, state)
        else:
            copy = load64(load64(state + COPY) + block * 8)
            if copy == 0:
                return X_NO_CODE | block << KIND_BITS
            result = enter_unit(load64(state + COPY_ENTER), copy, state)
        kind = result & KIND_MASK
        payload = (result >> KIND_BITS) & 0xFFFFFFFF
        if kind == X_UNIT:
            block = payload
            continue
        if kind == X_HOT:
            block = payload
            if note_hot(state, block):
                return X_PROMOTE | block << KIND_BITS
            continue
        if kind == X_LINK:
            block = arrive_by_link(state, payload)
        elif kind in (X_RETURN, X_JUMP):
            block = arrive_at(state, payload, kind)
        else:
            return result
        if block < 0:
            return ~block


@word_function
def loop(state, what, a, b):  # type: ignore[no-untyped-def]
    """Run from the block ``a`` on, or change links."""
    if what == RUN:
        return run_loop(state, a)
    return change(state, what, a, b)


RUN_TEXT = f"""
define i64 @run(i64 %state, i64 %block) nounwind {{
 %exit = call i64 @loop(i64 %state, i64 {RUN}, i64 %block, i64 0)
 ret i64 %exit
}}
"""


def loop_object() -> bytes:
    """Compile ``i64 loop(i64 state, i64 what, i64 a, i64 b)`` to object code, ``i64 run(i64 state,
    i64 block)``, which runs from a block, and what Python calls such functions by."""
    return object_of(loop, "loop", {"run": RUN_TEXT, **word_calls.TEXTS})

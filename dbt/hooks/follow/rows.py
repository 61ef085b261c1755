"""Makes rows of a fixed size from the events that translated code has kept, as functions on arrays
which run as they are, and compiled by a backend.

They read what ``decisions.py`` writes (``reader.py`` makes Records of the same events):

- ``c``: numbers of 64 bits, by the names below;
- ``u``: the words of events; ``ways``: function, site and caller by the number of a way;
- ``live``: the activations of the present stack;
- ``calls``, ``blocks`` and ``accesses``: rows of words, of which the dtypes are in
  ``dbt/hooks/arrays/dtypes.py``.
"""

from typing import Any, TypeAlias

from dbt.hooks.follow import decisions as d

Array: TypeAlias = Any

AT, END = 0, 1
"""The word to read next, and the end of the words."""
INSNS, ORDER = 2, 3
"""Instructions completed at the last event, and events so far, those of other sources included."""
THREAD, STACK_ID = 4, 5
DEPTH, ALIVE = 6, 7
"""Activations in ``live``, and those that other stacks have, too."""
CALLS, BLOCKS, ACCESSES = 8, 9, 10
"""Rows that were made of calls, of blocks and of accesses."""
EVENTS_AT, WAYS_AT, LIVE_AT, CALLS_AT, BLOCKS_AT, ACCESSES_AT = range(11, 17)
"""Addresses of the arrays."""
NUMBERS = ACCESSES_AT + 1

LIVE = 5
"""Function, site, stack pointer, depth and stack id of an activation."""
CALL_ROW, BLOCK_ROW, ACCESS_ROW = 17, 7, 10
"""Words of a row of ``calls``, ``blocks`` and ``accesses``. The first two are INSNS, the next two
ORDER."""


def begin(c: Array, rows: Array, at: int) -> None:
    """Begin a row with the moment and the number of its event."""
    rows[at], rows[at + 1] = c[INSNS] & 0xFFFFFFFF, c[INSNS] >> 32
    rows[at + 2], rows[at + 3] = c[ORDER] & 0xFFFFFFFF, c[ORDER] >> 32
    c[ORDER] += 1


def call(c: Array, u: Array, ways: Array, live: Array, calls: Array, kind: int) -> None:
    """Make a row of a call, whose activation begins."""
    event, way, row, frame = c[AT], 3 * u[c[AT] + 1], CALL_ROW * c[CALLS], LIVE * c[DEPTH]
    begin(c, calls, row)
    live[frame], live[frame + 1], live[frame + 2] = ways[way], ways[way + 1], u[event + 2]
    live[frame + 3], live[frame + 4] = c[ALIVE], c[STACK_ID]
    for index in range(4):
        calls[row + 4 + index] = live[frame + index]
        calls[row + 11 + index] = u[event + 3 + index]
    calls[row + 8] = ways[way + 2] if kind == d.CALL else 0
    calls[row + 9], calls[row + 10] = c[THREAD], c[STACK_ID]
    calls[row + 15], calls[row + 16] = 0, kind
    c[CALLS] += 1
    c[DEPTH] += 1
    c[ALIVE] += 1


def end(c: Array, u: Array, live: Array, calls: Array, kind: int) -> None:
    """Make a row of the end of an activation."""
    c[DEPTH] -= 1
    c[ALIVE] -= 1
    row, frame = CALL_ROW * c[CALLS], LIVE * c[DEPTH]
    begin(c, calls, row)
    for index in range(4):
        calls[row + 4 + index] = live[frame + index]
        calls[row + 11 + index] = 0
    calls[row + 8] = 0
    calls[row + 9], calls[row + 10] = c[THREAD], live[frame + 4]
    calls[row + 15], calls[row + 16] = u[c[AT] + 1] if kind == d.RETURN else 0, kind
    c[CALLS] += 1


def begun(c: Array, u: Array, blocks: Array) -> None:
    """Make a row of a block."""
    row = BLOCK_ROW * c[BLOCKS]
    begin(c, blocks, row)
    blocks[row + 4], blocks[row + 5] = u[c[AT] + 1], u[c[AT] + 2]
    blocks[row + 6] = c[THREAD]
    c[BLOCKS] += 1


def accessed(c: Array, u: Array, accesses: Array, kind: int) -> None:
    """Make a row of an access to memory."""
    event, row, size = c[AT], ACCESS_ROW * c[ACCESSES], kind & 3
    begin(c, accesses, row)
    accesses[row + 4] = u[event + 3]
    accesses[row + 5] = u[event + 4] if size == 3 else 0
    accesses[row + 6], accesses[row + 7] = u[event + 1], u[event + 2]
    accesses[row + 8] = c[THREAD]
    accesses[row + 9] = 1 << size | (kind & d.WRITES) // d.WRITES << 16
    c[ACCESSES] += 1


def expand(
    c: Array, u: Array, ways: Array, live: Array, calls: Array, blocks: Array, accesses: Array
) -> int:
    """Make rows of the events up to the next MARK or the end. Returns the words that are left."""
    while c[AT] < c[END]:
        head = u[c[AT]] & 0xFFFFFFFF
        kind = head & ((1 << d.KIND_BITS) - 1)
        if kind == d.MARK:
            break
        c[INSNS] += head >> d.KIND_BITS
        if kind in (d.CALL, d.TAIL_CALL):
            call(c, u, ways, live, calls, kind)
            c[AT] += d.SIZES[d.CALL]
        elif kind >= d.ACCESS:
            accessed(c, u, accesses, kind)
            c[AT] += d.SIZES[kind]
        elif kind == d.BEGUN:
            begun(c, u, blocks)
            c[AT] += d.SIZES[d.BEGUN]
        else:
            end(c, u, live, calls, kind)
            c[AT] += d.SIZES[kind]
    return c[END] - c[AT]  # type: ignore[no-any-return]

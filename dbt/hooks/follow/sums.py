"""Adds up the events that translated code has kept, by function, by arc from caller to callee, and
by call path, as functions on arrays which run as they are, and compiled by a backend.

They read what ``decisions.py`` writes, and do what ``outputs/calltree.py`` and its listeners do for
Records of the same events (``summing.py`` has the arrays):

- ``c``: numbers of 64 bits, by the names below;
- ``u``: the words of events; ``ways``: for each way, the index of the function and the caller;
- ``frames``: the frames of the present strand, a thread and one of its stacks; ``active``: how
  many of them each function has;
- ``live``: where the frames are of the activations of the present stack, for alternate stacks of
  signal handlers are of the strand of what they interrupt;
- ``functions``, ``arcs``, ``paths``: rows of costs in guest instructions;
- ``arc_index``, ``path_index``: where rows are, by a hash of what tells them apart.

Function 0 is all code that is not watched, path 0 the empty one. What an activation that is left
out (``MOST``) costs counts for the innermost frame.
"""

from typing import Any, TypeAlias

from dbt.hooks.follow import decisions as d

Array: TypeAlias = Any

AT, END = 0, 1
"""The word to read next, and the end of the words."""
INSNS, NOW, OUTSIDE = 2, 3, 4
"""Instructions completed at the last event; up to which they are added up; those outside of all
frames."""
DEPTH, LIVE, ALIVE, MOST = 5, 6, 7, 8
"""Frames of the present strand; activations of the present stack, and of the thread; those that
have so many below them are left out."""
PATHS, PATH_ROOM, MERGED = 9, 10, 11
"""Call paths, as many as may be told apart, and calls with other paths, which count for the
caller's."""
ARCS, CLOSED, OPENED = 12, 13, 14
"""Arcs; functions and arcs of which a frame has ended, in this order; frames so far."""
EVENTS_AT, WAYS_AT, LIVE_AT, FRAMES_AT, ACTIVE_AT, FUNCTIONS_AT = range(15, 21)
ARCS_AT, PATHS_AT, ARC_INDEX_AT, PATH_INDEX_AT = range(21, 25)
"""Addresses of the arrays."""
NUMBERS = PATH_INDEX_AT + 1

FRAME = 7
"""Numbers of a frame. The first one is OPENED when it was."""
NUMBER, FUNCTION_OF, ARC_OF, PATH_OF, OWN, INNER, RECURSIVE = range(FRAME)
FUNCTION, ARC, PATH = 4, 7, 4
"""Numbers of a row. Of ``functions``: calls, own cost, inclusive cost, the order of the first end;
of ``arcs``: caller, callee, site, and then the same; of ``paths``: the path without the last
function, this function, calls and own cost."""
MOST_ARCS, MOST_PATHS = 1 << 20, 1 << 22
"""Rows that there is room for. Indices have twice as many places."""
MOST_FRAMES = 2 * d.MOST_FRAMES
"""Frames that a strand may have."""


def arc_of(c: Array, arcs: Array, index: Array, caller: int, callee: int, site: int) -> int:
    """The offset of an arc, which is made if it is new."""
    place = (caller * 0x9E3779B1 ^ callee * 0x85EBCA6B ^ site * 0x27D4EB2F) >> 3
    while True:
        place &= 2 * MOST_ARCS - 1
        at = index[place] - 1
        if at < 0:
            break
        if arcs[at] == caller and arcs[at + 1] == callee and arcs[at + 2] == site:
            return at  # type: ignore[no-any-return]
        place += 1
    at = ARC * c[ARCS]
    c[ARCS] += 1
    index[place] = at + 1
    arcs[at], arcs[at + 1], arcs[at + 2] = caller, callee, site
    return at  # type: ignore[no-any-return]


def path_of(c: Array, paths: Array, index: Array, before: int, function: int) -> int:
    """The offset of a call path with one more call: the path before if there is no room."""
    place = (before * 0x9E3779B1 ^ function * 0x85EBCA6B) >> 3
    while True:
        place &= 2 * MOST_PATHS - 1
        at = index[place] - 1
        if at < 0:
            break
        if paths[at] == before and paths[at + 1] == function:
            paths[at + 2] += 1
            return at  # type: ignore[no-any-return]
        place += 1
    if c[PATHS] >= c[PATH_ROOM]:
        c[MERGED] += 1
        return before
    at = PATH * c[PATHS]
    c[PATHS] += 1
    index[place] = at + 1
    paths[at], paths[at + 1], paths[at + 2] = before, function, 1
    return at  # type: ignore[no-any-return]


def advance(c: Array, frames: Array) -> None:
    """What was executed since the last event counts for the innermost frame."""
    spent = c[INSNS] - c[NOW]
    if spent <= 0:
        return
    c[NOW] = c[INSNS]
    if c[DEPTH] == 0:
        c[OUTSIDE] += spent
    else:
        frames[FRAME * (c[DEPTH] - 1) + OWN] += spent


def opened(
    c: Array, live: Array, frames: Array, active: Array, arcs: Array, arc_index: Array,
    paths: Array, path_index: Array, function: int, site: int,
) -> None:  # fmt: skip
    """An activation begins."""
    frame, at = FRAME * c[DEPTH], 2 * c[LIVE]
    c[LIVE] += 1
    c[ALIVE] += 1
    if c[ALIVE] > c[MOST]:
        live[at] = -1
        return
    advance(c, frames)
    caller, before = 0, 0
    if frame:
        caller, before = frames[frame - FRAME + FUNCTION_OF], frames[frame - FRAME + PATH_OF]
    live[at], live[at + 1] = frame, c[OPENED]
    frames[frame + NUMBER], frames[frame + FUNCTION_OF] = c[OPENED], function
    frames[frame + ARC_OF] = arc_of(c, arcs, arc_index, caller, function, site)
    frames[frame + PATH_OF] = path_of(c, paths, path_index, before, function)
    frames[frame + OWN], frames[frame + INNER] = 0, 0
    frames[frame + RECURSIVE] = active[function]
    active[function] += 1
    c[OPENED] += 1
    c[DEPTH] += 1


def add(c: Array, row: Array, at: int, own: int, inclusive: int) -> None:
    """Add a frame that has ended to a row."""
    if row[at] == 0:
        row[at + 3] = c[CLOSED]
        c[CLOSED] += 1
    row[at] += 1
    row[at + 1] += own
    row[at + 2] += inclusive


def closed(
    c: Array, frames: Array, active: Array, functions: Array, arcs: Array, paths: Array
) -> None:
    """The innermost frame has ended."""
    c[DEPTH] -= 1
    frame = FRAME * c[DEPTH]
    function, own = frames[frame + FUNCTION_OF], frames[frame + OWN]
    inclusive = own + frames[frame + INNER]
    counted = 0 if frames[frame + RECURSIVE] else inclusive
    add(c, functions, FUNCTION * function, own, counted)
    add(c, arcs, frames[frame + ARC_OF] + 3, own, counted)
    paths[frames[frame + PATH_OF] + 3] += own
    active[function] -= 1
    if frame:
        frames[frame - FRAME + INNER] += inclusive


def ended(
    c: Array, live: Array, frames: Array, active: Array, functions: Array, arcs: Array,
    paths: Array,
) -> None:  # fmt: skip
    """The innermost activation of the present stack has ended, and the frames above it."""
    c[LIVE] -= 1
    c[ALIVE] -= 1
    frame, number = live[2 * c[LIVE]], live[2 * c[LIVE] + 1]
    if frame < 0:
        return
    advance(c, frames)
    if frame >= FRAME * c[DEPTH] or frames[frame + NUMBER] != number:
        return  # it has ended with one below it
    while FRAME * c[DEPTH] > frame:
        closed(c, frames, active, functions, arcs, paths)


def fold(
    c: Array, u: Array, ways: Array, live: Array, frames: Array, active: Array, functions: Array,
    arcs: Array, paths: Array, arc_index: Array, path_index: Array,
) -> int:  # fmt: skip
    """Add up the events to the next MARK or the end, or while there is room. Returns the words that
    are left."""
    while c[AT] < c[END]:
        at = c[AT]
        head = u[at] & 0xFFFFFFFF
        kind = head & ((1 << d.KIND_BITS) - 1)
        if kind == d.MARK or c[ARCS] == MOST_ARCS or c[DEPTH] == MOST_FRAMES:
            break
        c[INSNS] += head >> d.KIND_BITS
        c[AT] += d.SIZES[kind]
        if kind in (d.CALL, d.TAIL_CALL):
            way = 2 * u[at + 1]
            site = ways[way + 1] if kind == d.CALL else 0
            function = ways[way]
            opened(c, live, frames, active, arcs, arc_index, paths, path_index, function, site)
        elif kind in (d.RETURN, d.UNWOUND):
            ended(c, live, frames, active, functions, arcs, paths)
    return c[END] - c[AT]  # type: ignore[no-any-return]

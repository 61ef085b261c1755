"""The tracker's decisions as functions on arrays, which run as they are, and compiled by a backend.

They do what ``tracker.Tracker`` does for functions that are recorded and nothing else, by the same
rules (``records.py``). ``frames.py`` has the arrays:

- ``c``: numbers of 64 bits, by the names below;
- ``u``: words: the known ways into functions (``WAYS``), the live activations of the present stack
  (``FRAMES``), and the events (``EVENTS``);
- ``words``: the guest's registers; ``fuel``: one number, the executor's fuel.

Where depths alone are wanted (``KEPT``), activations are kept and no events
(``mechanisms/depths.py``).
"""

from typing import Any, TypeAlias

Array: TypeAlias = Any

# Numbers in c.
USED, COUNT, DEPTH, LOW, LIMIT, GRANTED, LAST = range(7)
"""Words of ``EVENTS`` that are used, and events in them; live activations of the present stack; the
lowest pointer seen on it; the limit of the pointer without these frames; fuel granted so far,
without what is held back; instructions at the last event, or -1 when a MARK has to come first."""
CALL_PC, CALL_AT, SITE_PC, SITE_AT = range(7, 11)
"""The moments of the last call and of the last arrival at a return site: an instruction that is
executed again after a fault arrives once."""
LINK, STACK, CALL_MARK, SP_LIMIT, RESULT, ARGUMENTS = range(11, 17)
"""Indices in ``words``; ARGUMENTS is the first of four."""
ARRAY_AT, FUEL_AT, ASK_AT = range(ARGUMENTS + 4, ARGUMENTS + 7)
"""Addresses of ``u`` and ``fuel``, and of the function that is called for ASK."""
PROCESS, STACK_NUMBER, STACK_ID = range(ASK_AT + 1, ASK_AT + 4)
"""What a MARK says: the process id, and the present stack, by a number of its own and its id."""
WORDS_AT, ELSEWHERE, ANSWER = range(STACK_ID + 1, STACK_ID + 4)
"""For ``kept``: the address of ``words``; how many activations other stacks have; twice the depth
of a call, and 1 more for a tail call, or -1 when nothing was done because there is no room."""
ROOM = ANSWER + 1
"""Words of ``EVENTS`` that are used when it is full: MOST_USED at most."""
NUMBERS = ROOM + 1

# Sizes, and offsets in u. What is behind MOST_USED is for what one arrival, or the accesses of one
# block, may add.
WAY, FRAME = 6, 4
"""pc, link, site, number, and the register that must have a value (0: none; else its index and 1);
site, stack, tail, left (``tracker.Activation``)."""
MOST_WAYS, MOST_FRAMES, MOST_USED = 1 << 16, 1 << 21, 1 << 18
WAYS = 0
FRAMES = WAYS + WAY * MOST_WAYS
EVENTS = FRAMES + FRAME * MOST_FRAMES
WORDS = EVENTS + MOST_USED + MOST_FRAMES + (1 << 14)

CALL, TAIL_CALL, RETURN, UNWOUND, MARK, BEGUN = range(6)
"""Kinds of events, the low bits of an event's first word. Above them are the instructions since the
event before. Calls have the number of their way, the stack pointer and four arguments behind it,
returns the result. A MARK has the instructions completed, in two words, and what is named above. A
block that has BEGUN has its pc and its size in bytes."""
ACCESS, WRITES = 8, 4
"""Kinds from ACCESS on are accesses to memory. WRITES is added for writes, and the logarithm of the
size in bytes. They have the pc, the address, and the value, of 8 bytes in two words."""
KIND_BITS = 4
SIZES = 7, 7, 2, 1, 6, 3, 0, 0, 4, 4, 4, 5, 4, 4, 4, 5
"""Words of an event, by kind."""
DONE, ASK = 0, 1
"""What a decision returns; ASK: nothing was done, Python has to do it."""
SITE = 1 << 32
"""Added to the pc where control has arrived at a return site; without it the pc is a function's."""
KEPT, COUNTS = 1 << 33, 1 << 34
"""KEPT is added where no events are wanted: then what has arrived is a return site, with SITE, or
the return site of a call. COUNTS: the call's activation is kept to its end."""
BLOCK, SIZE_AT = 1 << 35, 36
"""BLOCK is added to the pc where a block begins, and its size in bytes from bit SIZE_AT on."""
TAKE = 1 << 62
"""What Python is asked with when events are to be taken."""
KIND_AT, LEFT_AT = 32, 40
"""At an access, the kind of its event is added to the pc, and from LEFT_AT on the instructions that
the block has counted and not completed."""


def way_at(pc: int, link: int) -> int:
    """Where to begin to look for a way into a function."""
    return (pc * 0x9E3779B1 ^ link * 0x85EBCA6B) >> 7 & (MOST_WAYS - 1)


def find(u: Array, pc: int, link: int) -> int:
    """The offset of a known way, or -1."""
    index = way_at(pc, link)
    while True:
        at = WAYS + WAY * index
        if u[at] == pc and u[at + 1] == link:
            return at
        if u[at] == 0 and u[at + 1] == 0:
            return -1
        index = (index + 1) & (MOST_WAYS - 1)


def add(c: Array, u: Array, now: int, kind: int, size: int) -> int:
    """Add an event of so many words. Returns its offset."""
    passed = now - c[LAST]
    if c[LAST] < 0 or passed < 0 or passed >> (32 - KIND_BITS):
        at: int = EVENTS + c[USED]
        u[at], u[at + 1], u[at + 2] = MARK, now & 0xFFFFFFFF, now >> 32
        u[at + 3], u[at + 4], u[at + 5] = c[PROCESS], c[STACK_NUMBER], c[STACK_ID]
        c[USED] += 6
        passed = 0
    at = EVENTS + c[USED]
    u[at] = kind | passed << KIND_BITS
    c[USED] += size
    c[COUNT] += 1
    c[LAST] = now
    return at


def unwound(c: Array, u: Array, now: int) -> None:
    """Give up the innermost activation."""
    c[DEPTH] -= 1
    add(c, u, now, UNWOUND, 1)


def unwind(c: Array, u: Array, now: int, stack: int) -> None:
    """End the activations below ``stack``."""
    while c[DEPTH] and u[FRAMES + FRAME * (c[DEPTH] - 1) + 1] < stack:
        unwound(c, u, now)


def unwind_to(c: Array, u: Array, now: int, site: int, stack: int) -> bool:
    """Find the innermost activation that returns to ``site`` with this stack pointer, and end
    those within it."""
    index = c[DEPTH] - 1
    while index >= 0:
        at = FRAMES + FRAME * index
        if u[at + 1] != stack:
            return False
        if u[at] == site:
            while c[DEPTH] > index + 1:
                unwound(c, u, now)
            return True
        index -= 1
    return False


def make_room(c: Array, u: Array, now: int, site: int, stack: int, marked: bool) -> bool:
    """End the activations that cannot be alive. Returns True for a tail call."""
    unwind(c, u, now, stack)
    while c[DEPTH]:
        at = FRAMES + FRAME * (c[DEPTH] - 1)
        if not u[at + 3] or u[at] == site:
            break
        unwound(c, u, now)
    while unwind_to(c, u, now, site, stack):
        if not marked:
            return True
        unwound(c, u, now)
    return False


def publish(c: Array, u: Array, words: Array) -> None:
    """Have translated code see which frame is the innermost."""
    stack, limit = words[c[STACK]], c[LIMIT]
    c[LOW] = min(c[LOW], stack)
    if c[DEPTH]:
        frame = u[FRAMES + FRAME * (c[DEPTH] - 1) + 1]
        limit = min(limit, frame)
    words[c[SP_LIMIT]] = limit


def called(c: Array, u: Array, words: Array, fuel: Array, pc: int, counted: int) -> int:
    """Control is at a function, in a block of ``counted`` instructions."""
    now = c[GRANTED] - fuel[0] - counted
    if pc == c[CALL_PC] and now == c[CALL_AT]:
        return DONE
    link, stack = words[c[LINK]], words[c[STACK]]
    way = find(u, pc, link)
    if way < 0 or c[USED] >= c[ROOM] or c[DEPTH] >= MOST_FRAMES:
        return ASK
    if u[way + 4] and words[u[way + 4] - 1] != u[way + 5]:
        return ASK
    marked = words[c[CALL_MARK]] == link ^ stack
    words[c[CALL_MARK]] = 0
    c[CALL_PC], c[CALL_AT] = pc, now
    site = u[way + 2]
    tail = make_room(c, u, now, site, stack, marked)
    at = add(c, u, now, TAIL_CALL if tail else CALL, 7)
    u[at + 1], u[at + 2] = u[way + 3], stack
    for index in range(4):
        u[at + 3 + index] = words[c[ARGUMENTS + index]]
    frame = FRAMES + FRAME * c[DEPTH]
    u[frame], u[frame + 1], u[frame + 2], u[frame + 3] = site, stack, tail, 0
    c[DEPTH] += 1
    publish(c, u, words)
    return DONE


def returned(c: Array, u: Array, words: Array, fuel: Array, site: int, counted: int) -> int:
    """Control is at a return site."""
    now = c[GRANTED] - fuel[0] - counted
    if site == c[SITE_PC] and now == c[SITE_AT]:
        return DONE
    if c[USED] >= c[ROOM]:
        return ASK
    c[SITE_PC], c[SITE_AT] = site, now
    stack = words[c[STACK]]
    unwind(c, u, now, stack)
    while unwind_to(c, u, now, site, stack):
        c[DEPTH] -= 1
        tail = u[FRAMES + FRAME * c[DEPTH] + 2]
        at = add(c, u, now, RETURN, 2)
        u[at + 1] = words[c[RESULT]]
        if not tail:
            break
    publish(c, u, words)
    return DONE


def kept(c: Array, u: Array, words: Array, what: int) -> int:
    """Control has arrived at a return site, or at a function that returns to the site. A site may
    be reported twice, with nothing between: the second time does nothing."""
    c[USED] = c[COUNT] = 0
    site, stack = what & 0xFFFFFFFF, words[c[STACK]]
    if what & SITE:
        unwind(c, u, 0, stack)
        while unwind_to(c, u, 0, site, stack):
            c[DEPTH] -= 1
            if not u[FRAMES + FRAME * c[DEPTH] + 2]:
                break
    else:
        if c[DEPTH] >= MOST_FRAMES:
            c[ANSWER] = -1
            return DONE
        mark = words[c[CALL_MARK]]
        marked = mark != 0 and mark == words[c[LINK]] ^ stack
        words[c[CALL_MARK]] = 0
        tail = make_room(c, u, 0, site, stack, marked)
        c[ANSWER] = ((c[DEPTH] + c[ELSEWHERE]) << 1) + tail
        if what & COUNTS:
            frame = FRAMES + FRAME * c[DEPTH]
            u[frame], u[frame + 1], u[frame + 2], u[frame + 3] = site, stack, tail, 0
            c[DEPTH] += 1
    publish(c, u, words)
    return DONE


def begun(c: Array, u: Array, fuel: Array, what: int, counted: int) -> int:
    """A block of ``counted`` instructions has begun."""
    if c[USED] >= c[ROOM]:
        return ASK
    at = add(c, u, c[GRANTED] - fuel[0] - counted, BEGUN, 3)
    u[at + 1], u[at + 2] = what & 0xFFFFFFFF, what >> SIZE_AT
    return DONE


def accessed(c: Array, u: Array, fuel: Array, what: int, address: int, value: int) -> int:
    """Memory was accessed. The event is added in any case; ASK: there are so many now that
    they have to be taken."""
    kind = what >> KIND_AT & ((1 << KIND_BITS) - 1)
    at = add(c, u, c[GRANTED] - fuel[0] - (what >> LEFT_AT), kind, 5 if kind & 3 == 3 else 4)
    u[at + 1], u[at + 2], u[at + 3] = what & 0xFFFFFFFF, address, value & 0xFFFFFFFF
    if kind & 3 == 3:
        u[at + 4] = value >> 32 & 0xFFFFFFFF
    return ASK if c[USED] >= c[ROOM] else DONE


def arrived(c: Array, u: Array, words: Array, fuel: Array, what: int, counted: int) -> int:
    """Control has arrived, in a block of ``counted`` instructions."""
    if what & KEPT:
        return kept(c, u, words, what)
    if what & BLOCK:
        return begun(c, u, fuel, what, counted)
    if what & SITE:
        return returned(c, u, words, fuel, what & 0xFFFFFFFF, counted)
    return called(c, u, words, fuel, what, counted)

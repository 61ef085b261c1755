"""Translation of a block by copying stencils and patching them, in native code.

Every function is given the address of the header that ``stencils.abi`` describes.
"""

from backends.numba_jit import tables
from backends.numba_jit.host_memory import load64, store8, store32, store64
from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.finding import (
    choose,
    find,
    find_additions,
    find_shapes,
    marks_of,
    value_of,
)
from backends.numba_jit.word_functions import word_function

PUSH_IMMEDIATE, JUMP_RELATIVE = 0x68, 0xE9
STUB = 10
"""Bytes of a stub: it pushes a payload and jumps to one of the ways out."""
SHAPES = abi.SHAPES
STENCILS, PATCHES, OFFSETS, CODES = abi.STENCILS, abi.PATCHES, abi.OFFSETS, abi.CODES
WORDS, CURSOR, END, LINK_WORDS = abi.WORDS, abi.CURSOR, abi.END, abi.LINK_WORDS
LINK_OUT, SIDE_OUT, FUEL_OUT, HOT_OUT = abi.LINK_OUT, abi.SIDE_OUT, abi.FUEL_OUT, abi.HOT_OUT
RETURN_OUT, JUMP_OUT, HEAD, GO = abi.RETURN_OUT, abi.JUMP_OUT, abi.HEAD, abi.GO
OUT0, OUT1 = abi.OUT0, abi.OUT1
MADE_BYTES, UNCHECKED = abi.MADE_BYTES, abi.UNCHECKED
LARGEST = abi.LARGEST
ROOM, FREE, UNIT = abi.ROOM, abi.FREE, abi.UNIT
NAME_VALUES = abi.NAME_VALUES
HEAD_ROW, GO_ROW = abi.HEAD_ROW, abi.GO_ROW
NAME = abi.NAME
SHAPE = abi.SHAPE
CONTINUES = abi.CONTINUES
STENCIL, LENGTH, FIRST, PAST = abi.STENCIL, abi.LENGTH, abi.FIRST, abi.PAST
PATCH, WHAT, VALUE_PROGRAM = abi.PATCH, abi.WHAT, abi.VALUE_PROGRAM
ADDEND, RELATIVE, TABLE, WIDTH = abi.ADDEND, abi.RELATIVE, abi.TABLE, abi.WIDTH
VALUE, SLOT, NEXT, FAULT = abi.VALUE, abi.SLOT, abi.NEXT, abi.FAULT
TRAP, RETURN, JUMP = abi.TRAP, abi.RETURN, abi.JUMP
LINK0, LINK1, COUNT, COUNTER, HOT = abi.LINK0, abi.LINK1, abi.COUNT, abi.COUNTER, abi.HOT
HOT_COUNTS = tables.HOT_COUNTS
BLOCK, WATCHED, WATCH_OUT, PROBES = abi.BLOCK, abi.WATCHED, abi.WATCH_OUT, abi.PROBES
ROW, ITS_SHAPE, ITS_STENCIL = abi.ROW, abi.ITS_SHAPE, abi.ITS_STENCIL
CODE, AT, FRONT = abi.CODE, abi.AT, abi.FRONT


@word_function
def put(header, number, to):  # type: ignore[no-untyped-def]
    """Copy a stencil; returns the address behind it. Up to 7 bytes behind it may change."""
    stencil = load64(header + STENCILS) + STENCIL * number
    source, size = load64(header + CODES) + load64(stencil), load64(stencil + LENGTH)
    done = 0
    while done < size:
        store64(to + done, load64(source + done))
        done += 8
    return to + size


@word_function
def stub(at, way_out, payload):  # type: ignore[no-untyped-def]
    """Write code that leaves with a payload; returns the address behind it."""
    store8(at, PUSH_IMMEDIATE)
    store32(at + 1, payload)
    store8(at + 5, JUMP_RELATIVE)
    store32(at + 6, way_out - at - STUB)
    return at + STUB


@word_function
def way_out(header, what):  # type: ignore[no-untyped-def]
    """The way by which the head of a block leaves."""
    if what == HOT:
        return load64(header + HOT_OUT)
    return load64(header + (WATCH_OUT if what == WATCHED else FUEL_OUT))


@word_function
def patch(header, number, base, row, block, index, counted, slots, end):  # type: ignore[no-untyped-def]  # noqa: C901
    """Fill the holes of a stencil in, which was copied to ``base``. Its stubs are put at ``end``;
    returns the address behind them."""
    stencil, patches = load64(header + STENCILS) + STENCIL * number, load64(header + PATCHES)
    word, pc, before, fault = load64(row), load64(row + AT), load64(row + FRONT), 0
    for at in range(
        patches + PATCH * load64(stencil + FIRST), patches + PATCH * load64(stencil + PAST), PATCH
    ):
        what, place = load64(at + WHAT), base + load64(at)
        if what == VALUE:
            value = value_of(header, load64(at + VALUE_PROGRAM), word, pc, before)
        elif what == SLOT:
            slot = value_of(header, load64(at + VALUE_PROGRAM), word, pc, before)
            value = load64(load64(header + OFFSETS) + 8 * (load64(at + TABLE) + slot))
        elif what == NEXT:
            value = base + load64(stencil + LENGTH)
        elif what == FAULT and fault:
            value = fault
        elif FAULT <= what <= TRAP:
            value = end
            fault = value if what == FAULT else fault
            payload = block << 8 | index << 2 | (what - FAULT)
            end = stub(end, load64(header + SIDE_OUT), payload)
        elif what == NAME:
            value = load64(load64(header + NAME_VALUES) + 8 * load64(at + TABLE))
        elif what == RETURN:
            value = load64(header + RETURN_OUT)
        elif what == JUMP:
            value = load64(header + JUMP_OUT)
        elif what == LINK0:
            value = load64(header + LINK_WORDS) + 8 * (slots & 0xFFFFFFFF)
            if load64(header + OUT0) == 0:
                store64(header + OUT0, end)
                end = stub(end, load64(header + LINK_OUT), slots & 0xFFFFFFFF)
        elif what == LINK1:
            value = load64(header + LINK_WORDS) + 8 * (slots >> 32)
            if load64(header + OUT1) == 0:
                store64(header + OUT1, end)
                end = stub(end, load64(header + LINK_OUT), slots >> 32)
        elif what == COUNT:
            value = counted
        elif what == COUNTER:
            value = HOT_COUNTS + 4 * block
        elif what == BLOCK:
            value = block
        else:
            value = end
            end = stub(end, way_out(header, what), block)
        value += load64(at + ADDEND)
        if load64(at + WIDTH) == 1:
            store8(place, value)
        else:
            store32(place, value - place if load64(at + RELATIVE) else value)
    return end


@word_function
def make_block(header, count, counted, block, slots):  # type: ignore[no-untyped-def]
    """Write the code of a block from its rows. Returns its address, or 0 when there is no room.

    ``block``: its id; ``counted``: of its instructions; ``slots``: those of its direct exits, the
    second from bit 32 on.
    """
    start, first = load64(header + CURSOR), load64(header + WORDS)
    if start + LARGEST * (count + 3) > load64(header + END):
        return 0
    store64(header + OUT0, 0)
    store64(header + OUT1, 0)
    at = start
    begins = counted or load64(header + PROBES)
    if begins:
        at = put(header, load64(header + HEAD), at)
    head, go = first + ROW * HEAD_ROW, first + ROW * GO_ROW
    if load64(head + ITS_SHAPE):
        store64(head + CODE, at)
        at = put(header, load64(head + ITS_STENCIL), at)
    for row in range(first, first + ROW * count, ROW):
        store64(row + CODE, at)
        at = put(header, load64(row + ITS_STENCIL), at)
    tail, ending = at, 0
    last = load64(first + ROW * (count - 1) + ITS_SHAPE)
    continues = load64(load64(header + SHAPES) + SHAPE * last) == CONTINUES
    if continues:
        ending = load64(go + ITS_STENCIL) if load64(go + ITS_SHAPE) else load64(header + GO)
        at = put(header, ending, at)
    if begins:
        number = load64(header + HEAD)
        at = patch(header, number, start, first, block, 0, counted, slots, at)
    if load64(head + ITS_SHAPE):
        number, code = load64(head + ITS_STENCIL), load64(head + CODE)
        at = patch(header, number, code, head, block, 0, counted, slots, at)
    for index in range(count):
        row = first + ROW * index
        number, code = load64(row + ITS_STENCIL), load64(row + CODE)
        at = patch(header, number, code, row, block, index, counted, slots, at)
    if continues:
        at = patch(header, ending, tail, go, block, count - 1, counted, slots, at)
    store64(header + MADE_BYTES, at - start)
    if load64(header + UNCHECKED):
        at = note_ends(header, count, start, at)
    store64(header + CURSOR, (at + 15) & -16)
    return start


@word_function
def note_ends(header, count, start, at):  # type: ignore[no-untyped-def]
    """Write where the code of each instruction ends, as the last words of a block whose code ends
    at ``at``. Returns the address behind them."""
    end = start + (at - start + 4 * count + UNIT - 1) // UNIT * UNIT
    at = end - 4 * count
    first, stencils = load64(header + WORDS), load64(header + STENCILS)
    for row in range(first, first + ROW * count, ROW):
        stencil = stencils + STENCIL * load64(row + ITS_STENCIL)
        store32(at, load64(row + CODE) + load64(stencil + LENGTH) - start)
        at += 4
    return end


@word_function
def place_block(header, count, counted, block, slots):  # type: ignore[no-untyped-def]
    """Make a block in a place that was given back, or in a new one. Returns its address, or 0 when
    there is no room."""
    start = make_block(header, count, counted, block, slots)
    if start == 0:
        return 0
    units = (load64(header + CURSOR) - start + UNIT - 1) // UNIT
    store64(header + ROOM, units * UNIT)
    free = load64(header + FREE) + 8 * units
    place = load64(free)
    if place == 0:
        store64(header + CURSOR, start + units * UNIT)
        return start
    store64(free, load64(place))
    store64(header + CURSOR, place)
    make_block(header, count, counted, block, slots)
    store64(header + CURSOR, start)
    return place


@word_function
def place_stub(header, way_out, payload):  # type: ignore[no-untyped-def]
    """Make a stub as a block. Returns its address, or 0 when there is no room."""
    free = load64(header + FREE) + 8
    place = load64(free)
    if place:
        store64(free, load64(place))
    else:
        place = load64(header + CURSOR)
        if place + UNIT > load64(header + END):
            return 0
        store64(header + CURSOR, place + UNIT)
    stub(place, way_out, payload)
    return place


@word_function
def free_block(header, start, room):  # type: ignore[no-untyped-def]
    """Give the place of a block back. Nothing leads into it."""
    free = load64(header + FREE) + 8 * (room // UNIT)
    store64(start, load64(free))
    store64(free, start)


@word_function
def call(what, a, b, c, d, e, f):  # type: ignore[no-untyped-def]
    """Call one of the functions above by its number, as ``native`` gives them."""
    if what == 0:
        return find_shapes(a, b, c, d, e, f)
    if what == 1:
        return choose(a, b)
    if what == 2:
        return place_block(a, b, c, d, e)
    if what == 3:
        return value_of(a, b, c, d, e)
    if what == 5:
        return marks_of(a, b, c)
    if what == 6:
        return place_stub(a, b, c)
    if what == 7:
        return find_additions(a, b, c, d)
    if what == 8:
        return find(a, b, c, d, e)
    free_block(a, b, c)
    return 0

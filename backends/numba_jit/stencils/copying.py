"""Translation of a block by copying stencils and patching them, in native code.

Every function is given the address of the header that ``stencils.abi`` describes.
"""

from numba import njit

from backends.numba_jit.host_memory import OPTIONS, load64, store8, store32, store64
from backends.numba_jit.stencils import abi, term_machine

PUSH_IMMEDIATE, JUMP_RELATIVE = 0x68, 0xE9
STUB = 10
"""Bytes of a stub: it pushes a payload and jumps to one of the ways out."""
PAGE_MASK = 4095

NODES, ROOTS, PROGRAMS, STACK = abi.NODES, abi.ROOTS, abi.PROGRAMS, abi.STACK
INDEX, MASK, SHAPES = abi.INDEX, abi.MASK, abi.SHAPES
STENCILS, PATCHES, OFFSETS, CODES = abi.STENCILS, abi.PATCHES, abi.OFFSETS, abi.CODES
WORDS, CURSOR, END, LINK_WORDS = abi.WORDS, abi.CURSOR, abi.END, abi.LINK_WORDS
LINK_OUT, SIDE_OUT, FUEL_OUT, HOT_OUT = abi.LINK_OUT, abi.SIDE_OUT, abi.FUEL_OUT, abi.HOT_OUT
RETURN_OUT, JUMP_OUT, HEAD, GO = abi.RETURN_OUT, abi.JUMP_OUT, abi.HEAD, abi.GO
EVERY_FLAG, OUT0, OUT1 = abi.EVERY_FLAG, abi.OUT0, abi.OUT1
MADE_BYTES, UNCHECKED = abi.MADE_BYTES, abi.UNCHECKED
LARGEST = abi.LARGEST
ROOM, FREE, UNIT = abi.ROOM, abi.FREE, abi.UNIT
ALIGNMENT, MOST_PLACES = abi.ALIGNMENT, abi.MOST_PLACES
HEAD_PC, PASSES, NAME_VALUES = abi.HEAD_PC, abi.PASSES, abi.NAME_VALUES
HEADS, EXITS, HEAD_ROW, GO_ROW = abi.HEADS, abi.EXITS, abi.HEAD_ROW, abi.GO_ROW
HEAD_MODE, GO_MODE = abi.HEAD_MODE, abi.GO_MODE
LOCAL = HEADS | EXITS | abi.INSTRUCTIONS
NAMES, NAMES_BY_VALUE, NAME, UNNAMED = abi.NAMES, abi.NAMES_BY_VALUE, abi.NAME, abi.UNNAMED
NODE, KIND, ASKED, BITS, YES, NO = abi.NODE, abi.KIND, abi.ASKED, abi.BITS, abi.YES, abi.NO
WORD_MASK, BEFORE_MASK, LEAF = abi.WORD_MASK, abi.BEFORE_MASK, abi.LEAF
ROOT, ROOTS_MASK = abi.ROOT, abi.ROOTS_COUNT - 1
SHAPE, EXIT, SIZE, FAULTS = abi.SHAPE, abi.EXIT, abi.SIZE, abi.FAULTS
READS, SURE, WRITES, VARIANT = abi.READS, abi.SURE, abi.WRITES, abi.VARIANT
CONTINUES, REFUSED = abi.CONTINUES, abi.REFUSED
STENCIL, START, LENGTH, FIRST, PAST = abi.STENCIL, abi.START, abi.LENGTH, abi.FIRST, abi.PAST
LIVE, FURTHER = abi.LIVE, abi.FURTHER
PATCH, PLACE, WHAT, VALUE_PROGRAM = abi.PATCH, abi.PLACE, abi.WHAT, abi.VALUE_PROGRAM
ADDEND, RELATIVE, TABLE, WIDTH = abi.ADDEND, abi.RELATIVE, abi.TABLE, abi.WIDTH
VALUE, SLOT, NEXT, FAULT = abi.VALUE, abi.SLOT, abi.NEXT, abi.FAULT
TRAP, RETURN, JUMP = abi.TRAP, abi.RETURN, abi.JUMP
LINK0, LINK1, COUNT, COUNTER, HOT = abi.LINK0, abi.LINK1, abi.COUNT, abi.COUNTER, abi.HOT
ROW, WORD, ITS_SHAPE, ITS_STENCIL = abi.ROW, abi.WORD, abi.ITS_SHAPE, abi.ITS_STENCIL
CODE, AT = abi.CODE, abi.AT


# -- Finding shapes ----------------------------------------------------------------------------


@njit(**OPTIONS)
def root_of(key):  # type: ignore[no-untyped-def]
    """Where the search for a root begins: an index of ROOTS."""
    return ((key * 0x9E3779B1) >> 19) & ROOTS_MASK


@njit(**OPTIONS)
def value_of(header, program, word, pc, before):  # type: ignore[no-untyped-def]
    """The value of a program."""
    at = load64(header + PROGRAMS) + 8 * program
    return term_machine.run(at, load64(header + STACK), word, pc, before, load64(header + HEAD_PC))


@njit(**OPTIONS)
def find(header, word, pc, before, mode):  # type: ignore[no-untyped-def]
    """The shape of a word in a mode, or 0."""
    key = (word & load64(header + INDEX)) | mode << 48
    roots, nodes = load64(header + ROOTS), load64(header + NODES)
    root = roots + ROOT * root_of(key)
    while load64(root) != key + 1:
        if load64(root) == 0:
            return 0
        root += ROOT
        if root == roots + ROOT * (ROOTS_MASK + 1):
            root = roots
    node = load64(root + 8)
    while node:
        at = nodes + NODE * node
        kind, asked, bits = load64(at), load64(at + ASKED), load64(at + BITS)
        if kind == WORD_MASK:
            yes = word & asked == bits
        elif kind == LEAF:
            return asked
        elif kind == BEFORE_MASK:
            yes = before & asked == bits
        else:
            yes = value_of(header, asked, word, pc, before) == bits
        node = load64(at + YES) if yes else load64(at + NO)
    return 0


@njit(**OPTIONS)
def find_shapes(header, memory, pc, limit, before, mode):  # type: ignore[no-untyped-def]
    """Find the shapes of the instructions from ``pc`` on, up to one that ends the block.

    Returns how many there are, and with bit 32 set if that is because the shape of the next is not
    known. ``limit``: of instructions; none of them crosses the end of the page, or begins behind
    the places that ``marks_of`` has bits for.
    """
    mask, shapes = load64(header + MASK), load64(header + SHAPES)
    row = load64(header + WORDS)
    store64(header + HEAD_PC, pc)
    page_end = (pc | PAGE_MASK) + 1
    last = pc + (MOST_PLACES - 1) * load64(header + ALIGNMENT)
    count = 0
    while count < limit and pc < page_end and pc <= last:
        word = load64(memory + pc) & mask
        shape = find(header, word, pc, before, mode)
        store64(row, word)
        store64(row + ITS_SHAPE, shape)
        store64(row + AT, pc)
        if shape == 0:
            return count | 1 << 32
        size, ending = load64(shapes + SHAPE * shape + SIZE), load64(shapes + SHAPE * shape)
        if ending == REFUSED and load64(header + PASSES) & LOCAL:
            return 0  # the passes have to see the whole block
        if ending == REFUSED or pc + size > page_end:
            return count
        count += 1
        row += ROW
        pc += size
        before, mode = word, 0
        if ending != CONTINUES:
            break
    return count


@njit(**OPTIONS)
def find_additions(header, count, pc, mode):  # type: ignore[no-untyped-def]
    """Find the shapes of what passes add to the front and the end of the block in the first rows,
    which has a mode. Returns 0; or the number of the row whose shape is not known; or -1 if the
    block cannot be copied."""
    passes, shapes = load64(header + PASSES), load64(header + SHAPES)
    if mode and count > 1 and passes & EXITS:
        return -1
    rows = load64(header + WORDS)
    head, go, last = rows + ROW * HEAD_ROW, rows + ROW * GO_ROW, rows + ROW * (count - 1)
    shape = shapes + SHAPE * load64(last + ITS_SHAPE)
    end = load64(last + AT) + load64(shape + SIZE)
    store64(head + ITS_SHAPE, 0)
    store64(go + ITS_SHAPE, 0)
    if passes & EXITS and load64(shape) == CONTINUES:
        store64(go, 0)
        store64(go + AT, end)
        number = find(header, 0, end, 0, GO_MODE | mode)
        store64(go + ITS_SHAPE, number)
        if number == 0:
            return GO_ROW
        if load64(shapes + SHAPE * number) == REFUSED:
            return -1
    if passes & HEADS:
        store64(head, end - pc)
        store64(head + AT, pc)
        number = find(header, end - pc, pc, 0, HEAD_MODE | mode)
        store64(head + ITS_SHAPE, number)
        if number == 0:
            return HEAD_ROW
        if load64(shapes + SHAPE * number) == REFUSED:
            return -1
    return 0


@njit(**OPTIONS)
def has_names(header, row):  # type: ignore[no-untyped-def]
    """Whether all names are known that the stencil of a row uses."""
    shape = load64(row + ITS_SHAPE)
    names = load64(load64(header + SHAPES) + SHAPE * shape + NAMES) if shape else 0
    if names == 0:
        return True
    if names == NAMES_BY_VALUE:
        return False
    stencil = load64(header + STENCILS) + STENCIL * load64(row + ITS_STENCIL)
    patches, values = load64(header + PATCHES), load64(header + NAME_VALUES)
    for number in range(load64(stencil + FIRST), load64(stencil + PAST)):
        at = patches + PATCH * number
        if load64(at + WHAT) == NAME and load64(values + 8 * load64(at + TABLE)) == UNNAMED:
            return False
    return True


@njit(**OPTIONS)
def has_all_names(header, count):  # type: ignore[no-untyped-def]
    """Whether all names are known that the block in the first rows uses."""
    rows = load64(header + WORDS)
    for index in range(count):
        if not has_names(header, rows + ROW * index):
            return False
    return has_names(header, rows + ROW * HEAD_ROW) and has_names(header, rows + ROW * GO_ROW)


@njit(**OPTIONS)
def choose_addition(header, index):  # type: ignore[no-untyped-def]
    """Choose the stencil of what passes add, if they do. Returns whether it is there."""
    row = load64(header + WORDS) + ROW * index
    shape = load64(row + ITS_SHAPE)
    if shape == 0:
        return True
    stencil = load64(load64(header + SHAPES) + SHAPE * shape + VARIANT)
    store64(row + ITS_STENCIL, stencil)
    store64(row + CODE, load64(header + EVERY_FLAG))
    return stencil != 0


@njit(**OPTIONS)
def marks_of(header, count, pc):  # type: ignore[no-untyped-def]
    """A bit for each place from ``pc`` on where an instruction may begin, set where one of the
    first rows does."""
    rows, alignment = load64(header + WORDS), load64(header + ALIGNMENT)
    marks = 0
    for index in range(count):
        marks |= 1 << ((load64(rows + ROW * index + AT) - pc) // alignment)
    return marks


@njit(**OPTIONS)
def choose(header, count):  # type: ignore[no-untyped-def]
    """Choose the stencils of the first rows, from the last on, by the flags that are live behind
    each. Returns the index of one that is not there, or -1; CODE of its row has its live flags."""
    shapes, stencils = load64(header + SHAPES), load64(header + STENCILS)
    everything = load64(header + EVERY_FLAG)
    live = everything
    row = load64(header + WORDS) + ROW * count
    for back in range(count):
        row -= ROW
        shape = shapes + SHAPE * load64(row + ITS_SHAPE)
        wanted = live & load64(shape + WRITES)
        stencil = load64(shape + VARIANT)
        while stencil and load64(stencils + STENCIL * stencil + LIVE) != wanted:
            stencil = load64(stencils + STENCIL * stencil + FURTHER)
        store64(row + ITS_STENCIL, stencil)
        if stencil == 0:
            store64(row + CODE, wanted)
            return count - 1 - back
        live = live & ~load64(shape + SURE) | load64(shape + READS)
        if load64(shape + FAULTS):
            live = everything
    if not choose_addition(header, HEAD_ROW):
        return HEAD_ROW
    return -1 if choose_addition(header, GO_ROW) else GO_ROW


# -- Copying and patching ----------------------------------------------------------------------


@njit(**OPTIONS)
def put(header, number, to):  # type: ignore[no-untyped-def]
    """Copy a stencil; returns the address behind it. Up to 7 bytes behind it may change."""
    stencil = load64(header + STENCILS) + STENCIL * number
    source, size = load64(header + CODES) + load64(stencil), load64(stencil + LENGTH)
    done = 0
    while done < size:
        store64(to + done, load64(source + done))
        done += 8
    return to + size


@njit(**OPTIONS)
def stub(at, way_out, payload):  # type: ignore[no-untyped-def]
    """Write code that leaves with a payload; returns the address behind it."""
    store8(at, PUSH_IMMEDIATE)
    store32(at + 1, payload)
    store8(at + 5, JUMP_RELATIVE)
    store32(at + 6, way_out - at - STUB)
    return at + STUB


@njit(**OPTIONS)
def patch(header, number, base, row, before, block, index, counted, slots, end):  # type: ignore[no-untyped-def]  # noqa: C901
    """Fill the holes of a stencil in, which was copied to ``base``. Its stubs are put at ``end``;
    returns the address behind them."""
    stencil, patches = load64(header + STENCILS) + STENCIL * number, load64(header + PATCHES)
    word, pc, fault = load64(row), load64(row + AT), 0
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
            value = 4 * block
        elif what == HOT:
            value = end
            end = stub(end, load64(header + HOT_OUT), block)
        else:
            value = end
            end = stub(end, load64(header + FUEL_OUT), block)
        value += load64(at + ADDEND)
        if load64(at + WIDTH) == 1:
            store8(place, value)
        else:
            store32(place, value - place if load64(at + RELATIVE) else value)
    return end


@njit(**OPTIONS)
def make_block(header, count, counted, block, slots, before):  # type: ignore[no-untyped-def]
    """Write the code of a block from its rows. Returns its address, or 0 when there is no room.

    ``block``: its id; ``counted``: of its instructions; ``slots``: those of its direct exits, the
    second from bit 32 on; ``before``: what is in front of it.
    """
    start, first = load64(header + CURSOR), load64(header + WORDS)
    if start + LARGEST * (count + 3) > load64(header + END):
        return 0
    store64(header + OUT0, 0)
    store64(header + OUT1, 0)
    at = start
    if counted:
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
    if counted:
        number = load64(header + HEAD)
        at = patch(header, number, start, first, before, block, 0, counted, slots, at)
    if load64(head + ITS_SHAPE):
        number, code = load64(head + ITS_STENCIL), load64(head + CODE)
        at = patch(header, number, code, head, 0, block, 0, counted, slots, at)
    for index in range(count):
        row = first + ROW * index
        number, code, word = load64(row + ITS_STENCIL), load64(row + CODE), load64(row)
        at = patch(header, number, code, row, before, block, index, counted, slots, at)
        before = word
    if continues:
        at = patch(header, ending, tail, go, 0, block, count - 1, counted, slots, at)
    store64(header + MADE_BYTES, at - start)
    if load64(header + UNCHECKED):
        at = note_ends(header, count, start, at)
    store64(header + CURSOR, (at + 15) & -16)
    return start


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def place_block(header, count, counted, block, slots, before):  # type: ignore[no-untyped-def]
    """Make a block in a place that was given back, or in a new one. Returns its address, or 0 when
    there is no room."""
    start = make_block(header, count, counted, block, slots, before)
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
    make_block(header, count, counted, block, slots, before)
    store64(header + CURSOR, start)
    return place


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def free_block(header, start, room):  # type: ignore[no-untyped-def]
    """Give the place of a block back. Nothing leads into it."""
    free = load64(header + FREE) + 8 * (room // UNIT)
    store64(start, load64(free))
    store64(free, start)


@njit(**OPTIONS)
def call(what, a, b, c, d, e, f):  # type: ignore[no-untyped-def]
    """Call one of the functions above by its number, as ``native`` gives them."""
    if what == 0:
        return find_shapes(a, b, c, d, e, f)
    if what == 1:
        return choose(a, b)
    if what == 2:
        return place_block(a, b, c, d, e, f)
    if what == 3:
        return value_of(a, b, c, d, e)
    if what == 4:
        return stub(a, b, c)
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

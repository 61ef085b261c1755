"""Finding out what a block is made of, in native code: the shapes of its instructions, their
stencils, and whether the names are known that they use.

Every function is given the address of the header that ``stencils.abi`` describes.
"""

from backends.numba_jit.host_memory import load64, store64
from backends.numba_jit.stencils import abi, term_machine
from backends.numba_jit.word_functions import word_function

PAGE_MASK = 4095

NODES, ROOTS, PROGRAMS, STACK = abi.NODES, abi.ROOTS, abi.PROGRAMS, abi.STACK
INDEX, MASK, SHAPES = abi.INDEX, abi.MASK, abi.SHAPES
STATE, STATE_INDEX, STATE_ALIGNMENT = abi.STATE, abi.STATE_INDEX, abi.STATE_ALIGNMENT
WIDE_FROM, WIDE_INDEX = abi.WIDE_FROM, abi.WIDE_INDEX
STATE_WIDE_FROM, STATE_WIDE_INDEX = abi.STATE_WIDE_FROM, abi.STATE_WIDE_INDEX
CHANGING, CHANGING_UP, BYTES = abi.CHANGING, abi.CHANGING_UP, abi.BYTES
STENCILS, PATCHES = abi.STENCILS, abi.PATCHES
WORDS = abi.WORDS
EVERY_FLAG = abi.EVERY_FLAG
ALIGNMENT, MOST_PLACES = abi.ALIGNMENT, abi.MOST_PLACES
HEAD_PC, PASSES, NAME_VALUES = abi.HEAD_PC, abi.PASSES, abi.NAME_VALUES
HEADS, EXITS, HEAD_ROW, GO_ROW = abi.HEADS, abi.EXITS, abi.HEAD_ROW, abi.GO_ROW
HEAD_MODE, GO_MODE = abi.HEAD_MODE, abi.GO_MODE
LOCAL = HEADS | EXITS | abi.INSTRUCTIONS
NAMES, NAMES_BY_VALUE, NAME, UNNAMED = abi.NAMES, abi.NAMES_BY_VALUE, abi.NAME, abi.UNNAMED
NODE, ASKED, BITS, YES, NO = abi.NODE, abi.ASKED, abi.BITS, abi.YES, abi.NO
WORD_MASK, BEFORE_MASK, LEAF = abi.WORD_MASK, abi.BEFORE_MASK, abi.LEAF
ROOT, ROOTS_MASK = abi.ROOT, abi.ROOTS_COUNT - 1
SHAPE, SIZE, FAULTS = abi.SHAPE, abi.SIZE, abi.FAULTS
READS, SURE, WRITES, VARIANT = abi.READS, abi.SURE, abi.WRITES, abi.VARIANT
CONTINUES, REFUSED = abi.CONTINUES, abi.REFUSED
STENCIL, FIRST, PAST = abi.STENCIL, abi.FIRST, abi.PAST
LIVE, FURTHER = abi.LIVE, abi.FURTHER
PATCH, WHAT = abi.PATCH, abi.WHAT
TABLE = abi.TABLE
ROW, ITS_SHAPE, ITS_STENCIL = abi.ROW, abi.ITS_SHAPE, abi.ITS_STENCIL
CODE, AT, FRONT, MODE = abi.CODE, abi.AT, abi.FRONT, abi.MODE
MODE0, BEHIND, OWN_MODE = abi.MODE0, abi.BEHIND, abi.OWN_MODE


@word_function
def root_of(key):  # type: ignore[no-untyped-def]
    """Where the search for a root begins: an index of ROOTS."""
    return ((key * 0x9E3779B1) >> 19) & ROOTS_MASK


@word_function
def value_of(header, program, word, pc, before):  # type: ignore[no-untyped-def]
    """The value of a program."""
    at = load64(header + PROGRAMS) + 8 * program
    return term_machine.run(at, load64(header + STACK), word, pc, before, load64(header + HEAD_PC))


@word_function
def alignment_of(header, mode):  # type: ignore[no-untyped-def]
    """The alignment of instructions in a mode."""
    return load64(header + (STATE_ALIGNMENT if mode & load64(header + STATE) else ALIGNMENT))


@word_function
def index_of(header, word, mode):  # type: ignore[no-untyped-def]
    """The mask of the bits that find the root of a word in a mode."""
    state = mode & load64(header + STATE)
    index = load64(header + (STATE_INDEX if state else INDEX))
    wide = load64(header + (STATE_WIDE_INDEX if state else WIDE_INDEX))
    if wide and word & index >= load64(header + (STATE_WIDE_FROM if state else WIDE_FROM)):
        return wide
    return index


@word_function
def find(header, word, pc, before, mode):  # type: ignore[no-untyped-def]
    """The shape of a word in a mode, or 0. What the word has of the mode is left out of that."""
    mode = mode & ~load64(header + CHANGING)
    key = (word & index_of(header, word, mode)) | mode << 48
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


@word_function
def word_at(header, memory, pc, mode):  # type: ignore[no-untyped-def]
    """The number of the instruction at ``pc``: its bytes, and what changes of the mode."""
    changing = (mode & load64(header + CHANGING)) << load64(header + CHANGING_UP)
    return load64(memory + pc) & load64(header + MASK) | changing


@word_function
def in_front(header, before, word, size):  # type: ignore[no-untyped-def]
    """What is in front of the next instruction, of that in front of this one and this one's."""
    bits, width = 8 * size, 8 * load64(header + BYTES)
    if bits == width:
        return word & load64(header + MASK)
    return (before >> bits | word << (width - bits)) & load64(header + MASK)


@word_function
def mode_behind(header, shape, row):  # type: ignore[no-untyped-def]
    """The mode of the instruction behind the one in a row, which has a shape and continues."""
    program = load64(shape + BEHIND)
    if program == 0:
        return load64(shape + MODE0)
    return value_of(header, program - 1, load64(row), load64(row + AT), load64(row + FRONT))


@word_function
def find_shapes(header, memory, pc, limit, before, mode):  # type: ignore[no-untyped-def]
    """Find the shapes of the instructions from ``pc`` on, up to one that ends the block.

    Returns how many there are, and with bit 32 set if that is because the shape of the next is not
    known. ``limit``: of instructions; none of them crosses the end of the page, or begins behind
    the places that ``marks_of`` has bits for.
    """
    shapes, row = load64(header + SHAPES), load64(header + WORDS)
    store64(header + HEAD_PC, pc)
    page_end = (pc | PAGE_MASK) + 1
    last = pc + (MOST_PLACES - 1) * alignment_of(header, mode)
    count = 0
    while count < limit and pc < page_end and pc <= last:
        word = word_at(header, memory, pc, mode)
        number = find(header, word, pc, before, mode)
        store64(row, word)
        store64(row + ITS_SHAPE, number)
        store64(row + AT, pc)
        store64(row + FRONT, before)
        store64(row + MODE, mode)
        if number == 0:
            return count | 1 << 32
        shape = shapes + SHAPE * number
        size, ending = load64(shape + SIZE), load64(shape)
        if ending == REFUSED and load64(header + PASSES) & LOCAL:
            return 0  # the passes have to see the whole block
        if ending == REFUSED or pc + size > page_end:
            return count
        count += 1
        if ending != CONTINUES:
            break
        pc, before = pc + size, in_front(header, before, word, size)
        mode = mode_behind(header, shape, row)
        row += ROW
    return count


@word_function
def find_additions(header, count, pc, mode):  # type: ignore[no-untyped-def]
    """Find the shapes of what passes add to the front and the end of the block in the first rows,
    which has a mode. Returns 0; or the number of the row whose shape is not known; or -1 if the
    block cannot be copied."""
    passes, shapes = load64(header + PASSES), load64(header + SHAPES)
    if mode & OWN_MODE and count > 1 and passes & EXITS:
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
        store64(go + FRONT, 0)
        number = find(header, 0, end, 0, GO_MODE | mode)
        store64(go + ITS_SHAPE, number)
        if number == 0:
            return GO_ROW
        if load64(shapes + SHAPE * number) == REFUSED:
            return -1
    if passes & HEADS:
        store64(head, end - pc)
        store64(head + AT, pc)
        store64(head + FRONT, 0)
        number = find(header, end - pc, pc, 0, HEAD_MODE | mode)
        store64(head + ITS_SHAPE, number)
        if number == 0:
            return HEAD_ROW
        if load64(shapes + SHAPE * number) == REFUSED:
            return -1
    return 0


@word_function
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


@word_function
def has_all_names(header, count):  # type: ignore[no-untyped-def]
    """Whether all names are known that the block in the first rows uses."""
    rows = load64(header + WORDS)
    for index in range(count):
        if not has_names(header, rows + ROW * index):
            return False
    return has_names(header, rows + ROW * HEAD_ROW) and has_names(header, rows + ROW * GO_ROW)


@word_function
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


@word_function
def marks_of(header, count, pc):  # type: ignore[no-untyped-def]
    """A bit for each place from ``pc`` on where an instruction may begin, set where one of the
    first rows does."""
    rows = load64(header + WORDS)
    alignment = alignment_of(header, load64(rows + MODE))
    marks = 0
    for index in range(count):
        marks |= 1 << ((load64(rows + ROW * index + AT) - pc) // alignment)
    return marks


@word_function
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

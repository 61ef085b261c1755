"""Translation of a block by copying stencils and patching them, in native code."""

from numba import njit

from backends.numba_jit.host_memory import load64, store8, store32, store64
from backends.numba_jit.stencils import library, terms, tree
from backends.numba_jit.stencils.terms import OPTIONS

EXIT, SIZE, FAULTS, READS = library.EXIT, library.SIZE, library.FAULTS, library.READS
SURE, WRITES = library.SURE, library.WRITES
CONTINUES, REFUSED = library.CONTINUES, library.REFUSED
VALUE, SLOT, NEXT, FAULT = library.VALUE, library.SLOT, library.NEXT, library.FAULT
SYSTEM, HALT, RETURN, JUMP = library.SYSTEM, library.HALT, library.RETURN, library.JUMP
LINK0, LINK1, COUNT = library.LINK0, library.LINK1, library.COUNT
COUNTER, HOT = library.COUNTER, library.HOT

PUSH_IMMEDIATE, JUMP_RELATIVE = 0x68, 0xE9
STUB = 10
"""Bytes of a stub: it pushes a payload and jumps to one of the ways out."""
X_FAULT, X_SYSTEM, X_HALT = range(3)
"""Why a block is left at one of its instructions: the low 2 bits of a payload. 6 bits are the index
of the instruction, the others the id of the block."""
MOST_INSNS = 64

(
    CURSOR, END, LINK_OUT, SIDE_OUT, FUEL_OUT, HOT_OUT, RETURN_OUT, JUMP_OUT, HEAD, GO, LINK_WORDS,
) = range(11)  # fmt: skip
"""Words of the array ``control``: where code is put next and where its room ends; the ways out for
direct exits, for instructions, for a lack of fuel, for hot blocks and for computed targets; the stencils that begin
a block and end one that continues; and the address of the link words."""

WORD, SHAPE, STENCIL, CODE, AT = range(5)
"""Columns of ``words``, one row for each instruction of a block: its bytes, its shape, its stencil,
the host address of its code, its guest address."""


@njit(**OPTIONS)
def copy(to, source, size):  # type: ignore[no-untyped-def]
    """Copy bytes; up to 7 bytes behind them may change."""
    done = 0
    while done < size:
        store64(to + done, load64(source + done))
        done += 8


@njit(**OPTIONS)
def find_shapes(memory, pc, limit, before, mode, search, shapes, words):  # type: ignore[no-untyped-def]
    """Find the shapes of the instructions from ``pc`` on, up to one that ends the block.

    Returns how many there are, and whether that is because the shape of the next is not known.
    ``limit``: of instructions; none of them crosses the end of the page.
    """
    nodes, roots, code, stack, index, mask = search
    page_end = (pc | 4095) + 1
    count = 0
    while count < limit and pc < page_end:
        word = load64(memory + pc) & mask
        shape = tree.find(nodes, roots, code, stack, index, word, pc, before, mode)
        words[count, WORD] = word
        words[count, SHAPE] = shape
        words[count, AT] = pc
        if shape == 0:
            return count, True
        if shapes[shape, EXIT] == REFUSED or pc + shapes[shape, SIZE] > page_end:
            return count, False
        count += 1
        pc += shapes[shape, SIZE]
        before, mode = word, 0
        if shapes[shape, EXIT] != CONTINUES:
            break
    return count, False


@njit(**OPTIONS)
def choose(words, count, shapes, variants, everything):  # type: ignore[no-untyped-def]
    """Choose the stencils, from the last on, by the flags that are live behind each. Returns the
    index of one that is not there, or -1; its live flags are then in its row."""
    live = everything
    for back in range(count):
        at = count - 1 - back
        shape = words[at, SHAPE]
        wanted = live & shapes[shape, WRITES]
        stencil = variants[shape, wanted]
        words[at, STENCIL] = stencil
        if stencil == 0:
            words[at, CODE] = wanted
            return at
        live = live & ~shapes[shape, SURE] | shapes[shape, READS]
        if shapes[shape, FAULTS]:
            live = everything
    return -1


@njit(**OPTIONS)
def put(stencils, blob, number, to):  # type: ignore[no-untyped-def]
    """Copy a stencil; returns the address behind it."""
    size = stencils[number, 1]
    copy(to, blob + stencils[number, 0], size)
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
def fill(address, size, relative, value):  # type: ignore[no-untyped-def]
    """Fill a hole in."""
    if size == 1:
        store8(address, value)
    else:
        store32(address, value - address if relative else value)


@njit(**OPTIONS)
def patch(number, base, row, i, job, arrays, search, control, ends):  # type: ignore[no-untyped-def]  # noqa: C901
    """Fill the holes of one stencil in, which was copied to ``base``. ``ends`` are where the next
    stub is put and the stubs of the direct exits so far."""
    shapes, stencils, patches, offsets = arrays
    nodes, roots, code, stack, index, mask = search
    block, counted, slot0, slot1, before = job
    word, pc = row[WORD], row[AT]
    fault = 0
    for p in range(stencils[number, 2], stencils[number, 3]):
        what = patches[p, 1]
        place = base + patches[p, 0]
        if what == VALUE:
            value = terms.run(code, patches[p, 2], stack, word, pc, before)
        elif what == SLOT:
            value = offsets[patches[p, 5] + terms.run(code, patches[p, 2], stack, word, pc, before)]
        elif what == NEXT:
            value = base + stencils[number, 1]
        elif what == FAULT:
            if fault == 0:
                fault = ends[0]
                ends[0] = stub(fault, control[SIDE_OUT], block << 8 | i << 2 | X_FAULT)
            value = fault
        elif what == SYSTEM or what == HALT:
            value = ends[0]
            why = X_SYSTEM if what == SYSTEM else X_HALT
            ends[0] = stub(value, control[SIDE_OUT], block << 8 | i << 2 | why)
        elif what == RETURN:
            value = control[RETURN_OUT]
        elif what == JUMP:
            value = control[JUMP_OUT]
        elif what == LINK0 or what == LINK1:
            side = 1 if what == LINK0 else 2
            slot = slot0 if what == LINK0 else slot1
            value = control[LINK_WORDS] + 8 * slot
            if ends[side] == 0:
                ends[side] = ends[0]
                ends[0] = stub(ends[0], control[LINK_OUT], slot)
        elif what == COUNT:
            value = counted
        elif what == COUNTER:
            value = 4 * block
        elif what == HOT:
            value = ends[0]
            ends[0] = stub(value, control[HOT_OUT], block)
        else:
            value = ends[0]
            ends[0] = stub(value, control[FUEL_OUT], block)
        fill(place, patches[p, 6], patches[p, 4], value + patches[p, 3])


@njit(**OPTIONS)
def make_block(words, count, job, arrays, blob, search, control, ends):  # type: ignore[no-untyped-def]
    """Write the code of a block from its rows. Returns its address, or 0 when there is no room.

    ``job``: the block's id, the instructions that it counts, the slots of its direct exits, and
    what is before it. ``ends`` becomes the end of its code and the stubs of its direct exits.
    """
    shapes, stencils, patches, offsets = arrays
    block, counted, slot0, slot1, before = job
    start = control[CURSOR]
    if start + 256 + 1024 * count > control[END]:
        return 0
    continues = shapes[words[count - 1, SHAPE], EXIT] == CONTINUES
    at = start
    if counted:
        at = put(stencils, blob, control[HEAD], at)
    for i in range(count):
        words[i, CODE] = at
        at = put(stencils, blob, words[i, STENCIL], at)
    tail = at
    if continues:
        at = put(stencils, blob, control[GO], at)
    ends[0], ends[1], ends[2] = at, 0, 0
    if counted:
        patch(control[HEAD], start, words[0], 0, job, arrays, search, control, ends)
    for i in range(count):
        previous = words[i - 1, WORD] if i else before
        patch(
            words[i, STENCIL], words[i, CODE], words[i], i,
            (block, counted, slot0, slot1, previous), arrays, search, control, ends,
        )  # fmt: skip
    if continues:
        patch(control[GO], tail, words[0], 0, job, arrays, search, control, ends)
    control[CURSOR] = (ends[0] + 15) & -16
    return start

"""Translation of a block by copying stencils and patching them, in native code."""

from numba import njit

from backends.numba_jit.native import load8, load32, load64, store8, store32, store64
from backends.numba_jit.stencils import library as lib
from backends.numba_jit.stencils import terms, tree
from backends.numba_jit.stencils.terms import OPTIONS

EXIT, SIZE, FAULTS, READS = lib.EXIT, lib.SIZE, lib.FAULTS, lib.READS
SURE, WRITES, TO0, MODE0, TO1, MODE1 = lib.SURE, lib.WRITES, lib.TO0, lib.MODE0, lib.TO1, lib.MODE1
CONTINUES, GOES, BRANCHES = lib.CONTINUES, lib.GOES, lib.BRANCHES
CALLS_SYSTEM, HALTS, REFUSED = lib.CALLS_SYSTEM, lib.HALTS, lib.REFUSED
VALUE, SLOT, NEXT, FAULT, SYSTEM, HALT = (
    lib.VALUE, lib.SLOT, lib.NEXT, lib.FAULT, lib.SYSTEM, lib.HALT
)  # fmt: skip
RETURN, JUMP, LINK0, LINK1, COUNT, FUEL = (
    lib.RETURN, lib.JUMP, lib.LINK0, lib.LINK1, lib.COUNT, lib.FUEL
)  # fmt: skip

PUSH_IMMEDIATE, JUMP_RELATIVE = 0x68, 0xE9
STUB = 10
X_NEXT_BLOCK, X_OTHER_BLOCK, X_FAULT, X_SYSTEM, X_HALT, X_FUEL = range(6)
"""Why a block is left, as its stubs say it: bits 0 to 3. Bits 4 to 9 are the instruction's index,
the others the block's number."""

CURSOR, END, COMMON, HEAD, GO, RETURN_MISS, JUMP_MISS, FIRST_SLOT, MISSING, MISSING_LIVE = range(10)
"""Words of the array ``control``: where code is put next, and where its room ends; the code that
stubs jump to; the stencils that a block begins with and goes on with; the addresses of the ways out
of computed jumps; the address of the link slots; and what was missing: an index of ``words``, and
the flags that were live."""
MOST_INSNS = 64

MADE, NO_SHAPE, NO_VARIANT, REFUSE, NO_ROOM = range(5)


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

    A row of ``words`` is (word, shape, stencil, its host address, pc). Returns how many there are,
    and 1 when that is because the shape of the next one is not known.
    """
    nodes, roots, code, stack, index = search
    count = 0
    while count < limit:
        word = load32(memory + pc)
        shape = tree.find(nodes, roots, code, stack, index, word, pc, before, mode)
        words[count, 0] = word
        words[count, 1] = shape
        words[count, 4] = pc
        if shape == 0:
            return count, 1
        if shapes[shape, EXIT] == REFUSED:
            return count, 0
        count += 1
        pc += shapes[shape, SIZE]
        before, mode = word, 0
        if shapes[shape, EXIT] != CONTINUES:
            break
    return count, 0


@njit(**OPTIONS)
def choose(words, count, shapes, variants, everything):  # type: ignore[no-untyped-def]
    """Choose the stencils, from the last on, by the flags that are live behind each. Returns the
    index of one that is not there, or -1; its live flags are then in its row."""
    live = everything
    for back in range(count):
        at = count - 1 - back
        shape = words[at, 1]
        wanted = live & shapes[shape, WRITES]
        stencil = variants[shape, wanted]
        words[at, 2] = stencil
        if stencil == 0:
            words[at, 3] = wanted
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
def stub(at, common, payload):  # type: ignore[no-untyped-def]
    """Write code that leaves with a payload; returns the address behind it."""
    store8(at, PUSH_IMMEDIATE)
    store32(at + 1, payload)
    store8(at + 5, JUMP_RELATIVE)
    store32(at + 6, common - at - STUB)
    return at + STUB


@njit(**OPTIONS)
def patch(address, size, relative, value):  # type: ignore[no-untyped-def]
    """Fill a hole in."""
    if size == 1:
        store8(address, value)
    else:
        store32(address, value - address if relative else value)


@njit(**OPTIONS)
def make_block(words, count, counted, number, shapes, stencils, patches, blob, search, offsets, control, slots, before):  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0913, PLR0915
    """Write the code of a block from its rows; returns its address, 0 when there is no room."""
    nodes, roots, code, stack, index = search
    common = control[COMMON]
    start = control[CURSOR]
    last = words[count - 1, 1]
    ending = shapes[last, EXIT]
    goes_on = ending == CONTINUES
    if start + 256 + 512 * count > control[END]:
        return 0
    at = start
    if counted:
        at = put(stencils, blob, control[HEAD], at)
    for i in range(count):
        words[i, 3] = at
        at = put(stencils, blob, words[i, 2], at)
    tail = at
    if goes_on:
        at = put(stencils, blob, control[GO], at)
    end = at
    first_slot = control[FIRST_SLOT] + 16 * number
    linked0 = linked1 = 0
    for i in range(-1, count + 1):
        if i < 0:
            if not counted:
                continue
            stencil, base, word, pc = control[HEAD], start, 0, 0
        elif i == count:
            if not goes_on:
                continue
            stencil, base, word, pc = control[GO], tail, 0, 0
        else:
            stencil, base, word, pc = words[i, 2], words[i, 3], words[i, 0], words[i, 4]
        behind = base + stencils[stencil, 1]
        previous = before if i <= 0 else words[i - 1, 0]
        fault = 0
        for p in range(stencils[stencil, 2], stencils[stencil, 3]):
            what, relative, addend = patches[p, 1], patches[p, 4], patches[p, 3]
            place = base + patches[p, 0]
            if what == VALUE:
                value = terms.run(code, patches[p, 2], stack, word, pc, previous)
            elif what == SLOT:
                value = offsets[patches[p, 5] + terms.run(code, patches[p, 2], stack, word, pc, previous)]
            elif what == NEXT:
                value = behind
            elif what == FAULT:
                if fault == 0:
                    fault = end
                    end = stub(end, common, number << 10 | i << 4 | X_FAULT)
                value = fault
            elif what == SYSTEM or what == HALT:
                value = end
                end = stub(end, common, number << 10 | i << 4 | (X_SYSTEM if what == SYSTEM else X_HALT))
            elif what == RETURN:
                value = control[RETURN_MISS]
            elif what == JUMP:
                value = control[JUMP_MISS]
            elif what == LINK0:
                value = first_slot
                if linked0 == 0:
                    linked0 = end
                    end = stub(end, common, number << 10 | X_NEXT_BLOCK)
            elif what == LINK1:
                value = first_slot + 8
                if linked1 == 0:
                    linked1 = end
                    end = stub(end, common, number << 10 | X_OTHER_BLOCK)
            elif what == COUNT:
                value = counted
            else:
                value = end
                end = stub(end, common, number << 10 | X_FUEL)
            patch(place, patches[p, 6], relative, value + addend)
    store64(first_slot, linked0)
    store64(first_slot + 8, linked1)
    control[CURSOR] = (end + 15) & -16
    return start

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
def decode(memory, pc, limit, before, tree_, shapes, words, out):  # type: ignore[no-untyped-def]
    """Find the shapes of the instructions from ``pc`` on, up to one that ends the block.

    ``words`` is [word, shape, live flags, address of its code]. Returns how many there are; 0 if the
    shape of ``words[0]`` is not known or refused.
    """
    nodes, roots, code, stack, index = tree_
    count = 0
    while count < limit:
        word = load32(memory + pc)
        shape = tree.find(nodes, roots, code, stack, index, word, pc, before)
        words[count, 0] = word
        words[count, 1] = shape
        if shape == 0:
            out[0] = count
            return -1
        if shapes[shape, EXIT] == REFUSED:
            return count
        count += 1
        pc += shapes[shape, SIZE]
        before = word
        if shapes[shape, EXIT] != CONTINUES:
            break
    return count

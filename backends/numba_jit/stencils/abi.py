"""What the maker of code in Python and native code agree on: words, tables and columns.

All tables are in host memory. Their addresses, and a few numbers, are words of a *header*; native
code is given the address of that. All words are 64 bits wide.
"""

# -- Words of the header: byte offsets ---------------------------------------------------------
(
    NODES, ROOTS, PROGRAMS, STACK, INDEX, MASK, SHAPES, STENCILS, PATCHES, OFFSETS, CODES,
    WORDS, CURSOR, END, LINK_WORDS, LINK_OUT, SIDE_OUT, FUEL_OUT, HOT_OUT, RETURN_OUT, JUMP_OUT,
    HEAD, GO, EVERY_FLAG, OUT0, OUT1, ROOM, BYTES, MOST, FREE, ALIGNMENT, MADE_BYTES, HEAD_PC,
    PASSES, NAME_VALUES, UNCHECKED, WATCH_OUT, PROBES, STATE, STATE_BIT, STATE_INDEX,
    STATE_ALIGNMENT, CHANGING, CHANGING_UP, WIDE_FROM, WIDE_INDEX, STATE_WIDE_FROM,
    STATE_WIDE_INDEX,
) = range(0, 48 * 8, 8)  # fmt: skip
"""Addresses: NODES and ROOTS of the tree, PROGRAMS of terms and the STACK they work on, SHAPES,
STENCILS, PATCHES, OFFSETS of slots, CODES of stencils, WORDS of the block that is made,
LINK_WORDS by link slot. INDEX and MASK: the bits of a word that find its root, and all that it has
in memory.
CURSOR and END: where code is put next, and where its room ends. LINK_OUT to JUMP_OUT: the ways out
for direct exits, for instructions, for a lack of fuel, for hot blocks and for computed targets.
HEAD and GO: the stencils that begin a block and end one that continues. EVERY_FLAG: their mask.
OUT0 and OUT1: of the block made last, where its direct exits lead while they are not linked. ROOM:
the bytes that it takes. BYTES: of an instruction as MASK has them. MOST: instructions that a block
may have. FREE: u64[] by size in UNITs, the first free place, which begins with the address of the
next one. ALIGNMENT: of instructions. MADE_BYTES: of code, of the block made last.
HEAD_PC: the pc of the block whose shapes were found last. PASSES: see HEADS. NAME_VALUES: by number
of a name, see NAME. UNCHECKED: not 0 when code makes no test before it accesses memory. Then the
last words of a block, u32 for each instruction, are how many bytes behind the block's beginning
that one's code ends. WATCH_OUT: the way out for probed blocks. PROBES: not 0 when all blocks test
their probes. STATE, STATE_BIT: the mode bit of the second state, if there is one, and the bit of
locations that it is; INDEX, WIDE_FROM and WIDE_INDEX (see ``Encoding``), and ALIGNMENT are those of
the first, STATE_INDEX and so on those of the second. CHANGING: see ``Frontend.changing``;
CHANGING_UP: how far these bits are shifted to stand in a word behind MASK."""
HEADS, EXITS, INSTRUCTIONS, SELECTIVE, REDIRECTING = 1, 2, 4, 8, 16
"""Bits of PASSES: there are passes that add to the front of blocks, to exits, to instructions; that
look at blocks which end at a boundary; that look at direct exits which lead to one."""
LARGEST = 1024
"""Bytes of code that an instruction takes at most, stubs included."""
UNIT = 64
"""Code is given out in multiples of so many bytes."""
HEADER_WORDS = 48

# -- Rows: words, columns as byte offsets ------------------------------------------------------
NODE = 5 * 8
KIND, ASKED, BITS, YES, NO = range(0, NODE, 8)
NOTHING, WORD_MASK, BEFORE_MASK, PROGRAM, LEAF = range(5)
"""Kinds of nodes: is (word & ASKED) BITS, or what is before it, or the value of a program; or a
leaf, which ASKED is the shape of."""

ROOT = 2 * 8
ROOTS_COUNT = 1 << 13
"""Rows (key plus 1, node), by a hash of the key: the bits of INDEX, and the mode from bit 48 on."""

DEEPEST = 64
"""Words of the stack that programs of terms work on."""

SHAPE = 14 * 8
(
    EXIT, SIZE, FAULTS, READS, SURE, WRITES, TO0, MODE0, TO1, MODE1, VARIANT, NUMBER, NAMES, BEHIND,
) = range(0, SHAPE, 8)  # fmt: skip
"""READS, SURE and WRITES are masks of flags: read, written whatever happens, written perhaps. TO is
the program of a direct target's pc, MODE its mode; of a system call, that of the key behind it.
VARIANT is the first of its stencils, or 0. NUMBER is the program of a system call's number, or the
number of a halt's reason (``Library.reasons``). MODE0 of an instruction that continues: the mode of
the next one; if that differs, BEHIND is the program of it, plus 1, else 0. NAMES: how it uses names
of counters and stacks."""
NO_NAMES, CONSTANT_NAMES, NAMES_BY_VALUE = range(3)
"""The column NAMES: none; some that are always the same; some that depend on the instruction."""
CONTINUES, GOES, BRANCHES, COMPUTES, CALLS_SYSTEM, HALTS, REFUSED = range(7)
"""How an instruction ends: the column EXIT."""

STENCIL = 6 * 8
START, LENGTH, FIRST, PAST, LIVE, FURTHER = range(0, STENCIL, 8)
"""Its first byte in CODES and its bytes; its patches; the flags that it writes and are live behind
it; the next stencil of its shape, or 0."""

PATCH = 7 * 8
PLACE, WHAT, VALUE_PROGRAM, ADDEND, RELATIVE, TABLE, WIDTH = range(0, PATCH, 8)
(
    VALUE, SLOT, NEXT, FAULT, SYSTEM, HALT, TRAP, RETURN, JUMP, LINK0, LINK1, COUNT, COUNTER, HOT,
    FUEL, NAME, BLOCK, WATCHED,
) = range(18)  # fmt: skip
"""What a patch is given: the column WHAT. FAULT to TRAP are in the order of X_FAULT to X_TRAP.
NAME: what NAME_VALUES has for the number in the column TABLE."""
UNNAMED = -1
"""In NAME_VALUES: not known yet. Python knows."""

ROW = 7 * 8
WORD, ITS_SHAPE, ITS_STENCIL, CODE, AT, FRONT, MODE = range(0, ROW, 8)
"""One row of WORDS for each instruction of a block: its number (bytes and CHANGING), its shape, its
stencil, the host address of its code, its guest address, what is in front of it, its mode."""
HEAD_ROW, GO_ROW = 64, 65
"""Rows for what passes add to the front of the block, and to the end of one that continues. WORD of
HEAD_ROW is the size of the block; AT of GO_ROW is the address behind it. ITS_SHAPE is 0 where
nothing is added."""
HEAD_MODE, GO_MODE = 1 << 6, 1 << 7
"""Bits that are added to the modes by which their shapes are found."""
OWN_MODE = (1 << 8) - 1
"""The bits of modes that are not the frontend's."""

MOST_INSNS = 64
MOST_PLACES = 64
"""Places where an instruction of a block may begin."""
X_FAULT, X_SYSTEM, X_HALT, X_TRAP = range(4)
"""Why a block is left at one of its instructions: the low 2 bits of a payload. 6 bits are the index
of the instruction, the others the id of the block."""

"""Blocks that the loop makes itself, of the guest's own instructions: no Python is entered.

It makes only what ``stencils.copier`` would make just so, from stencils that are there. All else is
left to Python, which makes one block and comes back.
"""

from backends.numba_jit import abi, pool, tables
from backends.numba_jit.edges import release_lock, take_lock
from backends.numba_jit.host_memory import (
    load8,
    load32,
    load64,
    store8,
    store32,
    store64,
)
from backends.numba_jit.lookups import index_of, lookup_of
from backends.numba_jit.stencils import abi as stencils
from backends.numba_jit.stencils.copying import place_block
from backends.numba_jit.stencils.finding import (
    alignment_of,
    choose,
    find_additions,
    find_shapes,
    has_all_names,
    marks_of,
    mode_behind,
    value_of,
)
from backends.numba_jit.word_functions import word_function
from backends.numba_jit.word_text import object_of
from dbt.interfaces import CODE, EXEC, READ, WRITE
from dbt.ir.block import CONDITION_PASSED

MEM_BASE, PERMS_FROM_BASE = abi.MEM_BASE, abi.PERMS_FROM_BASE
LINK_CODE, OPEN = abi.LINK_CODE, tables.OPEN_COPY_TABLE
COUNT, END, LIMIT = pool.COUNT, pool.END, pool.LIMIT
HEADER, BOUNDARIES, BLOCKS, PAGE_BLOCK = (
    tables.HEADER, tables.BOUNDARIES, tables.BLOCKS, tables.PAGE_BLOCK,
)  # fmt: skip
FREE_BLOCKS, FREE_SLOTS = tables.FREE_BLOCKS, tables.FREE_SLOTS
BLOCK, USED = tables.BLOCK, tables.USED
B_KEY, B_EXTENT, B_SLOTS, B_NEXT = tables.B_KEY, tables.B_EXTENT, tables.B_SLOTS, tables.B_NEXT
B_BEFORE, B_START, B_END = tables.B_BEFORE, tables.B_START, tables.B_END
B_MARKS = tables.B_MARKS
BLOCKS_NOW, MADE, MADE_INSNS = tables.BLOCKS_NOW, tables.MADE, tables.MADE_INSNS
BLOCK_AT, COPY, COPY_ENTRY = tables.BLOCK_AT, tables.COPY, tables.COPY_ENTRY
COPY_LINKS, COPY_OUT = tables.COPY_LINKS, tables.COPY_OUT
COPY_FIRST, COPY_OWNER, UNIT = tables.COPY_FIRST, tables.COPY_OWNER, stencils.UNIT
SLOT_POSITION, SLOT_TARGET = tables.SLOT_POSITION, tables.SLOT_TARGET
HOT, FIRST_HOT, DENIED, PROBED = tables.HOT, tables.FIRST_HOT, tables.DENIED, tables.PROBED
SHAPES, WORDS = stencils.SHAPES, stencils.WORDS
MASK, BYTES = stencils.MASK, stencils.BYTES
STATE, STATE_BIT = stencils.STATE, stencils.STATE_BIT
UNCHECKED = stencils.UNCHECKED
CURSOR, CODE_END, LARGEST = stencils.CURSOR, stencils.END, stencils.LARGEST
OUT0, OUT1, ROOM = stencils.OUT0, stencils.OUT1, stencils.ROOM
SHAPE, EXIT, SIZE = stencils.SHAPE, stencils.EXIT, stencils.SIZE
TO0, MODE0, TO1, MODE1 = stencils.TO0, stencils.MODE0, stencils.TO1, stencils.MODE1
ROW, ITS_SHAPE, AT = stencils.ROW, stencils.ITS_SHAPE, stencils.AT
FRONT = stencils.FRONT
CONTINUES, GOES, BRANCHES = stencils.CONTINUES, stencils.GOES, stencils.BRANCHES
HALTS, MOST = stencils.HALTS, stencils.MOST
PASSES = stencils.PASSES
SELECTIVE, REDIRECTING = stencils.SELECTIVE, stencils.REDIRECTING
PAGE_MASK = 4095
LOCATION, PASSED_BIT = 0xFFFFFFFF, 32


@word_function
def has_numbers(state, words, wanted):  # type: ignore[no-untyped-def]
    """Whether a pool has so many free numbers."""
    free = load64(state + words + COUNT)
    return free + load64(state + words + LIMIT) - load64(state + words + END) >= wanted


@word_function
def take_number(state, words):  # type: ignore[no-untyped-def]
    """Allocate a number of a pool."""
    count = load64(state + words + COUNT)
    if count:
        store64(state + words + COUNT, count - 1)
        return load32(load64(state + words) + 4 * (count - 1))
    number = load64(state + words + END)
    store64(state + words + END, number + 1)
    return number


@word_function
def may_begin(state, header, pc, mode, perms):  # type: ignore[no-untyped-def]
    """Whether a block may be made here that begins at ``pc``, on a page with these permissions."""
    if pc & (alignment_of(header, mode) - 1) or perms & EXEC == 0:
        return False
    if load64(header + UNCHECKED) and (perms & (WRITE | CODE) == WRITE or perms & READ == 0):
        return False  # Python has to have the host protect the page, or open it and protect it
    return load8(load64(state + BOUNDARIES) + pc) == 0


@word_function
def count_to_boundary(state, header, count):  # type: ignore[no-untyped-def]
    """How many of the first rows stand before a boundary."""
    boundaries, rows = load64(state + BOUNDARIES), load64(header + WORDS)
    for index in range(1, count):
        if load8(boundaries + load64(rows + ROW * index + AT)):
            return index
    return count


@word_function
def look(state, header, pc, mode):  # type: ignore[no-untyped-def]
    """Find the instructions of the block at ``pc`` and their stencils, in the rows of the header.
    Returns how many there are, or 0 if Python has to make the block."""
    memory = load64(state + MEM_BASE)
    perms = memory + PERMS_FROM_BASE + pc // (PAGE_MASK + 1)
    if not may_begin(state, header, pc, mode, load8(perms)):
        return 0
    size = load64(header + BYTES)
    if (
        pc & PAGE_MASK < size
        and pc >= size
        and load64(header + UNCHECKED)
        and (load8(perms - 1) & (EXEC | READ) == EXEC)
    ):
        return 0  # the page of the word before is such a page
    before = word_before(header, memory, pc)
    count = find_shapes(header, memory, pc, load64(header + MOST), before, mode)
    if count >> 32:
        return 0
    count = count_to_boundary(state, header, count)
    if count == 0:
        return 0
    passes = load64(header + PASSES)
    if passes and find_additions(header, count, pc, mode):
        return 0
    if choose(header, count) >= 0 or (passes and not has_all_names(header, count)):
        return 0
    if load8(perms) & EXEC == 0 or word_before(header, memory, pc) != before:
        return 0  # the host had lost a page
    if load64(header + CURSOR) + LARGEST * (count + 3) > load64(header + CODE_END):
        return 0
    return count


@word_function
def word_before(header, memory, pc):  # type: ignore[no-untyped-def]
    """What is in front of an instruction; 0 if that cannot be fetched."""
    size = load64(header + BYTES)
    if pc & PAGE_MASK < size:
        perms = memory + PERMS_FROM_BASE + pc // (PAGE_MASK + 1) - 1
        if pc < size or load8(perms) & EXEC == 0:
            return 0
    return load64(memory + pc - size) & load64(header + MASK)


@word_function
def position_of(header, pc, mode):  # type: ignore[no-untyped-def]
    """The position of a key, or -1 if it has none."""
    if mode & ~(CONDITION_PASSED | load64(header + STATE)):
        return -1
    bit = load64(header + STATE_BIT) if mode & load64(header + STATE) else 0
    return pc | bit | (mode & CONDITION_PASSED) << PASSED_BIT


@word_function
def add_slot(state, position):  # type: ignore[no-untyped-def]
    """Make the slot of a direct exit of a copied block. Returns its number."""
    slot = take_number(state, FREE_SLOTS)
    store64(load64(state + SLOT_POSITION) + 8 * slot, position)
    store32(load64(state + SLOT_TARGET) + 4 * slot, 0)
    store64(load64(state + LINK_CODE) + 8 * slot, lookup_of(state, slot))
    return slot


@word_function
def target_of(header, row, program):  # type: ignore[no-untyped-def]
    """The pc of a direct target of the instruction in a row. ``program``: where the word is that
    has the place of its program."""
    return value_of(header, load64(program), load64(row), load64(row + AT), load64(row + FRONT))


@word_function
def add_slots(state, header, shape, row):  # type: ignore[no-untyped-def]
    """Make the slots of a block that ends with the instruction in a row, which has a shape. Returns
    their numbers, the second from bit 32 on, or -1 if one leads where only Python does."""
    ending = load64(shape + EXIT)
    if ending == CONTINUES:
        end, mode = load64(row + AT) + load64(shape + SIZE), mode_behind(header, shape, row)
        position = position_of(header, end & LOCATION, mode)
        return position if position < 0 else add_slot(state, position)
    if ending not in (GOES, BRANCHES):
        return 0
    first = position_of(header, target_of(header, row, shape + TO0), load64(shape + MODE0))
    if first < 0 or ending == GOES:
        return first if first < 0 else add_slot(state, first)
    second = position_of(header, target_of(header, row, shape + TO1), load64(shape + MODE1))
    if second < 0:
        return second
    first = add_slot(state, first)
    return first | add_slot(state, second) << 32


@word_function
def is_boundary(state, pc):  # type: ignore[no-untyped-def]
    """Whether there is a boundary at a pc, of which bits above the 32nd are ignored."""
    return load8(load64(state + BOUNDARIES) + (pc & LOCATION)) != 0


@word_function
def leads_to_boundary(state, header, shape, row):  # type: ignore[no-untyped-def]
    """Whether a direct exit leads to a boundary, of a block as for ``add_slots``."""
    ending = load64(shape + EXIT)
    if ending == CONTINUES:
        return is_boundary(state, load64(row + AT) + load64(shape + SIZE))
    if ending not in (GOES, BRANCHES):
        return False
    if is_boundary(state, target_of(header, row, shape + TO0)):
        return True
    if ending == GOES:
        return False
    return is_boundary(state, target_of(header, row, shape + TO1))


@word_function
def lead_out(state, slot, out):  # type: ignore[no-untyped-def]
    """Set the code that a copied block's slot leads to while it is not linked."""
    store64(load64(state + COPY_OUT) + 8 * slot, out)
    store64(load64(state + COPY_LINKS) + 8 * slot, out)


@word_function
def enter(state, block, position, key, extent, slots, start, room, marks):  # type: ignore[no-untyped-def]
    """Enter a block in the tables. Other threads see it from B_KEY on, the loop from the last store
    on."""
    row, pc = load64(state + BLOCKS) + BLOCK * block, key & LOCATION
    store64(row + B_EXTENT, extent)
    store64(row + B_SLOTS, slots)
    store64(row + B_START, start)
    store64(row + B_END, start + room)
    store64(row + B_MARKS, marks)
    unit = (start - load64(state + COPY_FIRST)) // UNIT
    store32(load64(state + COPY_OWNER) + 4 * unit, block)
    store8(load64(state + DENIED) + block, 0)
    store8(load64(state + PROBED) + block, 0)
    store32(load64(state + HOT) + 4 * block, load64(state + FIRST_HOT))
    store64(load64(state + COPY) + 8 * block, start)
    store64(load64(state + OPEN) + 8 * block, start)
    store64(row + B_KEY, USED | key)
    first = load64(state + PAGE_BLOCK) + 4 * (pc // (PAGE_MASK + 1))
    after = load32(first)
    store32(row + B_NEXT, after)
    store32(row + B_BEFORE, 0)
    if after:
        store32(load64(state + BLOCKS) + BLOCK * after + B_BEFORE, block)
    store32(first, block)
    index = index_of(position)
    if position <= LOCATION:
        store64(load64(state + COPY_ENTRY) + 8 * index, start)
    store32(load64(state + BLOCK_AT) + 4 * index, block)
    store64(state + BLOCKS_NOW, load64(state + BLOCKS_NOW) + 1)
    store64(state + MADE, load64(state + MADE) + 1)


@word_function
def make(state, position):  # type: ignore[no-untyped-def]
    """Make the block at a position and enter it. Returns its id, or 0 if Python has to."""
    header = load64(state + HEADER)
    if header == 0:
        return 0
    take_lock(state)
    block = make_locked(state, header, position)
    release_lock(state)
    return block


@word_function
def make_locked(state, header, position):  # type: ignore[no-untyped-def]
    """See ``make``."""
    if load64(state + HEADER) == 0:
        return 0
    pc, mode = position & LOCATION, position >> PASSED_BIT
    if pc & load64(header + STATE_BIT):
        pc, mode = pc ^ load64(header + STATE_BIT), mode | load64(header + STATE)
    count = look(state, header, pc, mode)
    if count == 0 or not has_numbers(state, FREE_BLOCKS, 1):
        return 0
    if not has_numbers(state, FREE_SLOTS, 2):
        return 0
    last = load64(header + WORDS) + ROW * (count - 1)
    shape = load64(header + SHAPES) + SHAPE * load64(last + ITS_SHAPE)
    ending = load64(shape + EXIT)
    end = load64(last + AT) + load64(shape + SIZE)
    alone = count == 1 and ending != CONTINUES
    if alone and pc & PAGE_MASK < load64(header + BYTES):
        return 0  # it depends on two pages
    if load64(header + PASSES) & SELECTIVE and is_boundary(state, end):
        return 0
    redirecting = load64(header + PASSES) & REDIRECTING
    if redirecting and leads_to_boundary(state, header, shape, last):
        return 0
    slots = add_slots(state, header, shape, last)
    if slots < 0:
        return 0
    counted = count - 1 if mode & CONDITION_PASSED or ending == HALTS else count
    block = take_number(state, FREE_BLOCKS)
    start = place_block(header, count, counted, block, slots)
    if slots:
        lead_out(state, slots & LOCATION, load64(header + OUT0))
    if slots >> 32:
        lead_out(state, slots >> 32, load64(header + OUT1))
    extent = (end - pc) | count << 40 | counted << 48
    if alone:
        extent |= load64(header + BYTES) << 32
    marks = marks_of(header, count, pc)
    perms = load64(state + MEM_BASE) + PERMS_FROM_BASE + pc // (PAGE_MASK + 1)
    store8(perms, load8(perms) | CODE)
    key = pc | mode << PASSED_BIT
    enter(state, block, position, key, extent, slots, start, load64(header + ROOM), marks)
    store64(state + MADE_INSNS, load64(state + MADE_INSNS) + counted)
    return block


def maker_object() -> bytes:
    """Compile ``i64 maker(i64 state, i64 position)``, which is ``make``, to object code. The loop
    calls it by its address: LLVM would otherwise optimise it together with the loop."""
    return object_of(make, "maker")

"""Code by which direct exits go on that are not linked: a *look-up* for each link slot.

Each look-up has a jump of its own, which the host predicts by itself: one jump that all exits share
is predicted badly, and a dispatcher for all kinds of exits takes four times the instructions.

A look-up finds the block at the target's position, and its code in OPEN_UNITS or OPEN_COPIES. If it
is there, the exit is counted and goes on in it: direct edges may not chain, and nothing else is to
be asked. If not, the exit goes on at the dispatcher (UNLINKED, UNLINKED_COPY), with EXIT_CODE.

There are two halves of a look-up, for units and for copied code. They use rax and r9, which hold no
parameter of the signature that both have.
"""

from backends.numba_jit import abi, tables
from backends.numba_jit.host_memory import load8, load64, store32
from backends.numba_jit.word_functions import word_function
from dbt.interfaces import Reason

LOOKUPS, LOOKUP, LOOKUP_COPY = tables.LOOKUPS, tables.LOOKUP, tables.LOOKUP_COPY
BLOCK_AT, BLOCK_AT_PASSED, NOTHING = tables.BLOCK_AT, tables.BLOCK_AT_PASSED, tables.NOTHING
OPEN_UNITS = tables.OPEN_UNITS + tables.WAY_LINK
OPEN_COPIES = tables.OPEN_COPIES + tables.WAY_LINK
UNLINKED, UNLINKED_COPY, SLOT_POSITION = abi.UNLINKED, tables.UNLINKED_COPY, tables.SLOT_POSITION
COUNTER = tables.REASONS + 8 * tables.REASON_INDEX[Reason.UNLINKED]
PASSED, LOCATION = abi.PASSED, 0xFFFFFFFF
X_LINK, KIND_BITS = abi.X_LINK, abi.KIND_BITS
index_of = word_function(abi.position_index)

LOAD_RAX = 0x878B48  # mov rax, [rdi + disp32]
SET_R9D = 0xB941  # mov r9d, imm32
LOAD_BLOCK = 0x88048B42  # mov eax, [rax + 4 * r9]
LOAD_R9 = 0x8F8B4C  # mov r9, [rdi + disp32]
LOAD_CODE = 0xC1048B49  # mov rax, [r9 + 8 * rax]
TEST_RAX = 0xC08548  # test rax, rax
SKIP_9 = 0x0974  # jz over the next two
COUNT = 0x87FF48  # inc qword [rdi + disp32]
JUMP_RAX = 0xE0FF  # jmp rax
SET_EXIT = 0x4047C748  # mov qword [rdi + EXIT_CODE], imm32
JUMP_TO = 0xA7FF  # jmp [rdi + disp32]
assert abi.EXIT_CODE == SET_EXIT >> 24
assert X_LINK | (tables.MAX_SLOTS - 1) << KIND_BITS < 1 << 31


@word_function
def put_half(at, slot, table, index, open_table, out):  # type: ignore[no-untyped-def]
    """Write the code of one tier to ``at``. The others are offsets of control words."""
    store32(at, LOAD_RAX)
    store32(at + 3, table)
    store32(at + 7, SET_R9D)
    store32(at + 9, index)
    store32(at + 13, LOAD_BLOCK)
    store32(at + 17, LOAD_R9)
    store32(at + 20, open_table)
    store32(at + 24, LOAD_CODE)
    store32(at + 28, TEST_RAX)
    store32(at + 31, SKIP_9)
    store32(at + 33, COUNT)
    store32(at + 36, COUNTER)
    store32(at + 40, JUMP_RAX)
    store32(at + 42, SET_EXIT)
    store32(at + 46, X_LINK | slot << KIND_BITS)
    store32(at + 50, JUMP_TO)
    store32(at + 52, out)


@word_function
def lookup_of(state, slot):  # type: ignore[no-untyped-def]
    """The address of a slot's look-up, also if it is not written."""
    return load64(state + LOOKUPS) + LOOKUP * slot


@word_function
def is_written(state, slot):  # type: ignore[no-untyped-def]
    """Whether a slot's look-up is written."""
    return load8(lookup_of(state, slot)) != 0


@word_function
def write_lookup(state, slot):  # type: ignore[no-untyped-def]
    """Write the look-up of a slot. None without a position is looked up here."""
    at = lookup_of(state, slot)
    position = load64(load64(state + SLOT_POSITION) + 8 * slot)
    if position < 0:
        put_half(at, slot, BLOCK_AT, 0, NOTHING, UNLINKED)
        put_half(at + LOOKUP_COPY, slot, BLOCK_AT, 0, NOTHING, UNLINKED_COPY)
        return
    table = BLOCK_AT_PASSED if position & PASSED else BLOCK_AT
    index = index_of(position & LOCATION)
    put_half(at, slot, table, index, OPEN_UNITS, UNLINKED)
    put_half(at + LOOKUP_COPY, slot, table, index, OPEN_COPIES, UNLINKED_COPY)

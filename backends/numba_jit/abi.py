"""The interface between the execution loop, copied code and compiled units.

A *block id* is an index into the tables. A block gets one, never 0, when it is installed. A *link
slot* belongs to one direct exit of one block. A *record* describes another way out of a block (a
fault, a trap, a system call …), and running code returns its index.

Leaving
-------
Copied code and compiled units are entered by ``enter(code_pointer, state_address) -> i64``, each
by its own, which returns ``kind | payload << KIND_BITS``:

    X_LINK    payload link slot       direct exit that is not linked (or leads to no code)
    X_RETURN  payload location        return whose target has no entry in the return table
    X_JUMP    payload location        the same for other computed targets
    X_RECORD  payload record index    everything else, see ``Record``
    X_FUEL    payload block id        the block was not entered: less fuel than instructions

Before a unit returns, all guest state is in the state buffer and FUEL is exact: a block takes its
``insn_count`` when entered, a fault or trap gives back what did not complete.

Entry tables
------------
``entry_index(location)`` indexes two u64 tables of code pointers, reserved lazily for all 2**32
locations. Zero means that the unit returns. RETURN_TABLE and JUMP_TABLE point to the real table
when the policy lets that kind chain, else to one that is always zero. Translated code is the same
either way.
"""

from dbt.interfaces import BACKEND_ROOM, PERMS_DISTANCE

# -- Control area: offsets in the state buffer, all u64 ----------------------------------------
MEM_BASE = 0  # host address of guest address 0
LINK_CODE = 8  # address of LINKS
RETURN_TABLE = 16
JUMP_TABLE = 24
STACKS = 32
FUNCTIONS = 40  # u64[]: addresses of the functions that `invoke` calls
FUEL = 48  # i64
FAULT_ADDRESS = 56  # the guest address of a refused access (first byte of the access)
EXIT_CODE = 64  # why the unit is left, written before it is
UNLINKED = 72  # code pointer with a unit's signature: the dispatcher of direct exits
FIRST_FREE = 128  # up to CONTROL_BYTES: for the units and the tables

LINKS = BACKEND_ROOM
"""u64[] by link slot, at that offset in the state buffer: a unit, or the code by which an exit goes
on that is not linked. Units jump through it in one instruction."""

PERMS_FROM_BASE = -PERMS_DISTANCE  # perms of a page are at mem_base + PERMS_FROM_BASE + page

# -- Exit kinds --------------------------------------------------------------------------------
X_LINK, X_RETURN, X_JUMP, X_RECORD, X_FUEL = range(5)
KIND_BITS = 8
KIND_MASK = (1 << KIND_BITS) - 1


def entry_index(location: int) -> int:
    """Index into the entry tables: ``location`` rotated right by one (bit 0 becomes bit 31)."""
    return (location >> 1) | (location & 1) << 31


PASSED = 1 << 32
"""The bit of a *position* beside a location: the key is that of the location, with the condition of
its first instruction tested (CONDITION_PASSED). Other keys without a location have no position."""


def position_index(position: int) -> int:
    """Index into the table of blocks."""
    location = position & 0xFFFFFFFF
    return (location >> 1) | (location & 1) << 31 | position & PASSED


RUN, LINK, UNLINK_INTO, LEAD_INTO, UNLINK, WRITE_LOOKUP = range(6)
"""What the loop is called for: to run from a block on, to link a slot to a block, to unlink all
that leads into a block, to lead it into the code that the block has now, to unlink a range of
slots, to write the code by which a slot goes on that is not linked."""

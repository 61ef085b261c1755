"""The tables that the loop, copied code and compiled units share, in lazily committed memory.

All are reserved at their largest size and committed by the host page by page, so that they never
move. Their addresses are in the control area of the state.
"""

import ctypes
import struct

from backends.numba_jit import abi
from dbt.interfaces import BACKEND_BYTES, CONTROL_BYTES, COUNTERS_AT, Context, Reason
from dbt.ir.block import BlockKey
from dbt.permissions import PAGES
from dbt.reservation import Reservation
from dbt.typing import Any

# Further words of the control area, behind those of ``abi`` and of the units.
_OURS = abi.FIRST_FREE + 64
HOT = _OURS  # u32[] by block id: executions left until it is hot
PENDING = _OURS + 8  # u32[]: ids of hot blocks
PENDING_COUNT = _OURS + 16
UNIT = _OURS + 24  # u64[] by block id: code pointer or 0
DENIED = _OURS + 32  # u8[] by block id: 0, or bits REFUSED and WATCHED
BLOCK_AT = _OURS + 40  # u32[] by position index: block id or 0
SLOT_POSITION = _OURS + 48  # i64[] by link slot: the target's position, or -1
SLOT_TARGET = _OURS + 56  # u32[] by link slot: block id where there is no position
AGAIN = _OURS + 64  # what a hot block's counter is set to
NOTHING = _OURS + 72  # address of a table of zeros
ENTER = _OURS + 80  # address of the function that enters units
DIRECT_ON = _OURS + 88
JUMP_ON = _OURS + 96
RETURN_ON = _OURS + 104
LINKS_MADE = _OURS + 112
PROBED = _OURS + 120  # u8[] by block id: 1 when the block has to return as soon as it begins
PASS = _OURS + 128  # id of a block with a probe that may begin once all the same
COPY = _OURS + 136  # u64[] by block id: host address of its copied code, or 0
COPY_LINKS = _OURS + 144  # u64[] by link slot: where copied code goes on that leaves by it
COPY_OUT = _OURS + 152  # u64[] by link slot: the same while it is not linked; 0: no copied code
COPY_RETURNS = _OURS + 160  # u64[] by entry index: copied code where returns may go on, or 0
COPY_JUMPS = _OURS + 168  # the same for computed jumps
COPY_ENTER = _OURS + 176  # address of the function that enters copied code
LOCK = _OURS + 184  # 1 while a thread changes links or makes a block
SLOT_BLOCK = _OURS + 192  # u32[] by link slot: id of the block that it is linked to, or 0
SLOT_NEXT = _OURS + 200  # u32[] by link slot: the next one that is linked to the same block
SLOT_BEFORE = _OURS + 208  # the same, the one before
LINKED_IN = _OURS + 216  # u32[] by block id: the first link slot that is linked to it, or 0
LINKS_NOW = _OURS + 224  # number of link slots that are linked
BLOCKS = _OURS + 232  # rows of BLOCK bytes by block id
PAGE_BLOCK = _OURS + 240  # u32[] by page: id of the first block that begins on it, or 0
BLOCKS_NOW = _OURS + 248  # number of blocks
FREE_BLOCKS = _OURS + 256  # four words of a pool: see ``pool``
FREE_SLOTS = _OURS + 288  # the same for link slots
BOUNDARIES = _OURS + 320  # u8[] by pc: 1 where blocks have to begin
HEADER = _OURS + 328  # address of the header of ``stencils.abi``; 0: the loop makes no blocks
MADE = _OURS + 336  # number of blocks that the loop has made
MADE_INSNS = _OURS + 344  # number of instructions in them
COPY_ENTRY = _OURS + 352  # the table that COPY_RETURNS and COPY_JUMPS point to where they may
FIRST_HOT = _OURS + 360  # what a new block's counter in HOT is set to
COPY_LEAVE = _OURS + 368  # code pointer by which copied code returns to the loop
TRAP_REASON = _OURS + 376  # number of the reason of the trap by which copied code was left last
COPY_FIRST = _OURS + 384  # host address of the first block of copied code
COPY_OWNER = _OURS + 392  # u32[] by UNIT from there on: id of the block that begins there, or 0
MAKER = _OURS + 400  # address of the function that makes blocks (``making``)
STOPPED = _OURS + 408  # 1 when an edge within a region was unlinked: none may be entered
SLOT_INNER = _OURS + 416  # u8[] by link slot: 0, INNER or UNDONE
OPEN_UNITS = _OURS + 432  # three words, see WAY_LINK
OPEN_COPIES = _OURS + 456  # the same of copied code
BLOCK_AT_PASSED = _OURS + 480  # address of the half of BLOCK_AT for positions with PASSED
LOOKUPS = _OURS + 488  # address of LOOKUP bytes of code by link slot (``lookups``)
UNLINKED_COPY = _OURS + 496  # code pointer: as ``abi.UNLINKED``, of copied code
OPEN_COPY_TABLE = _OURS + 504  # address of the table of copied code, see WAY_LINK
REASONS = _OURS + 512  # i64[] by REASON_INDEX: in the control area itself
FLOATS = _OURS + 640  # u64[] by index in ``float_text.FUNCTIONS``: addresses; 0: not there yet

BLOCK = 56
B_KEY, B_EXTENT, B_SLOTS, B_NEXT, B_BEFORE, B_START, B_END, B_MARKS = (
    0, 8, 16, 24, 28, 32, 40, 48,
)  # fmt: skip
"""A row of BLOCKS, byte offsets. B_KEY: USED, the mode from bit 32 on, and the pc. B_EXTENT: size
in bytes, from bit 32 on a byte each: bytes in front that it depends on, instructions, those of them
that it counts. B_SLOTS: its link slots, the second from bit 32 on. B_NEXT and B_BEFORE (u32): its
neighbours in the list of its page. B_START and B_END: its copied code, or 0. B_MARKS: of a copied
block, a bit for each place where an instruction may begin, set where one does."""
USED = 1 << 62


def key_word(key: BlockKey) -> int:
    """What a block's row has in B_KEY."""
    return USED | key.mode << 32 | key.pc


REASON_INDEX = {reason: index for index, reason in enumerate(Reason)}

WAY_LINK, WAY_RETURN, WAY_JUMP = 0, 8, 16
"""Offsets of the words of OPEN_UNITS and OPEN_COPIES. Where that kind of exit may not chain, each
is the address of a table: u64[] by block id, where the dispatcher enters the block, or 0 if it has
to be asked. Where it may chain, the address of a table of zeros."""
LOOKUP, LOOKUP_COPY = 128, 64
"""Bytes of LOOKUPS by link slot, and the offset of copied code's half."""

# Exit kinds beyond those of the ABI.
(
    X_UNIT, X_NO_CODE, X_PROMOTE, X_MISSING, X_MISSING_AT, X_WATCH, X_SIDE, X_HOT, X_REFUSED,
    X_SHORT,
) = range(5, 15)  # fmt: skip
"""X_SHORT: as X_FUEL, of a copied block. It has taken its instructions from FUEL all the same."""

# Bits of DENIED: REFUSED, nothing may chain into the block; WATCHED, its entry returns to Python.
REFUSED, WATCHED = 1, 2

INNER, UNDONE = 1, 2
"""In SLOT_INNER: the edge is taken within a region, for it was linked; it was unlinked since."""

PENDING_LIMIT = 16
MOST_HOT = 0xFFFFFFFF
"""Largest start value of a counter in HOT. To execute a block as often takes minutes."""
MAX_BLOCKS = 1 << 22
MAX_SLOTS = 1 << 23
HOT_COUNTS = abi.LINKS + 8 * MAX_SLOTS
"""Where the state buffer has the table HOT: copied code finds a counter by the address of the state
alone."""
MAX_COPY_UNITS = 12 << 20
"""Units of memory for copied code (``stencils.abi.UNIT``)."""
LOCATIONS = 1 << 32
ROOM = 140 << 30
"""Bytes of address space that all tables take, and compilers need: without any left, LLVM ends the
process."""


class Table:
    """An array of unsigned integers (``format`` of struct) in lazily committed memory, which may be
    ``code``."""

    def __init__(self, entries: int, format_: str, *, code: bool = False) -> None:
        size = entries * struct.calcsize(format_)
        self._reservation = Reservation(size, "tables", executable=code)
        self.address = self._reservation.address
        whole: Any = self._reservation.view
        self.view: Any = whole.cast(format_)

    def clear(self) -> None:
        """Set all entries to 0."""
        self._reservation.clear()

    def close(self) -> None:
        """Release the memory."""
        self.view.release()
        self._reservation.close()


class StateTable:
    """An array of unsigned integers in the backend's room of the state buffer."""

    def __init__(self, address: int, entries: int, format_: str) -> None:
        size = entries * struct.calcsize(format_)
        assert size <= BACKEND_BYTES
        self.address = address
        whole: Any = memoryview((ctypes.c_ubyte * size).from_address(address))
        self.view: Any = whole.cast("B").cast(format_)


class Tables:
    """All tables of one executor, and the control area that points to them."""

    def __init__(self, context: Context) -> None:
        self._all: list[Table] = []
        self.unit = self._new(MAX_BLOCKS, "Q")
        self.denied = self._new(MAX_BLOCKS, "B")
        self.probed = self._new(MAX_BLOCKS, "B")
        self.hot = StateTable(context.state.address + HOT_COUNTS, MAX_BLOCKS, "I")
        self.pending = self._new(MAX_BLOCKS, "I")
        self.block_at = self._new(2 * LOCATIONS, "I")
        self.entry = self._new(LOCATIONS, "Q")
        self.copy = self._new(MAX_BLOCKS, "Q")
        self.copy_out = self._new(MAX_SLOTS, "Q")
        self.copy_entry = self._new(LOCATIONS, "Q")
        self.nothing = self._new(LOCATIONS, "Q")
        self.link_code = StateTable(context.state.address + abi.LINKS, MAX_SLOTS, "Q")
        self.open_units = self._new(MAX_BLOCKS, "Q")
        self.open_copies = self._new(MAX_BLOCKS, "Q")
        self.lookups = self._new(MAX_SLOTS * LOOKUP, "B", code=True)
        self.slot_position = self._new(MAX_SLOTS, "q")
        self.slot_target = self._new(MAX_SLOTS, "I")
        self.slot_block = self._new(MAX_SLOTS, "I")
        self.slot_next = self._new(MAX_SLOTS, "I")
        self.slot_before = self._new(MAX_SLOTS, "I")
        self.slot_inner = self._new(MAX_SLOTS, "B")
        self.linked_in = self._new(MAX_BLOCKS, "I")
        self.blocks = self._new(MAX_BLOCKS * BLOCK // 8, "Q")
        self.page_block = self._new(PAGES, "I")
        self.free_blocks = self._new(MAX_BLOCKS, "I")
        self.free_slots = self._new(MAX_SLOTS, "I")
        self.boundaries = self._new(1 << 32, "B")
        self.copy_owner = self._new(MAX_COPY_UNITS, "I")
        address = context.state.address
        raw = (ctypes.c_ubyte * CONTROL_BYTES).from_address(address)
        self.control: Any = memoryview(raw).cast("B").cast("q")
        first = REASONS // 8
        self.reasons: Any = self.control[first : first + len(REASON_INDEX)]
        self._point(context)

    def _new(self, entries: int, format_: str, *, code: bool = False) -> Table:
        table = Table(entries, format_, code=code)
        self._all.append(table)
        return table

    def _point(self, context: Context) -> None:
        assert context.counters.address == context.state.address + COUNTERS_AT
        for offset, address in {
            abi.MEM_BASE: context.memory.base,
            abi.LINK_CODE: self.link_code.address,
            abi.STACKS: context.stacks.address,
            abi.FUNCTIONS: context.functions.address,
            HOT: self.hot.address,
            PENDING: self.pending.address,
            UNIT: self.unit.address,
            COPY: self.copy.address,
            COPY_OUT: self.copy_out.address,
            DENIED: self.denied.address,
            PROBED: self.probed.address,
            BLOCK_AT: self.block_at.address,
            SLOT_POSITION: self.slot_position.address,
            SLOT_TARGET: self.slot_target.address,
            SLOT_BLOCK: self.slot_block.address,
            SLOT_NEXT: self.slot_next.address,
            SLOT_BEFORE: self.slot_before.address,
            SLOT_INNER: self.slot_inner.address,
            LINKED_IN: self.linked_in.address,
            BLOCKS: self.blocks.address,
            PAGE_BLOCK: self.page_block.address,
            FREE_BLOCKS: self.free_blocks.address,
            FREE_SLOTS: self.free_slots.address,
            BOUNDARIES: self.boundaries.address,
            COPY_ENTRY: self.copy_entry.address,
            COPY_OWNER: self.copy_owner.address,
            NOTHING: self.nothing.address,
            BLOCK_AT_PASSED: self.block_at.address + 4 * LOCATIONS,
            LOOKUPS: self.lookups.address,
            OPEN_COPY_TABLE: self.open_copies.address,
        }.items():
            self.control[offset // 8] = address
        self.chain(direct=True, returns=True, jumps=True)

    def add(self, entries: int, format_: str, pointer: int) -> Table:
        """Add a table of one tier. ``pointer`` is the control word for its address."""
        table = self._new(entries, format_)
        self.control[pointer // 8] = table.address
        return table

    def chain(self, *, direct: bool, returns: bool, jumps: bool) -> None:
        """Allow or forbid chaining for each kind of edge."""
        control, nothing = self.control, self.nothing.address
        control[abi.RETURN_TABLE // 8] = self.entry.address if returns else nothing
        control[abi.JUMP_TABLE // 8] = self.entry.address if jumps else nothing
        control[COPY_RETURNS // 8] = self.copy_entry.address if returns else nothing
        control[COPY_JUMPS // 8] = self.copy_entry.address if jumps else nothing
        may_chain = {WAY_LINK: direct, WAY_RETURN: returns, WAY_JUMP: jumps}
        for words, table in ((OPEN_UNITS, self.open_units), (OPEN_COPIES, self.open_copies)):
            for way, chains in may_chain.items():
                control[(words + way) // 8] = nothing if chains else table.address
        control[DIRECT_ON // 8] = direct
        control[RETURN_ON // 8] = returns
        control[JUMP_ON // 8] = jumps

    def forget_blocks(self) -> None:
        """Clear what is kept by block, by link slot, by location and by page."""
        for table in (
            self.unit, self.copy, self.denied, self.probed, self.linked_in,
            self.blocks, self.page_block, self.block_at, self.entry, self.copy_entry,
            self.copy_out, self.copy_owner, self.slot_position, self.slot_target,
            self.slot_block, self.open_units, self.open_copies, self.lookups,
            self.slot_next, self.slot_before, self.slot_inner,
        ):  # fmt: skip
            table.clear()
        self.control[BLOCKS_NOW // 8] = self.control[LINKS_NOW // 8] = 0

    def units_begin(self, enter: int, unlinked: int) -> None:
        """Set the function that enters units, and where units go on whose direct exit leads to no
        open block. Called before the first unit runs."""
        self.control[ENTER // 8] = enter
        self.control[abi.UNLINKED // 8] = unlinked

    def close(self) -> None:
        """Release all tables."""
        self.reasons.release()
        self.link_code.view.release()
        self.hot.view.release()
        self.control.release()
        for table in self._all:
            table.close()

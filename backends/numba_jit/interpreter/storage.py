"""Where bytecode is stored: the words of all blocks, and the site of each link slot.

The *site* of a link slot is a u32 in the bytecode of the block that the slot belongs to. It holds
the index of the first word of the block that it leads to, or 0 while the slot is not linked.
"""

from backends.numba_jit import tables

CODE0 = tables.FIRST_TIER  # u64[]: the words. No block uses the first one.
SLOT_SITE = tables.FIRST_TIER + 8  # u64[] by link slot: address of its site

MAX_WORDS = 1 << 27

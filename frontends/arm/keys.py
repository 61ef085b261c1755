"""Names of A32 and Thumb code: mode bits, keys and locations; and how words are told apart first.

It is apart from lifting, which few runs need: most of what they translate is copied.
"""

from dbt.ir.block import FRONTEND_MODE_SHIFT, BlockKey

FRONTEND_MODE = -1 << FRONTEND_MODE_SHIFT
THUMB = 1 << FRONTEND_MODE_SHIFT
"""Mode bit of Thumb state; bit 0 of a location."""
BIG = 2 << FRONTEND_MODE_SHIFT
"""Mode bit of big-endian data (CPSR.E). The state has it in the slot ``ef``, and locations do not
have it: ``ArmFrontend.in_state`` adds it to keys that were made from locations."""

LEAVE = 4 << FRONTEND_MODE_SHIFT
"""Mode bit of a block that only halts with ``jump`` (see ``Lifter.leave``)."""

WORD_INDEX = 0x0FF00000
"""The bits of an A32 word that distinguish most rows of the encoding table."""


def key_of(location: int) -> BlockKey:
    """The key at a location: bit 0 is Thumb; in ARM state the low two bits are dropped."""
    if location & 1:
        return BlockKey(location & 0xFFFFFFFE, THUMB)
    return BlockKey(location & 0xFFFFFFFC)


def location_of(key: BlockKey) -> int:
    """The location of a key, with the Thumb bit."""
    return key.pc | bool(key.mode & THUMB)

"""Names of A32 and Thumb code: mode bits, keys and locations; and how words are told apart first.

It is apart from lifting, which few runs need: most of what they translate is copied.
"""

from dbt.ir.block import FRONTEND_MODE_SHIFT, BlockKey
from dbt.typing import Any

FRONTEND_MODE = -1 << FRONTEND_MODE_SHIFT
THUMB = 1 << FRONTEND_MODE_SHIFT
"""Mode bit of Thumb state; bit 0 of a location."""
BIG = 2 << FRONTEND_MODE_SHIFT
"""Mode bit of big-endian data (CPSR.E). The state has it in the slot ``ef``, and locations do not
have it: ``ArmFrontend.in_state`` adds it to keys that were made from locations."""

LEAVE = 4 << FRONTEND_MODE_SHIFT
"""Mode bit of a block that only halts with ``jump`` (see ``Lifter.leave``)."""

IT_SHIFT = FRONTEND_MODE_SHIFT + 3
IT = 0xFF << IT_SHIFT
"""Mode bits of a block that begins in an IT block: ITSTATE (ARM ARM A2.5.2), as in the slot ``it``.
Locations do not have it either."""

VECTORS = 1 << (IT_SHIFT + 8)
"""Mode bit of code that runs while the FPSCR asks for short vectors: most VFP instructions are
UNDEFINED. Locations do not have it either."""

VECTOR_BITS = 0x00370000
"""The bits of the FPSCR that ask for them: LEN and STRIDE."""

HELD = BIG | VECTORS
"""Mode bits that stay at a jump, and that locations do not have."""

WORD_INDEX = 0x0FF00000
"""The bits of an A32 word that distinguish most rows of the encoding table."""
T32_INDEX = 0xF800
"""The same of Thumb code, whose first halfword is the low half of a word: no bits of an operand."""
T32_WIDE_FROM, T32_WIDE_INDEX = 0xE800, 0xFFC0
"""The same of instructions of 32 bits, and the bits of ``T32_INDEX`` of the first of them."""


def is_wide(word: int) -> bool:
    """True when the low half of a word is the first half of a 32-bit instruction of Thumb code
    (A6.1)."""
    return word & 0xE000 == 0xE000 and word & 0x1800 != 0


def is_simd(word: Any, thumb: bool) -> bool:
    """True when a word is in the spaces of Advanced SIMD: data processing, or loads and stores of
    elements and structures (A5.7, A6.3). Of a Number, first what tells words apart is asked."""
    if thumb:
        return bool(word >> 8 & 0xEF == 0xEF or word >> 4 & 0xFF1 == 0xF90)
    if word >> 25 & 7 == 1 or (word >> 24 & 15 == 4 and word >> 20 & 1 == 0):
        return bool(word >> 28 == 15)
    return False


def is_of_microcontrollers(word: int) -> bool:
    """True for MRS and MSR of the M profile's special registers, as in the manual: first half high
    (ARMv7-M ARM, B5.2). The A profile has zeros there, or a banked register with bit 5."""
    special = word & 0xDF and not word & 0x20
    return bool(special) and word >> 20 in (0xF38, 0xF3E) and word & 0xF000 == 0x8000


def advanced(it: int) -> int:
    """ITSTATE after an instruction: ITAdvance (A2.5.2)."""
    return it & 0xE0 | it << 1 & 0x1F if it & 7 else 0


def key_of(location: int) -> BlockKey:
    """The key at a location: bit 0 is Thumb; in ARM state the low two bits are dropped."""
    if location & 1:
        return BlockKey(location & 0xFFFFFFFE, THUMB)
    return BlockKey(location & 0xFFFFFFFC)


def location_of(key: BlockKey) -> int:
    """The location of a key, with the Thumb bit."""
    return key.pc | bool(key.mode & THUMB)
